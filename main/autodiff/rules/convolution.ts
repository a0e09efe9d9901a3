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
function pointwiseGradient(
  context: RuleContext,
  x: string,
  { channels, filters, output }: Pick<Sizes, 'channels' | 'filters' | 'output'>,
): string {
  const { emit, gradient } = context;
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
  return product;
}

/**
 * Every cell that a kernel of ones and zeros sees, as channels: [B, C, H, W] becomes [B, C kh kw, h, w]. A convolution
 * of each channel for itself does that faster than slices with strides.
 */
function patches(context: RuleContext, { channels, kernel, strides, pads }: Sizes): string {
  const area = kernel[0] * kernel[1];
  const seen = new Float32Array(channels * area * area);
  for (let filter = 0; filter < channels * area; filter++) seen[filter * area + (filter % area)] = 1;
  const one = context.emit.float32(context.label('seen'), seen, [channels * area, 1, ...kernel]);
  const attributes = { group: channels, strides, pads };
  return context.emit.op('Conv', [context.input(0), one], attributes, context.label('patches'));
}

/** For a position of the kernel, the matrices [O, N] of dY and [C, N] of X whose product is its gradient. */
type Factors = (top: number, left: number) => [string, string];

/**
 * For strides of 1: dY is moved down for every row of the kernel and X sideways for every column, three copies of each
 * for a 3x3 kernel instead of nine of X. N runs over the rows of X and columns of dY. Both are ordered by channel once,
 * so that no product transposes.
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
  const { channels, filters, kernel, strides, pads, output } = sizes;
  const [tall, wide] = kernel;
  const shape = [filters, channels, tall, wide];
  const area = tall * wide;
  if (strides[0] !== 1 || strides[1] !== 1) {
    const all = { filters, channels: channels * area, output };
    const product = pointwiseGradient(context, patches(context, sizes), all);
    return emit.reshape(product, shape, context.label('weight'));
  }
  if (area === 1 && pads.every((pad) => pad === 0)) {
    return emit.reshape(pointwiseGradient(context, context.input(0), sizes), shape, context.label('weight'));
  }
  const factors = shifts(context, sizes);
  const parts = Array.from({ length: area }, (_, index) => {
    const [top, left] = [Math.floor(index / wide), index % wide];
    const part = emit.op('Gemm', factors(top, left), { transB: 1 }, context.label(`weight${top}${left}`));
    return emit.reshape(part, [filters, channels, 1]);
  });
  const joined = emit.op('Concat', parts, { axis: 2 }, context.label('positions'));
  return emit.reshape(joined, shape, context.label('weight'));
}

export const conv: GradientRule = (context) => {
  const sizes = sizesOf(context);
  return context.each(
    () => inputGradient(context, sizes),
    () => weightGradient(context, sizes),
    () => context.emit.sum(context.gradient, [0, 2, 3], false, context.label('bias')),
  );
};
