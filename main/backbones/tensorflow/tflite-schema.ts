// The parts of TensorFlow Lite's schema that are read: numbers of fields, operators and element types, as
// tensorflow/lite/schema/schema.fbs counts them (schema version 3). Data only.

/** Fields of each table, counted from 0. */
export const fields = {
  model: { version: 0, operatorCodes: 1, subgraphs: 2, buffers: 4 },
  operatorCode: { deprecatedCode: 0, customCode: 1, code: 3 },
  subgraph: { tensors: 0, inputs: 1, outputs: 2, operators: 3 },
  tensor: { shape: 0, type: 1, buffer: 2, name: 3, quantization: 4, sparsity: 6 },
  quantization: { scale: 2, zeroPoint: 3, dimension: 6 },
  buffer: { data: 0, offset: 1 },
  operator: { code: 0, inputs: 1, outputs: 2, optionsType: 3, options: 4 },
} as const;

/** Element types that weights and shapes may have, by number. */
export const tensorTypes: ReadonlyMap<number, StoredType> = new Map([
  [0, 'float32'],
  [1, 'float16'],
  [2, 'int32'],
  [3, 'uint8'],
  [4, 'int64'],
  [9, 'int8'],
]);

type StoredType = 'float32' | 'float16' | 'int32' | 'uint8' | 'int64' | 'int8';
/** Of a tensor; others may stand where no numbers are read. */
export type TensorType = StoredType | 'other';

/** Functions that an operator applies to what it made. */
export const fusedActivations = ['none', 'relu', 'relu_n1_to_1', 'relu6', 'tanh', 'sign_bit'] as const;

/** Names of the operators, by number; of those that no image network has, only some. */
export const operatorNames: Readonly<Record<number, string>> = {
  0: 'ADD',
  1: 'AVERAGE_POOL_2D',
  2: 'CONCATENATION',
  3: 'CONV_2D',
  4: 'DEPTHWISE_CONV_2D',
  5: 'DEPTH_TO_SPACE',
  6: 'DEQUANTIZE',
  9: 'FULLY_CONNECTED',
  11: 'L2_NORMALIZATION',
  12: 'L2_POOL_2D',
  13: 'LOCAL_RESPONSE_NORMALIZATION',
  14: 'LOGISTIC',
  16: 'LSTM',
  17: 'MAX_POOL_2D',
  18: 'MUL',
  19: 'RELU',
  20: 'RELU_N1_TO_1',
  21: 'RELU6',
  22: 'RESHAPE',
  23: 'RESIZE_BILINEAR',
  25: 'SOFTMAX',
  26: 'SPACE_TO_DEPTH',
  28: 'TANH',
  31: 'CALL',
  32: 'CUSTOM',
  34: 'PAD',
  36: 'GATHER',
  39: 'TRANSPOSE',
  40: 'MEAN',
  41: 'SUB',
  42: 'DIV',
  43: 'SQUEEZE',
  45: 'STRIDED_SLICE',
  47: 'EXP',
  49: 'SPLIT',
  50: 'LOG_SOFTMAX',
  53: 'CAST',
  54: 'PRELU',
  55: 'MAXIMUM',
  56: 'ARG_MAX',
  57: 'MINIMUM',
  60: 'PADV2',
  65: 'SLICE',
  67: 'TRANSPOSE_CONV',
  74: 'SUM',
  75: 'SQRT',
  76: 'RSQRT',
  77: 'SHAPE',
  78: 'POW',
  80: 'FAKE_QUANT',
  82: 'REDUCE_MAX',
  83: 'PACK',
  97: 'RESIZE_NEAREST_NEIGHBOR',
  98: 'LEAKY_RELU',
  99: 'SQUARED_DIFFERENCE',
  100: 'MIRROR_PAD',
  102: 'SPLIT_V',
  111: 'ELU',
  114: 'QUANTIZE',
  117: 'HARD_SWISH',
  118: 'IF',
  119: 'WHILE',
  126: 'BATCH_MATMUL',
  150: 'GELU',
};
