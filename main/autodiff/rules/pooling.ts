// Gradient rules of pools. Pure.
import { intAttribute, intsAttribute } from '../../onnx/attributes.ts';
import { windowOf } from '../../onnx/shape-context.ts';
import { elementTypes } from '../../onnx/graph.ts';
import type { GradientRule, RuleContext } from '../rule.ts';

/** Sizes of the windows of a pool over [B, C, H, W], which must not overlap nor leave cells out. */
function tiles(context: RuleContext): { kernel: readonly number[]; area: number } {
  const { emit, node } = context;
  const dims = emit.dims(context.input(0));
  const { kernel, strides, pads, dilations } = windowOf(node, intsAttribute(node, 'kernel_shape') ?? []);
  if (dims.length !== 4) context.unsupported('only pools over two axes are');
  const tiled =
    kernel.every((size, axis) => size === strides[axis] && (dims[axis + 2] as number) % size === 0) &&
    pads.every((pad) => pad === 0) &&
    dilations.every((dilation) => dilation === 1);
  if (!tiled) context.unsupported('its windows overlap, are padded or leave cells out');
  return { kernel, area: kernel.reduce((total, size) => total * size, 1) };
}

/**
 * Repeats every cell of [B, C, h, w] to the size of the pool's input, as one matrix product: a row of w cells times
 * a matrix of zeros and ones is the kh rows of kw w cells that it becomes. Many times faster than stretching.
 */
function repeat(
  context: RuleContext,
  value: string,
  kernel: readonly number[],
  factor: number,
  name: string,
): string {
  const { emit } = context;
  const [rows, columns] = emit.dims(value).slice(2) as [number, number];
  const [tall, wide] = kernel as [number, number];
  const width = tall * wide * columns;
  const matrix = new Float32Array(columns * width);
  for (let column = 0; column < columns; column++) {
    for (let copy = 0; copy < tall; copy++) {
      const start = column * width + copy * wide * columns + column * wide;
      matrix.fill(factor, start, start + wide);
    }
  }
  const type = emit.type(value);
  const single = emit.float32(`${name}.repeat`, matrix, [columns, width]);
  const repeated = type === 'float32' ? single : emit.op('Cast', [single], { to: elementTypes[type].onnx });
  const cells = emit.reshape(value, [-1, columns], `${name}.rows`);
  const product = emit.op('Gemm', [cells, repeated], {}, `${name}.repeated`);
  const channels = emit.dims(value)[1];
  if (typeof channels !== 'number') return context.unsupported('the number of channels must be known');
  return emit.reshape(product, [-1, channels, rows * tall, columns * wide], name);
}

export const averagePool: GradientRule = (context) => {
  const { kernel, area } = tiles(context);
  return context.each(() => repeat(context, context.gradient, kernel, 1 / area, context.label('x')));
};

/** Equal largest cells of a window share the gradient. */
export const maxPool: GradientRule = (context) => {
  const { emit, node, gradient, output } = context;
  const { kernel } = tiles(context);
  if (intAttribute(node, 'storage_order', 0) !== 0) context.unsupported('only row-major order is');
  const x = context.input(0);
  return context.each(() => {
    const largest = emit.op('Equal', [x, repeat(context, output, kernel, 1, context.label('y'))]);
    const mask = emit.op('Cast', [largest], { to: elementTypes[emit.type(x)].onnx }, context.label('mask'));
    const [rows, columns] = emit.dims(output).slice(2) as [number, number];
    const windows = emit.reshape(mask, [0, 0, rows, kernel[0]!, columns, kernel[1]!]);
    const count = emit.sum(windows, [3, 5], false, context.label('count'));
    const share = repeat(context, emit.divide(gradient, count), kernel, 1, context.label('share'));
    return emit.multiply(mask, share, context.label('x'));
  });
};

export const globalAveragePool: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  return context.each(() => {
    const share = emit.divide(gradient, emit.ratioOfSizes(context.input(0), output), context.label('share'));
    return emit.expandLike(share, context.input(0), context.label('x'));
  });
};
