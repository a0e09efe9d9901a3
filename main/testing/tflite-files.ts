// Small networks as files of TensorFlow Lite. Test use only.
import { fields } from '../backbones/tensorflow/tflite-schema.ts';
import { float32ToFloat16 } from '../onnx/float16.ts';
import { flatBufferFile, type FlatFields } from './flatbuffer-writer.ts';
import type { NhwcMap } from './naive-nhwc.ts';
import { epsilon, runPiece, type SmallNet, type WeightedPiece } from './tensorflow-nets.ts';

/** How weights lie in a TensorFlow Lite file. */
export type TfliteStorage = 'float32' | 'float16' | 'int8';

interface LiteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly bytes?: Uint8Array;
  readonly quantization?: FlatFields;
}

/** Parts of a TensorFlow Lite file that a test may change before it is written. */
export interface LiteParts {
  readonly tensors: LiteTensor[];
  readonly operators: {
    code: number;
    inputs: number[];
    outputs: number[];
    optionsType: number;
    options: FlatFields;
  }[];
  inputs: number[];
  outputs: number[];
}

/** The network as the parts of a TensorFlow Lite file; batch norms are folded, as its converter does. */
export function liteParts(net: SmallNet, storage: TfliteStorage = 'float32'): LiteParts {
  const { size, channels, classes } = net.about;
  const parts: LiteParts = { tensors: [], operators: [], inputs: [0], outputs: [] };
  const add = (tensor: LiteTensor) => parts.tensors.push(tensor) - 1;
  const make = (name: string, shape: readonly number[]) => add({ name, shape, type: 0 });
  const operate = (
    code: number,
    inputs: number[],
    output: number,
    optionsType = 0,
    options: FlatFields = {},
  ) => {
    parts.operators.push({ code, inputs, outputs: [output], optionsType, options });
    return output;
  };
  const plain = (name: string, shape: readonly number[], values: Float32Array) =>
    add({ name, shape, type: 0, bytes: new Uint8Array(Float32Array.from(values).buffer) });
  const weight = (name: string, shape: readonly number[], values: Float32Array, axis: number) => {
    if (storage === 'float32') return plain(name, shape, values);
    if (storage === 'float16') {
      const bits = float32ToFloat16(values);
      const half = add({ name: `${name}/half`, shape, type: 1, bytes: new Uint8Array(bits.buffer) });
      return operate(6, [half], make(name, shape));
    }
    return add({ name, shape, type: 9, ...quantizedBytes(shape, values, axis) });
  };
  let last = make('picture', [1, size, size, channels]);
  let map: NhwcMap = { height: size, width: size, channels, data: [] };
  for (const [i, found] of net.pieces.entries()) {
    const before = last;
    const { piece, kernel, bias } = foldedPiece(found);
    const { height, width } = (map = runPiece(
      { ...map, data: new Array<number>(map.height * map.width * map.channels).fill(0) },
      found,
    ));
    const shape = [1, height, width, found.made];
    const padding = { int8: piece.padding === 'same' ? 0 : 1 };
    const stride = { int32: piece.stride };
    if (piece.kind === 'max' || piece.kind === 'average') {
      const window = { 3: { int32: piece.width }, 4: { int32: piece.height } };
      const options = { 0: padding, 1: stride, 2: stride, ...window };
      last = operate(piece.kind === 'max' ? 17 : 1, [last], make(`layer_${i}`, shape), 5, options);
      continue;
    }
    const fused = { int8: { linear: 0, relu: 1, relu6: 3 }[piece.activation] };
    const biases = plain(`layer_${i}/bias`, [found.made], bias);
    if (piece.kind === 'conv') {
      const dims = [found.made, piece.height, piece.width, found.channels];
      const weights = weight(`layer_${i}/kernel`, dims, outputsFirst(kernel, found.made), 0);
      const options = { 0: padding, 1: stride, 2: stride, 3: fused };
      last = operate(3, [last, weights, biases], make(`layer_${i}`, shape), 1, options);
    } else {
      const dims = [1, piece.height, piece.width, found.made];
      const weights = weight(`layer_${i}/kernel`, dims, kernel, 3);
      const options = { 0: padding, 1: stride, 2: stride, 3: { int32: piece.out }, 4: fused };
      last = operate(4, [last, weights, biases], make(`layer_${i}`, shape), 2, options);
    }
    if (piece.residual) last = operate(0, [before, last], make(`add_${i}`, shape), 11, {});
  }
  if (net.dense && classes !== null) {
    const { kernel, bias } = net.dense;
    const taken = kernel.length / classes;
    const numbers = (name: string, values: readonly number[]) =>
      add({ name, shape: [2], type: 2, bytes: new Uint8Array(Int32Array.from(values).buffer) });
    last = net.about.flatten
      ? operate(22, [last, numbers('flat', [-1, taken])], make('pooled', [1, taken]), 17, {})
      : operate(40, [last, numbers('axes', [1, 2])], make('pooled', [1, taken]), 27, {});
    const matrix = weight('head/kernel', [classes, taken], outputsFirst(kernel, classes), 0);
    const inputs = [last, matrix, plain('head/bias', [classes], bias)];
    last = operate(9, inputs, make('logits', [1, classes]), 8, {});
    last = operate(25, [last], make('shares', [1, classes]), 9, { 0: { float32: 1 } });
  }
  parts.outputs = [last];
  return parts;
}

