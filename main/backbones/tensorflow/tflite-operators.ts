// What the operators of TensorFlow Lite do: one row each, with the fields of their options (schema.fbs). Pure.
import { tensor, type Tensor } from '../../contract/tensor.ts';
import type { FlatTable } from './flatbuffer.ts';
import { invalid, unsupported, type Layer, type Padding, type Pair } from './network.ts';
import {
  arithmetic,
  constantAt,
  integersAt,
  mapPads,
  optionalConstant,
  overPixels,
  reshaped,
  type Operand,
} from './operands.ts';
import { fusedActivations } from './tflite-schema.ts';

export interface TfliteOperator {
  readonly label: string;
  readonly operands: readonly Operand[];
  /** Absent options have their defaults. */
  readonly options: FlatTable | null;
}

export interface TfliteRow {
  /** The number of its options in the union BuiltinOptions; null where none are read. */
  readonly optionsType: number | null;
  /** The field of the function that is applied to the result; null where there is none. */
  readonly fused: number | null;
  readonly layer: (operator: TfliteOperator) => Layer;
}

const activation = (of: 'relu' | 'sigmoid' | 'tanh' | 'hardSwish'): TfliteRow => ({
  optionsType: null,
  fused: null,
  layer: () => ({ kind: 'activation', activation: { of } }),
});

const relu6: Layer = { kind: 'activation', activation: { of: 'clippedRelu', most: 6 } };

const sums = (op: 'Add' | 'Sub' | 'Mul', optionsType: number): TfliteRow => ({
  optionsType,
  fused: 0,
  layer: ({ label, operands }) => arithmetic(label, op, operands),
});

const pool = (of: 'max' | 'average'): TfliteRow => ({
  optionsType: 5,
  fused: 5,
  layer: ({ label, options }) => ({
    kind: 'pool',
    of,
    window: [options?.int32(4) ?? 0, options?.int32(3) ?? 0],
    strides: stridesOf(options),
    padding: paddingOf(label, options),
  }),
});

/** A row of options: its number, then the fields that are read here, as schema.fbs counts them. */
export const operatorRows: Readonly<Record<string, TfliteRow>> = {
  CONV_2D: {
    ...{ optionsType: 1, fused: 3 },
    layer: (operator) => conv(operator, false, [5, 4]),
  },
  DEPTHWISE_CONV_2D: {
    ...{ optionsType: 2, fused: 4 },
    layer: (operator) => conv(operator, true, [6, 5]),
  },
  FULLY_CONNECTED: {
    ...{ optionsType: 8, fused: 0 },
    layer({ label, operands, options }) {
      if (options?.int8(1)) throw unsupported(`${label} has its weights in a shuffled order.`);
      if (options?.int8(2)) throw unsupported(`${label} is a matrix over the channels of a map.`);
      const kernel = transposed(label, constantAt(label, operands, 1));
      return { kind: 'dense', kernel, bias: optionalConstant(label, operands, 2) };
    },
  },
  ADD: sums('Add', 11),
  SUB: sums('Sub', 28),
  MUL: sums('Mul', 21),
  AVERAGE_POOL_2D: pool('average'),
  MAX_POOL_2D: pool('max'),
  CONCATENATION: {
    ...{ optionsType: 10, fused: 1 },
    layer({ label, operands, options }) {
      if (operands.some((operand) => 'constant' in operand)) throw unsupported(`${label} joins a constant.`);
      const axis = options?.int32(0) ?? 0;
      if (axis !== -1 && axis !== 3) throw unsupported(`${label} joins maps along axis ${axis}.`);
      return { kind: 'concat' };
    },
  },
  MEAN: {
    ...{ optionsType: 27, fused: null },
    layer: ({ label, operands, options }) =>
      overPixels(label, 'average', integersAt(label, operands, 1), (options?.int8(0) ?? 0) !== 0),
  },
  PAD: {
    ...{ optionsType: 22, fused: null },
    layer: ({ label, operands }) => ({
      kind: 'pad',
      pads: mapPads(label, integersAt(label, operands, 1)),
    }),
  },
  RESHAPE: {
    ...{ optionsType: 17, fused: null },
    layer({ label, operands, options }) {
      const told = operands.length > 1 ? integersAt(label, operands, 1) : options?.int32s(0, 8);
      return reshaped(label, told ?? []);
    },
  },
  SQUEEZE: {
    ...{ optionsType: 30, fused: null },
    layer({ label, options }) {
      const axes = options?.int32s(0, 8) ?? [];
      if (axes.length > 0 && String(axes) !== '1,2') {
        throw unsupported(`${label} drops the axes ${axes.join(', ')}.`);
      }
      return { kind: 'squeeze' };
    },
  },
  SOFTMAX: {
    ...{ optionsType: 9, fused: null },
    layer({ label, options }) {
      if ((options?.float32(0) ?? 0) !== 1) throw unsupported(`${label} is a softmax with a factor.`);
      return { kind: 'activation', activation: { of: 'softmax' } };
    },
  },
  LEAKY_RELU: {
    ...{ optionsType: 75, fused: null },
    layer: ({ options }) => ({
      kind: 'activation',
      activation: { of: 'leakyRelu', alpha: options?.float32(0) ?? 0 },
    }),
  },
  ELU: {
    ...{ optionsType: null, fused: null },
    layer: () => ({ kind: 'activation', activation: { of: 'elu', alpha: 1 } }),
  },
  RELU: activation('relu'),
  RELU6: { optionsType: null, fused: null, layer: () => relu6 },
  LOGISTIC: activation('sigmoid'),
  TANH: activation('tanh'),
  HARD_SWISH: activation('hardSwish'),
};

