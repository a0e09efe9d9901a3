// Gradient rules of two-dimensional convolutions, Y = X * W + b. Pure.
//
// The gradient of X is a convolution with the turned kernel. The gradient of W is a matrix product for every
// position of the kernel: of dY with X as this position sees it. A convolution with dY as an image-sized kernel would
// be the same numbers, far slower.
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

/** [B, C, h, w] as [C, B, h, w]. */
function byChannel(context: RuleContext, value: string, name: string): string {
  return context.emit.transpose(value, [1, 0, 2, 3], `${name}.by_channel`);
}

/**
 * The gradient of a 1x1 kernel: dY X^T. Either a product per image, whose results are added up, or one product of
 * all images, for which both have to be ordered by channel; whichever moves fewer numbers.
 */
function pointwiseGradient(context: RuleContext, { channels, filters, output }: Sizes): string {
  const { emit, gradient } = context;
  const x = context.input(0);
  const cells = output[0] * output[1];
  let product: string;
  if (channels * filters < cells * (channels + filters)) {
    const [rows, columns] = [
      emit.reshape(gradient, [-1, filters, cells]),
      emit.reshape(x, [-1, channels, cells]),
    ];
    const perImage = emit.op(
      'MatMul',
      [rows, emit.transpose(columns, [0, 2, 1])],
      {},
      context.label('images'),
    );
    product = emit.sum(perImage, [0], false, context.label('summed'));
  } else {
    const [rows, columns] = [gradient, x].map((value) => byChannel(context, value, context.label('all')));
    const flat = [emit.reshape(rows!, [filters, -1]), emit.reshape(columns!, [channels, -1])];
    product = emit.op('Gemm', flat, { transB: 1 }, context.label('product'));
  }
  return emit.reshape(product, [filters, channels, 1, 1], context.label('weight'));
}

/** For a position of the kernel, the matrices [O, N] of dY and [C, N] of X whose product is its gradient. */
type Factors = (top: number, left: number) => [string, string];

/** dY, and X as each position of the kernel sees it. Both ordered by channel once, so that no product transposes. */
function views(context: RuleContext, { channels, filters, strides, pads, output }: Sizes): Factors {
  const { emit } = context;
  const rows = emit.reshape(byChannel(context, context.gradient, context.label('y')), [filters, -1]);
  const image = byChannel(context, context.input(0), context.label('x'));
  const around = emit.list([0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]);
  const padded = pads.some((pad) => pad !== 0)
    ? emit.op('Pad', [image, around], {}, context.label('padded'))
    : image;
  return (top, left) => {
    const ends = [top + (output[0] - 1) * strides[0] + 1, left + (output[1] - 1) * strides[1] + 1];
    const bounds = [emit.list([top, left]), emit.list(ends), emit.list([2, 3]), emit.list(strides)];
    const seen = emit.op('Slice', [padded, ...bounds], {}, context.label(`view${top}${left}`));
    return [rows, emit.reshape(seen, [channels, -1])];
  };
}

/**
 * The same for strides of 1, with fewer copies: dY is moved down for every row of the kernel and X sideways for every
 * column, three copies of each for a 3x3 kernel instead of nine of X. N runs over the rows of X and columns of dY.
 */
function shifts(context: RuleContext, { channels, filters, kernel, pads, input, output }: Sizes): Factors {
  const { emit } = context;
  const moved = (value: string, before: number, after: number, name: string) =>
    before === 0 && after === 0
      ? value
      : emit.op('Pad', [value, emit.list([0, 0, before, 0, 0, after])], {}, context.label(name));
  const maps = emit.reshape(byChannel(context, context.gradient, context.label('y')), [
    filters,
    -1,
    output[0] * output[1],
  ]);
  const lines = emit.reshape(byChannel(context, context.input(0), context.label('x')), [
    channels,
    -1,
    input[1],
  ]);
  const [tall, wide] = kernel;
  const down = Array.from({ length: tall }, (_, top) => {
    const [before, after] = [top - pads[0], input[0] - output[0] - (top - pads[0])];
    const value = moved(maps, before * output[1], after * output[1], `down${top}`);
    return emit.reshape(value, [filters, -1]);
  });
  const aside = Array.from({ length: wide }, (_, left) => {
    const before = pads[1] - left;
    return emit.reshape(moved(lines, before, output[1] - input[1] - before, `aside${left}`), [channels, -1]);
  });
  return (top, left) => [down[top]!, aside[left]!];
}

function weightGradient(context: RuleContext, sizes: Sizes): string {
  const { emit } = context;
  const { channels, filters, kernel, strides, pads } = sizes;
  const [tall, wide] = kernel;
  const unit = strides[0] === 1 && strides[1] === 1;
  if (tall * wide === 1 && unit && pads.every((pad) => pad === 0)) return pointwiseGradient(context, sizes);
  const factors = unit ? shifts(context, sizes) : views(context, sizes);
  const parts = Array.from({ length: tall * wide }, (_, index) => {
    const [top, left] = [Math.floor(index / wide), index % wide];
    const part = emit.op('Gemm', factors(top, left), { transB: 1 }, context.label(`weight${top}${left}`));
    return emit.reshape(part, [filters, channels, 1]);
  });
  const joined = emit.op('Concat', parts, { axis: 2 }, context.label('positions'));
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