/** The parts as a file. */
export function liteFile({ tensors, operators, inputs, outputs }: LiteParts): Uint8Array {
  const codes = [...new Set(operators.map(({ code }) => code))];
  const buffers: FlatFields[] = [{}];
  const tensorTables = tensors.map(({ name, shape, type, bytes, quantization }): FlatFields => {
    const buffer = bytes ? buffers.push({ [fields.buffer.data]: { bytes } }) - 1 : 0;
    return {
      [fields.tensor.shape]: { int32s: shape },
      [fields.tensor.type]: { int8: type },
      [fields.tensor.buffer]: { uint32: buffer },
      [fields.tensor.name]: { text: name },
      ...(quantization ? { [fields.tensor.quantization]: { table: quantization } } : {}),
    };
  });
  const operatorTables = operators.map((operator): FlatFields => ({
    [fields.operator.code]: { uint32: codes.indexOf(operator.code) },
    [fields.operator.inputs]: { int32s: operator.inputs },
    [fields.operator.outputs]: { int32s: operator.outputs },
    [fields.operator.optionsType]: { int8: operator.optionsType },
    ...(operator.optionsType === 0 ? {} : { [fields.operator.options]: { table: operator.options } }),
  }));
  const subgraph: FlatFields = {
    [fields.subgraph.tensors]: { tables: tensorTables },
    [fields.subgraph.inputs]: { int32s: inputs },
    [fields.subgraph.outputs]: { int32s: outputs },
    [fields.subgraph.operators]: { tables: operatorTables },
  };
  const codeTables = codes.map((code): FlatFields => ({
    [fields.operatorCode.deprecatedCode]: { int8: Math.min(127, code) },
    [fields.operatorCode.code]: { int32: code },
  }));
  return flatBufferFile(
    {
      [fields.model.version]: { uint32: 3 },
      [fields.model.operatorCodes]: { tables: codeTables },
      [fields.model.subgraphs]: { tables: [subgraph] },
      [fields.model.buffers]: { tables: buffers },
    },
    'TFL3',
  );
}

function foldedPiece({ piece, kernel, bias, norm, made }: WeightedPiece) {
  if (!norm) return { piece, kernel, bias };
  const { gamma, beta, moving_mean: mean, moving_variance: variance } = norm;
  const scale = (channel: number) => gamma[channel]! / Math.sqrt(variance[channel]! + epsilon);
  return {
    piece,
    kernel: kernel.map((value, i) => value * scale(i % made)),
    bias: bias.map((value, c) => (value - mean[c]!) * scale(c) + beta[c]!),
  };
}

/** [rest, out] -> [out, rest] */
function outputsFirst(values: Float32Array, outputs: number): Float32Array {
  const rest = values.length / outputs;
  return values.map((_, i) => values[(i % rest) * outputs + Math.floor(i / rest)]!);
}

/** 8-bit numbers with a scale for each index of an axis, symmetric around zero. */
function quantizedBytes(shape: readonly number[], values: Float32Array, axis: number) {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const channelOf = (i: number) => Math.floor(i / inner) % shape[axis]!;
  const scales = new Array<number>(shape[axis]!).fill(1e-3);
  values.forEach(
    (value, i) => (scales[channelOf(i)] = Math.max(scales[channelOf(i)]!, Math.abs(value) / 127)),
  );
  const bytes = Int8Array.from(values, (value, i) => Math.round(value / scales[channelOf(i)]!));
  return {
    bytes: new Uint8Array(bytes.buffer),
    quantization: {
      [fields.quantization.scale]: { float32s: scales },
      [fields.quantization.zeroPoint]: { int64s: scales.map(() => 0) },
      [fields.quantization.dimension]: { int32: axis },
    },
  };
}
