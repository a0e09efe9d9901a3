// The sizes of a two-dimensional convolution and the gradient of its input, for any groups, strides and dilations. Pure.
//
// It is a convolution of the same groups with the turned kernel, or, in strides, a grouped ConvTranspose.
import type { RuleContext } from '../rule.ts';

/** Sizes of a convolution; X is [B, C, H, W], W [O, C/groups, kh, kw], Y [B, O, h, w]. */
export interface ConvolutionSizes {
  readonly groups: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
}

/** Cells at the lower and right edge that no window reaches. */
export function unreached(
  sizes: Pick<ConvolutionSizes, 'input' | 'output' | 'kernel' | 'strides' | 'pads' | 'dilations'>,
): [number, number] {
  const { input, output, kernel, strides, pads, dilations } = sizes;
  return [0, 1].map((axis) => {
    const reach = (output[axis]! - 1) * strides[axis]! + dilations[axis]! * (kernel[axis]! - 1) + 1;
    return input[axis]! + pads[axis]! + pads[axis + 2]! - reach;
  }) as [number, number];
}

/** The kernels turned by 180 degrees, with input and output channels of each group exchanged. */
function turnedKernel(context: RuleContext, sizes: ConvolutionSizes): string {
  const { emit } = context;
  const { groups, channels, filters, kernel } = sizes;
  const [tall, wide] = kernel;
  const [own, made] = [channels / groups, filters / groups];
  let swapped = context.input(1);
  if (groups === 1) swapped = emit.transpose(swapped, [1, 0, 2, 3], context.label('kernel.T'));
  else if (own !== 1 || made !== 1) {
    const apart = emit.reshape(swapped, [groups, made, own, tall, wide]);
    const exchanged = emit.transpose(apart, [0, 2, 1, 3, 4], context.label('kernel.T'));
    swapped = emit.reshape(exchanged, [channels, made, tall, wide]);
  }
  if (tall * wide === 1) return swapped;
  const [backwards, beyond] = [emit.list([-1, -1]), emit.list([-tall - 1, -wide - 1])];
  const inputs = [swapped, backwards, beyond, emit.list([2, 3]), backwards];
  return emit.op('Slice', inputs, {}, context.label('kernel.turned'));
}

/** The gradient of X, for any groups, strides and dilations. */
export function inputGradient(context: RuleContext, sizes: ConvolutionSizes): string {
  const { emit, gradient } = context;
  const { groups, kernel, strides, pads, dilations } = sizes;
  const back = pads.map((pad, side) => dilations[side % 2]! * (kernel[side % 2]! - 1) - pad);
  if (strides.some((stride) => stride !== 1) || back.some((size) => size < 0)) {
    const attributes = { strides, pads, dilations, group: groups, output_padding: unreached(sizes) };
    return emit.op('ConvTranspose', [gradient, context.input(1)], attributes, context.label('x'));
  }
  const attributes = { pads: back, dilations, group: groups };
  return emit.op('Conv', [gradient, turnedKernel(context, sizes)], attributes, context.label('x'));
}
