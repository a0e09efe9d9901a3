// Gradient rules of two-dimensional convolutions, Y = X * W + b. Pure.
//
// The gradient of X is a convolution with the turned kernel. The gradient of W is a matrix product for every
// position of the kernel: of dY with the view of X that this position sees. A convolution with dY as an
// image-sized kernel would be the same numbers, far slower.
import { intAttribute } from '../../onnx/attributes.ts';
import { windowOf } from '../../onnx/shape-context.ts';
import type { GradientRule, RuleContext } from '../rule.ts';

/** Sizes of a convolution; X is [B, C, H, W], W [O, C, kh, kw], Y [B, O, h, w]. */
interface Sizes {
  readonly channels: number;
  readonly filters: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
}

function sizesOf(context: RuleContext): Sizes {
  const { emit, node, output } = context;
  const weight = context.sizes(context.input(1));
  if (weight.length !== 4) context.unsupported('only convolutions over two axes are');
  if (intAttribute(node, 'group', 1) !== 1) context.unsupported('groups of channels are not');
  const { strides, pads, dilations } = windowOf(node, weight.slice(2));
  if (dilations.some((dilation) => dilation !== 1)) context.unsupported('a dilated kernel is not');
  const spatial = (value: string) => emit.dims(value).slice(2) as unknown as [number, number];
  return {
    filters: weight[0]!,
    channels: weight[1]!,
    kernel: [weight[2]!, weight[3]!],
    strides: strides as [number, number],
    pads: pads as unknown as Sizes['pads'],
    input: spatial(context.input(0)),
    output: spatial(output),
  };
}

/** Cells at the lower and right edge that no window reaches. */
function unreached({ input, output, kernel, strides, pads }: Sizes): [number, number] {
  return [0, 1].map((axis) => {
    const reach = (output[axis]! - 1) * strides[axis]! + kernel[axis]!;
    return input[axis]! + pads[axis]! + pads[axis + 2]! - reach;
  }) as [number, number];
}

function inputGradient(context: RuleContext, sizes: Sizes): string {
  const { emit, gradient } = context;
  const weight = context.input(1);
  const { kernel, strides, pads } = sizes;
  const [tall, wide] = kernel;
  const back = [tall - 1 - pads[0], wide - 1 - pads[1], tall - 1 - pads[2], wide - 1 - pads[3]];
  const missing = unreached(sizes);
  if (strides[0] !== 1 || strides[1] !== 1 || back.some((size) => size < 0)) {
    return emit.op(
      'ConvTranspose',
      [gradient, weight],
      { strides, pads, output_padding: missing },
      context.label('x'),
    );
  }
  const swapped = emit.transpose(weight, [1, 0, 2, 3], context.label('kernel.T'));
  const turned =
    tall * wide === 1
      ? swapped
      : emit.op(
          'Slice',
          [
            swapped,
            emit.list([-1, -1]),
            emit.list([-tall - 1, -wide - 1]),
            emit.list([2, 3]),
            emit.list([-1, -1]),
          ],
          {},
          context.label('kernel.turned'),
        );
  return emit.op('Conv', [gradient, turned], { pads: back }, context.label('x'));
}

/** [B, C, h, w] as [C, B h w]. */
function byChannel(context: RuleContext, value: string, channels: number, name: string): string {
  const { emit } = context;
  return emit.reshape(emit.transpose(value, [1, 0, 2, 3], `${name}.by_channel`), [channels, -1], name);
}

function weightGradient(context: RuleContext, sizes: Sizes): string {
  const { emit, gradient } = context;
  const { channels, filters, kernel, strides, pads, output } = sizes;
  const [tall, wide] = kernel;
  const rows = byChannel(context, gradient, filters, context.label('y.rows'));
  const padded = pads.some((pad) => pad !== 0)
    ? emit.op(
        'Pad',
        [context.input(0), emit.list([0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]])],
        {},
        context.label('padded'),
      )
    : context.input(0);
  const view = (top: number, left: number) => {
    const ends = [top + (output[0] - 1) * strides[0] + 1, left + (output[1] - 1) * strides[1] + 1];
    const bounds = [emit.list([top, left]), emit.list(ends), emit.list([2, 3]), emit.list(strides)];
    const seen = emit.op('Slice', [padded, ...bounds], {}, context.label(`view${top}${left}`));
    const columns = byChannel(context, seen, channels, context.label(`columns${top}${left}`));
    return emit.op('Gemm', [rows, columns], { transB: 1 }, context.label(`weight${top}${left}`));
  };
  const parts = Array.from({ length: tall * wide }, (_, index) =>
    view(Math.floor(index / wide), index % wide),
  );
  if (parts.length === 1) return emit.reshape(parts[0]!, [filters, channels, 1, 1], context.label('weight'));
  const columns = parts.map((part) => emit.reshape(part, [filters, channels, 1]));
  const joined = emit.op('Concat', columns, { axis: 2 }, context.label('positions'));
  return emit.reshape(joined, [filters, channels, tall, wide], context.label('weight'));
}

export const conv: GradientRule = (context) => {
  const sizes = sizesOf(context);
  return context.each(
    () => inputGradient(context, sizes),
    () => weightGradient(context, sizes),
    () => context.emit.sum(context.gradient, [0, 2, 3], false, context.label('bias')),
  );
};
