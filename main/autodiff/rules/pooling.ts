// Gradient rules of pools. Pure.
import { intAttribute, intsAttribute } from '../../onnx/attributes.ts';
import { windowOf } from '../../onnx/shape-context.ts';
import { elementTypes } from '../../onnx/graph.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import { unreached } from './convolution-input.ts';
import { patches, scatterPatches, type SlidingWindow } from './windows.ts';

/** The windows of a pool over [B, C, H, W]. */
interface Pool extends SlidingWindow {
  readonly area: number;
  /** Whether every cell is seen by exactly one window, which makes everything simpler. */
  readonly tiled: boolean;
  /** Height and width of what is pooled, and of the result. */
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
}

function poolOf(context: RuleContext): Pool {
  const { emit, node } = context;
  const dims = emit.dims(context.input(0));
  const { kernel, strides, pads, dilations } = windowOf(node, intsAttribute(node, 'kernel_shape') ?? []);
  if (dims.length !== 4) context.unsupported('only pools over two axes are');
  const channels = dims[1]!;
  if (typeof channels !== 'number') return context.unsupported('the number of channels must be known');
  const tiled =
    kernel.every((size, axis) => size === strides[axis] && (dims[axis + 2] as number) % size === 0) &&
    pads.every((pad) => pad === 0) &&
    dilations.every((dilation) => dilation === 1);
  const area = kernel.reduce((total, size) => total * size, 1);
  const [input, output] = [dims.slice(2), emit.dims(context.output).slice(2)];
  return { channels, kernel, strides, pads, dilations, area, tiled, input, output } as unknown as Pool;
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
  const pool = poolOf(context);
  return context.each(() =>
    pool.tiled
      ? repeat(context, context.gradient, pool.kernel, 1 / pool.area, context.label('x'))
      : spreadMean(context, pool),
  );
};

/** Every cell gets its share of every window that saw it. */
function spreadMean(context: RuleContext, pool: Pool): string {
  const { emit, gradient, node } = context;
  const { channels, kernel, strides, pads, dilations, output } = pool;
  const counted = intAttribute(node, 'count_include_pad', 0) === 1;
  const shares = emit.float32(
    context.label('shares'),
    Float32Array.from({ length: output[0] * output[1] }, (_, cell) => {
      const place = [Math.floor(cell / output[1]), cell % output[1]];
      const seen = place.map((at, axis) => cellsInside(pool, at, axis));
      return 1 / (counted ? pool.area : seen[0]! * seen[1]!);
    }),
    [1, 1, ...output],
  );
  const ones = new Float32Array(channels * pool.area).fill(1);
  const window = emit.float32(context.label('window'), ones, [channels, 1, ...kernel]);
  const attributes = { group: channels, strides, pads, dilations, output_padding: unreached(pool) };
  const shared = emit.multiply(gradient, shares, context.label('shared'));
  return emit.op('ConvTranspose', [shared, window], attributes, context.label('x'));
}

/** How many cells of a window at this place lie inside the image along an axis. */
function cellsInside(pool: Pool, place: number, axis: number): number {
  const start = place * pool.strides[axis]! - pool.pads[axis]!;
  const cells = Array.from({ length: pool.kernel[axis]! }, (_, at) => start + at * pool.dilations[axis]!);
  return cells.filter((cell) => cell >= 0 && cell < pool.input[axis]!).length;
}

/** Equal largest cells of a window share the gradient. */
export const maxPool: GradientRule = (context) => {
  const { emit, node } = context;
  const pool = poolOf(context);
  if (intAttribute(node, 'storage_order', 0) !== 0) context.unsupported('only row-major order is');
  if (!pool.tiled && emit.type(context.input(0)) !== 'float32') {
    context.unsupported('windows that overlap are only in single precision');
  }
  return context.each(() => (pool.tiled ? largestOfTiles(context, pool) : largestOfWindows(context, pool)));
};

function largestOfTiles(context: RuleContext, { kernel }: Pool): string {
  const { emit, gradient, output } = context;
  const x = context.input(0);
  const largest = emit.op('Equal', [x, repeat(context, output, kernel, 1, context.label('y'))]);
  const mask = emit.op('Cast', [largest], { to: elementTypes[emit.type(x)].onnx }, context.label('mask'));
  const [rows, columns] = emit.dims(output).slice(2) as [number, number];
  const windows = emit.reshape(mask, [0, 0, rows, kernel[0], columns, kernel[1]]);
  const count = emit.sum(windows, [3, 5], false, context.label('count'));
  const share = repeat(context, emit.divide(gradient, count), kernel, 1, context.label('share'));
  return emit.multiply(mask, share, context.label('x'));
}

/** Padding must never be the largest cell. */
const lowest = -3.4028234663852886e38;

function largestOfWindows(context: RuleContext, pool: Pool): string {
  const { emit, gradient, output } = context;
  const { channels, area, pads } = pool;
  let x = context.input(0);
  if (pads.some((pad) => pad !== 0)) {
    const around = emit.list([0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]);
    x = emit.op('Pad', [x, around, emit.scalar(lowest, x)], {}, context.label('padded'));
  }
  const seen = patches(context, x, { ...pool, pads: [0, 0, 0, 0] });
  const [rows, columns] = pool.output;
  const windows = emit.reshape(seen, [-1, channels, area, rows, columns], context.label('windows'));
  const over = (value: string) => emit.reshape(value, [-1, channels, 1, rows, columns]);
  const equal = emit.op('Equal', [windows, over(output)], {}, context.label('largest'));
  const mask = emit.op('Cast', [equal], { to: elementTypes.float32.onnx }, context.label('mask'));
  const share = emit.divide(over(gradient), emit.sum(mask, [2]), context.label('share'));
  const flat = emit.reshape(emit.multiply(mask, share), [-1, channels * area, rows, columns]);
  return scatterPatches(context, flat, pool, unreached(pool));
}

export const globalAveragePool: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  return context.each(() => {
    const share = emit.divide(gradient, emit.ratioOfSizes(context.input(0), output), context.label('share'));
    return emit.expandLike(share, context.input(0), context.label('x'));
  });
};

/** Equal largest cells of a map share the gradient. */
export const globalMaxPool: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  const x = context.input(0);
  return context.each(() => {
    const largest = emit.op('Equal', [x, output], {}, context.label('largest'));
    const mask = emit.op('Cast', [largest], { to: elementTypes[emit.type(x)].onnx }, context.label('mask'));
    const share = emit.divide(gradient, emit.sum(mask, [2, 3]), context.label('share'));
    return emit.multiply(mask, share, context.label('x'));
  });
};
