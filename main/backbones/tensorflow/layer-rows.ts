// How each kind of layer is said in ONNX: one row each. Maps are [batch, channels, height, width] from the first value to
// the last; what TensorFlow orders otherwise is turned in the weights, never in the graph. Pure.
import { sizeOf, type Tensor } from '../../contract/tensor.ts';
import type { GraphBuilder } from '../../onnx/builder.ts';
import { onnxKernel, onnxMatrix, slide } from './geometry.ts';
import { invalid, unsupported, type Activation, type Layer, type Pair } from './network.ts';

/** A value of the graph, without its batch: a map [channels, height, width] or a vector [length]. */
export interface Value {
  readonly name: string;
  readonly dims: readonly number[];
  /** Height, width and channels of the map that a vector was, where their order still counts. */
  readonly flattened?: readonly [number, number, number] | undefined;
}

export interface RowContext {
  readonly graph: WeightedGraph;
  /** What the file calls the layer, for messages. */
  readonly label: string;
  /** What its weights and value are called. */
  readonly name: string;
  readonly inputs: readonly Value[];
}

/** A graph that looks at its weights. */
export interface WeightedGraph {
  readonly builder: GraphBuilder;
  /**
   * Adds weights that are finite numbers.
   * @throws DermOrbitError CHECKPOINT_NOT_FINITE
   */
  readonly weights: (name: string, weights: Tensor) => string;
  /** The constants 0, 6 and the like, each once. */
  readonly scalar: (value: number) => string;
}

type Row<K extends Layer['kind']> = (layer: Extract<Layer, { kind: K }>, context: RowContext) => Value;

