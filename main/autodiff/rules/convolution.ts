// Gradient rules of two-dimensional convolutions, Y = X * W + b. Pure.
//
// The gradient of X is in convolution-input.ts. The gradient of W is a matrix product for every position of the kernel:
// of dY with X as this position sees it. A convolution with dY as an image-sized kernel would be the same numbers, far
// slower, except where every channel stands for itself (grouped-convolution.ts).
import { intAttribute } from '../../onnx/attributes.ts';
import { windowOf } from '../../onnx/shape-context.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import { inputGradient, type ConvolutionSizes } from './convolution-input.ts';
import { groupedWeightGradient } from './grouped-convolution.ts';
import { patches } from './windows.ts';

function sizesOf(context: RuleContext): ConvolutionSizes {
  const { emit, node, output } = context;
  const weight = context.sizes(context.input(1));
  if (weight.length !== 4) context.unsupported('only convolutions over two axes are');
  const groups = intAttribute(node, 'group', 1);
  const { strides, pads, dilations } = windowOf(node, weight.slice(2));
  const spatial = (value: string) => emit.dims(value).slice(2) as unknown as [number, number];
  return {
    groups,
    filters: weight[0]!,
    channels: weight[1]! * groups,
    kernel: [weight[2]!, weight[3]!],
    strides: strides as [number, number],
    pads: pads as unknown as ConvolutionSizes['pads'],
    dilations: dilations as unknown as ConvolutionSizes['dilations'],
    input: spatial(context.input(0)),
    output: spatial(output),
  };
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
  { channels, filters, output }: Pick<ConvolutionSizes, 'channels' | 'filters' | 'output'>,
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

/** For a position of the kernel, the matrices [O, N] of dY and [C, N] of X whose product is its gradient. */
type Factors = (top: number, left: number) => [string, string];

/**
 * For strides of 1: dY is moved down for every row of the kernel and X sideways for every column, three copies of each
 * for a 3x3 kernel instead of nine of X. N runs over the rows of X and columns of dY. Both are ordered by channel once,
 * so that no product transposes.
 */
function shifts(
  context: RuleContext,
  { channels, filters, kernel, pads, input, output }: ConvolutionSizes,
): Factors {
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

function weightGradient(context: RuleContext, sizes: ConvolutionSizes): string {
  const { emit } = context;
  const { groups, channels, filters, kernel, strides, pads, dilations, output } = sizes;
  if (groups !== 1) return groupedWeightGradient(context, sizes);
  const [tall, wide] = kernel;
  const shape = [filters, channels, tall, wide];
  const area = tall * wide;
  if ([...strides, ...dilations].some((size) => size !== 1)) {
    const all = { filters, channels: channels * area, output };
    const product = pointwiseGradient(context, patches(context, context.input(0), sizes), all);
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
