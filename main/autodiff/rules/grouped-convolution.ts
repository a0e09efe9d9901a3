// The gradient of the kernels of a convolution whose channels come in groups (depthwise: one channel each). Pure.
//
// Depthwise it is a convolution itself: every channel of every image with its own dY as the kernel. With more channels
// in a group it is a matrix product per image and group.
import type { RuleContext } from '../rule.ts';
import type { ConvolutionSizes } from './convolution-input.ts';
import { patches } from './windows.ts';

/** The gradient of W of a convolution in groups. */
export function groupedWeightGradient(context: RuleContext, sizes: ConvolutionSizes): string {
  const { groups, channels, filters } = sizes;
  const batch = context.emit.dims(context.input(0))[0];
  const depthwise = channels === groups && filters === groups;
  return depthwise && typeof batch === 'number'
    ? depthwiseWeightGradient(context, sizes, batch)
    : productPerGroup(context, sizes);
}

/**
 * X as one image of B C channels, each met by its own dY: where the forward pass strode, this one is dilated, and
 * the other way round. The results are added up over the images.
 */
function depthwiseWeightGradient(context: RuleContext, sizes: ConvolutionSizes, batch: number): string {
  const { emit } = context;
  const { channels, kernel, strides, pads, dilations, input, output } = sizes;
  const group = batch * channels;
  const image = emit.reshape(context.input(0), [1, group, ...input]);
  const kernels = emit.reshape(context.gradient, [group, 1, ...output]);
  const attributes = { group, pads, strides: dilations, dilations: strides };
  let perImage = emit.op('Conv', [image, kernels], attributes, context.label('images'));
  const made = emit.dims(perImage).slice(2);
  if (made.some((size, axis) => size !== kernel[axis])) {
    // Cells that no window reached in the forward pass make rows that belong to no weight.
    const bounds = [emit.list([0, 0]), emit.list(kernel), emit.list([2, 3])];
    perImage = emit.op('Slice', [perImage, ...bounds], {}, context.label('cut'));
  }
  const apart = emit.reshape(perImage, [batch, channels, 1, ...kernel]);
  return emit.sum(apart, [0], false, context.label('weight'));
}

function productPerGroup(context: RuleContext, sizes: ConvolutionSizes): string {
  const { emit, gradient } = context;
  const { groups, channels, filters, kernel, output } = sizes;
  const [own, made, cells] = [channels / groups, filters / groups, output[0] * output[1]];
  const area = kernel[0] * kernel[1];
  const seen = patches(context, context.input(0), sizes);
  const columns = emit.reshape(seen, [-1, groups, own * area, cells]);
  const rows = emit.reshape(gradient, [-1, groups, made, cells]);
  const perImage = emit.op(
    'MatMul',
    [rows, emit.transpose(columns, [0, 1, 3, 2])],
    {},
    context.label('images'),
  );
  const summed = emit.sum(perImage, [0], false, context.label('summed'));
  return emit.reshape(summed, [filters, own, ...kernel], context.label('weight'));
}