export const layerRows: { readonly [K in Layer['kind']]: Row<K> } = {
  conv(layer, context) {
    const { graph, label, name } = context;
    const input = mapOf(context);
    const [channels, ...size] = input.dims as [number, number, number];
    const { kernel, bias, depthwise, strides, dilations } = layer;
    requireRank(label, kernel, 4);
    const [height, width, taken, made] = kernel.dims as [number, number, number, number];
    const group = depthwise ? channels : channels / taken;
    const outputs = depthwise ? taken * made : made;
    const apart = !depthwise || taken === channels || made === 1;
    if (!apart || !Number.isInteger(group) || outputs % group !== 0) {
      throw invalid(`${label}: a kernel for ${taken} channels on a map of ${channels}.`);
    }
    requireLength(label, bias, outputs);
    const slid = slide(label, size, { ...layer, window: [height, width] });
    const parts = [input.name, graph.weights(`${name}.weight`, onnxKernel(kernel, depthwise))];
    if (bias) parts.push(graph.weights(`${name}.bias`, bias));
    const attributes = { kernel_shape: [height, width], strides, pads: slid.pads, dilations, group };
    return { name: graph.builder.op('Conv', parts, attributes, name), dims: [outputs, ...slid.size] };
  },

  affine({ scale, shift }, context) {
    const { graph, label, name } = context;
    const input = only(context);
    if (input.flattened) throw unsupported(`${label} counts on the order of a map that was laid out flat.`);
    const channels = input.dims[0]!;
    let value = input.name;
    const parts = [
      { op: 'Mul', numbers: scale, neutral: 1, part: 'scale' },
      { op: 'Add', numbers: shift, neutral: 0, part: 'shift' },
    ];
    for (const { op, numbers, neutral, part } of parts) {
      if (numbers.length !== 1 && numbers.length !== channels) {
        throw invalid(`${label}: ${numbers.length} numbers for ${channels} channels.`);
      }
      if (numbers.every((number) => number === neutral)) continue;
      const dims = numbers.length === 1 ? [] : input.dims.map((dim, axis) => (axis === 0 ? dim : 1));
      const weights = graph.weights(`${name}.${part}`, { data: Float32Array.from(numbers), dims });
      value = graph.builder.op(op, [value, weights], {}, `${name}.${op.toLowerCase()}`);
    }
    return { ...input, name: value };
  },

  activation({ activation }, context) {
    const input = only(context);
    const row = activationRows[activation.of] as (activation: Activation, context: RowContext) => string;
    return { ...input, name: row(activation, context) };
  },

  elementwise({ op }, { graph, label, name, inputs }) {
    if (inputs.length < 2) throw invalid(`${label} needs two values.`);
    return inputs.reduce((sum, next) => {
      const [wide, narrow] = sizeOf(sum.dims) >= sizeOf(next.dims) ? [sum, next] : [next, sum];
      const scales = narrow.dims.length === 3 && sizeOf(narrow.dims) === wide.dims[0];
      if (String(wide.dims) !== String(narrow.dims) && !(scales && wide.dims.length === 3)) {
        throw invalid(`${label}: [${sum.dims.join(', ')}] and [${next.dims.join(', ')}] do not go together.`);
      }
      if (wide.dims.length === 1 && String(wide.flattened) !== String(narrow.flattened)) {
        throw unsupported(`${label} counts on the order of a map that was laid out flat.`);
      }
      return { ...wide, name: graph.builder.op(op, [sum.name, next.name], {}, name) };
    });
  },

  pad({ pads }, context) {
    const { graph, label, name } = context;
    const input = mapOf(context);
    const [channels, ...size] = input.dims as [number, number, number];
    const slid = slide(label, size, { ...pixel, padding: pads });
    const [top, left, bottom, right] = slid.pads;
    const frame = graph.builder.int64(`${name}.pads`, [0, 0, top, left, 0, 0, bottom, right]);
    return { name: graph.builder.op('Pad', [input.name, frame], {}, name), dims: [channels, ...slid.size] };
  },

  pool(layer, context) {
    const { graph, label, name } = context;
    const input = mapOf(context);
    const [channels, ...size] = input.dims as [number, number, number];
    const slid = slide(label, size, { ...layer, dilations: [1, 1] });
    const attributes = { kernel_shape: layer.window, strides: layer.strides, pads: slid.pads };
    // Pixels outside the map count in no mean: so TensorFlow says, and so ONNX where it is not told otherwise.
    const op = layer.of === 'max' ? 'MaxPool' : 'AveragePool';
    return {
      name: graph.builder.op(op, [input.name], attributes, name),
      dims: [channels, ...slid.size],
    };
  },

  globalPool({ of, keepDims }, context) {
    const { graph, name } = context;
    const input = mapOf(context);
    const op = of === 'max' ? 'GlobalMaxPool' : 'GlobalAveragePool';
    const pooled = { name: graph.builder.op(op, [input.name], {}, name), dims: [input.dims[0]!, 1, 1] };
    return keepDims ? pooled : flat(pooled, context);
  },

  concat(_, { graph, label, name, inputs }) {
    const [first] = inputs;
    if (!first) throw invalid(`${label} joins nothing.`);
    const rest = String(first.dims.slice(1));
    if (inputs.some(({ dims }) => dims.length !== first.dims.length || String(dims.slice(1)) !== rest)) {
      throw invalid(`${label} joins maps of different sizes.`);
    }
    if (inputs.some(({ flattened }) => flattened)) {
      throw unsupported(`${label} joins maps that were laid out flat.`);
    }
    const channels = inputs.reduce((sum, { dims }) => sum + dims[0]!, 0);
    const names = inputs.map((input) => input.name);
    return {
      name: graph.builder.op('Concat', names, { axis: 1 }, name),
      dims: [channels, ...first.dims.slice(1)],
    };
  },

  dense({ kernel, bias }, context) {
    const { graph, label, name } = context;
    requireRank(label, kernel, 2);
    const input = flat(only(context), context);
    const [taken, made] = kernel.dims as [number, number];
    if (taken !== input.dims[0]) {
      throw invalid(`${label}: a matrix for ${taken} numbers on a vector of ${input.dims[0] ?? 0}.`);
    }
    requireLength(label, bias, made);
    const matrix = onnxMatrix(kernel, input.flattened ?? null);
    const parts = [input.name, graph.weights(`${name}.weight`, matrix)];
    if (bias) parts.push(graph.weights(`${name}.bias`, bias));
    return { name: graph.builder.op('Gemm', parts, { transB: 1 }, name), dims: [made] };
  },

  flatten({ length }, context) {
    const input = only(context);
    requireSame(context.label, input, length);
    return flat(input, context);
  },

  squeeze(_, context) {
    const input = mapOf(context);
    if (sizeOf(input.dims) !== input.dims[0]) {
      throw invalid(`${context.label} drops the pixels of a map of [${input.dims.join(', ')}].`);
    }
    return flat(input, context);
  },

  unflatten({ length }, context) {
    const input = only(context);
    requireSame(context.label, input, length);
    if (input.flattened || (input.dims.length === 3 && sizeOf(input.dims) !== input.dims[0])) {
      throw unsupported(`${context.label} makes another map of a map.`);
    }
    if (input.dims.length === 3) return input;
    const dims = [input.dims[0]!, 1, 1];
    return { name: context.graph.builder.reshape(input.name, [0, ...dims], context.name), dims };
  },

  identity: (_, context) => only(context),
};

