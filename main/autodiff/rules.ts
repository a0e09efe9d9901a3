// The table of gradient rules: one per op. Pure. docs/AUTODIFF.md says what each of them covers.
import type { GradientRule } from './rule.ts';
import { conv } from './rules/convolution.ts';
import * as elementwise from './rules/elementwise.ts';
import * as layout from './rules/layout.ts';
import * as matrix from './rules/matrix.ts';
import * as normalization from './rules/normalization.ts';
import * as pooling from './rules/pooling.ts';
import * as reduction from './rules/reduction.ts';

/** Ops that can be differentiated. */
type DifferentiableOp =
  | 'Abs'
  | 'Add'
  | 'AveragePool'
  | 'BatchNormalization'
  | 'Cast'
  | 'Clip'
  | 'Concat'
  | 'Conv'
  | 'Cos'
  | 'Div'
  | 'Dropout'
  | 'Elu'
  | 'Erf'
  | 'Exp'
  | 'Expand'
  | 'Flatten'
  | 'Gather'
  | 'Gemm'
  | 'GlobalAveragePool'
  | 'GlobalMaxPool'
  | 'HardSigmoid'
  | 'HardSwish'
  | 'Identity'
  | 'LayerNormalization'
  | 'LeakyRelu'
  | 'Log'
  | 'LogSoftmax'
  | 'MatMul'
  | 'Max'
  | 'MaxPool'
  | 'Mean'
  | 'Min'
  | 'Mul'
  | 'Neg'
  | 'Pad'
  | 'Pow'
  | 'PRelu'
  | 'Reciprocal'
  | 'ReduceL2'
  | 'ReduceLogSumExp'
  | 'ReduceMax'
  | 'ReduceMean'
  | 'ReduceMin'
  | 'ReduceSum'
  | 'ReduceSumSquare'
  | 'Relu'
  | 'Reshape'
  | 'Sigmoid'
  | 'Sin'
  | 'Slice'
  | 'Softmax'
  | 'Softplus'
  | 'Split'
  | 'Sqrt'
  | 'Squeeze'
  | 'Sub'
  | 'Sum'
  | 'Tanh'
  | 'Transpose'
  | 'Unsqueeze'
  | 'Where';

const rules: Record<DifferentiableOp, GradientRule> = {
  Abs: elementwise.absolute,
  Add: elementwise.sum,
  AveragePool: pooling.averagePool,
  BatchNormalization: normalization.batchNormalization,
  Cast: elementwise.cast,
  Clip: elementwise.clip,
  Concat: layout.concat,
  Conv: conv,
  Cos: elementwise.cosine,
  Div: elementwise.divide,
  Dropout: elementwise.dropout,
  Elu: elementwise.elu,
  Erf: elementwise.erf,
  Exp: elementwise.exponential,
  Expand: layout.expand,
  Flatten: layout.reshape,
  Gather: layout.gather,
  Gemm: matrix.gemm,
  GlobalAveragePool: pooling.globalAveragePool,
  GlobalMaxPool: pooling.globalMaxPool,
  HardSigmoid: elementwise.hardSigmoid,
  HardSwish: elementwise.hardSwish,
  Identity: elementwise.identity,
  LayerNormalization: normalization.layerNormalization,
  LeakyRelu: elementwise.leakyRelu,
  Log: elementwise.logarithm,
  LogSoftmax: reduction.logSoftmax,
  MatMul: matrix.matMul,
  Max: elementwise.extremeOf,
  MaxPool: pooling.maxPool,
  Mean: elementwise.meanOf,
  Min: elementwise.extremeOf,
  Mul: elementwise.multiply,
  Neg: elementwise.negate,
  Pad: layout.pad,
  Pow: elementwise.power,
  PRelu: elementwise.pRelu,
  Reciprocal: elementwise.reciprocal,
  ReduceL2: reduction.reduceL2,
  ReduceLogSumExp: reduction.reduceLogSumExp,
  ReduceMax: reduction.reduceExtreme,
  ReduceMean: reduction.reduceMean,
  ReduceMin: reduction.reduceExtreme,
  ReduceSum: reduction.reduceSum,
  ReduceSumSquare: reduction.reduceSumSquare,
  Relu: elementwise.relu,
  Reshape: layout.reshape,
  Sigmoid: elementwise.sigmoid,
  Sin: elementwise.sine,
  Slice: layout.slice,
  Softmax: reduction.softmax,
  Softplus: elementwise.softplus,
  Split: layout.split,
  Sqrt: elementwise.squareRoot,
  Squeeze: layout.reshape,
  Sub: elementwise.subtract,
  Sum: elementwise.sum,
  Tanh: elementwise.tanh,
  Transpose: layout.transpose,
  Unsqueeze: layout.reshape,
  Where: elementwise.where,
};

export const gradientRules: ReadonlyMap<string, GradientRule> = new Map(Object.entries(rules));

/** Ops whose rule reads the gradients of all outputs; of every other, only the first output may be used. */
export const severalOutputs: ReadonlySet<string> = new Set(['Split']);

/** Ops through which no gradient flows: whole numbers, comparisons, steps. */
export const withoutGradient: ReadonlySet<string> = new Set([
  ...['And', 'ArgMax', 'ArgMin', 'Ceil', 'Constant', 'Equal', 'Floor', 'Greater', 'GreaterOrEqual', 'Less'],
  ...['LessOrEqual', 'Not', 'Or', 'Round', 'Shape', 'Sign', 'Size', 'Xor'],
]);