/** The function that an operator applies to what it made; null for none. */
export function fusedActivation(
  label: string,
  { fused }: TfliteRow,
  options: FlatTable | null,
): (() => Layer) | null {
  const code = fused === null || options === null ? 0 : options.int8(fused);
  if (code === 0) return null;
  const name = fusedActivations[code] ?? `number ${code}`;
  return () => {
    if (name === 'relu6') return relu6;
    if (name === 'relu' || name === 'tanh') return { kind: 'activation', activation: { of: name } };
    throw unsupported(`${label} applies the function ${name}.`);
  };
}

/** @param dilations the fields of height and width */
function conv({ label, operands, options }: TfliteOperator, depthwise: boolean, dilations: Pair): Layer {
  const stored = constantAt(label, operands, 1);
  return {
    kind: 'conv',
    kernel: depthwise ? channelsApart(label, stored) : outputsLast(label, stored),
    bias: optionalConstant(label, operands, 2),
    depthwise,
    strides: stridesOf(options),
    dilations: [options?.int32(dilations[0], 1) ?? 1, options?.int32(dilations[1], 1) ?? 1],
    padding: paddingOf(label, options),
  };
}

/** Stride over height and over width; they stand the other way round in the file. */
function stridesOf(options: FlatTable | null): Pair {
  return [options?.int32(2) ?? 0, options?.int32(1) ?? 0];
}

function paddingOf(label: string, options: FlatTable | null): Padding {
  const code = options?.int8(0) ?? 0;
  if (code === 0) return 'same';
  if (code === 1) return 'valid';
  throw invalid(`${label} has padding number ${code}.`);
}

/** [out, height, width, in] -> [height, width, in, out] */
function outputsLast(label: string, { dims, data }: Tensor): Tensor {
  const [outputs, ...rest] = dims;
  if (dims.length !== 4) throw invalid(`${label}: a kernel of shape [${dims.join(', ')}].`);
  return tensor(turned(data, outputs!), [...rest, outputs!]);
}

/** [1, height, width, channels * multiplier] -> [height, width, channels * multiplier, 1], the same numbers in order. */
function channelsApart(label: string, { dims, data }: Tensor): Tensor {
  if (dims.length !== 4 || dims[0] !== 1) throw invalid(`${label}: a kernel of shape [${dims.join(', ')}].`);
  return tensor(data, [...dims.slice(1), 1]);
}

/** [out, in] -> [in, out] */
function transposed(label: string, { dims, data }: Tensor): Tensor {
  const [outputs, inputs] = dims;
  if (dims.length !== 2) throw invalid(`${label}: a matrix of shape [${dims.join(', ')}].`);
  return tensor(turned(data, outputs!), [inputs!, outputs!]);
}

/** Rows as columns. */
function turned(data: Float32Array, rows: number): Float32Array {
  const columns = data.length / Math.max(1, rows);
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = data[row * columns + column]!;
    }
  }
  return result;
}