/** A window of one pixel. */
const pixel: { readonly window: Pair; readonly strides: Pair; readonly dilations: Pair } = {
  window: [1, 1],
  strides: [1, 1],
  dilations: [1, 1],
};

const plain =
  (op: string) =>
  (_: Activation, { graph, name, inputs }: RowContext) =>
    graph.builder.op(op, [inputs[0]!.name], {}, `${name}.${op.toLowerCase()}`);

type ActivationRow<A> = (activation: A, context: RowContext) => string;

const activationRows: {
  readonly [A in Activation['of']]: ActivationRow<Extract<Activation, { of: A }>>;
} = {
  relu: plain('Relu'),
  sigmoid: plain('Sigmoid'),
  tanh: plain('Tanh'),
  hardSwish: plain('HardSwish'),
  clippedRelu: ({ most }, { graph, name, inputs }) =>
    graph.builder.op('Clip', [inputs[0]!.name, graph.scalar(0), graph.scalar(most)], {}, `${name}.clip`),
  leakyRelu: ({ alpha }, { graph, name, inputs }) =>
    graph.builder.op('LeakyRelu', [inputs[0]!.name], { alpha: { float: alpha } }, `${name}.leakyrelu`),
  elu: ({ alpha }, { graph, name, inputs }) =>
    graph.builder.op('Elu', [inputs[0]!.name], { alpha: { float: alpha } }, `${name}.elu`),
  hardSigmoid: ({ slope }, { graph, name, inputs }) =>
    graph.builder.op(
      'HardSigmoid',
      [inputs[0]!.name],
      { alpha: { float: slope }, beta: { float: 0.5 } },
      `${name}.hardsigmoid`,
    ),
  swish(_, { graph, name, inputs }) {
    const gate = graph.builder.op('Sigmoid', [inputs[0]!.name], {}, `${name}.sigmoid`);
    return graph.builder.op('Mul', [inputs[0]!.name, gate], {}, `${name}.swish`);
  },
  softmax(_, { graph, label, name, inputs }) {
    if (inputs[0]!.dims.length !== 1) throw unsupported(`${label}: a softmax over the channels of a map.`);
    return graph.builder.op('Softmax', [inputs[0]!.name], { axis: 1 }, `${name}.softmax`);
  },
};

function only({ label, inputs }: RowContext): Value {
  if (inputs.length !== 1) throw invalid(`${label} takes one value, not ${inputs.length}.`);
  return inputs[0]!;
}

function mapOf(context: RowContext): Value {
  const input = only(context);
  if (input.dims.length !== 3) throw invalid(`${context.label} takes a map and gets a vector.`);
  return input;
}

/** A map as a vector; a vector as it is. */
function flat(input: Value, { graph, name }: RowContext): Value {
  if (input.dims.length === 1) return input;
  const [channels, height, width] = input.dims as [number, number, number];
  const flattened = height * width > 1 && channels > 1 ? ([height, width, channels] as const) : undefined;
  const value = graph.builder.op('Flatten', [input.name], { axis: 1 }, `${name}.flat`);
  return { name: value, dims: [sizeOf(input.dims)], flattened };
}

/** A reshape that would change how many pictures there are is none that an image network has. */
function requireSame(label: string, { dims }: Value, length: number | null): void {
  if (length !== null && length !== sizeOf(dims)) {
    throw unsupported(`${label} makes vectors of ${length} numbers of [${dims.join(', ')}].`);
  }
}

function requireRank(label: string, { dims }: Tensor, rank: number): void {
  if (dims.length !== rank || dims.some((dim) => dim < 1)) {
    throw invalid(`${label}: weights of shape [${dims.join(', ')}].`);
  }
}

function requireLength(label: string, bias: Tensor | null, length: number): void {
  if (bias && (bias.dims.length !== 1 || bias.dims[0] !== length)) {
    throw invalid(`${label}: a bias of shape [${bias.dims.join(', ')}] for ${length} channels.`);
  }
}
