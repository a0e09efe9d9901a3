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
  | 'Div'
  | 'Erf'
  | 'Exp'
  | 'Expand'
  | 'Flatten'
  | 'Gather'
  | 'Gemm'
  | 'GlobalAveragePool'
  | 'Identity'
  | 'LayerNormalization'
  | 'Log'
  | 'LogSoftmax'
  | 'MatMul'
  | 'MaxPool'
  | 'Mul'
  | 'Neg'
  | 'Pad'
  | 'Pow'
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
  | 'Slice'
  | 'Softmax'
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
  Div: elementwise.divide,
  Erf: elementwise.erf,
  Exp: elementwise.exponential,
  Expand: layout.expand,
  Flatten: layout.reshape,
  Gather: layout.gather,
  Gemm: matrix.gemm,
  GlobalAveragePool: pooling.globalAveragePool,
  Identity: elementwise.identity,
  LayerNormalization: normalization.layerNormalization,
  Log: elementwise.logarithm,
  LogSoftmax: reduction.logSoftmax,
  MatMul: matrix.matMul,
  MaxPool: pooling.maxPool,
  Mul: elementwise.multiply,
  Neg: elementwise.negate,
  Pad: layout.pad,
  Pow: elementwise.power,
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
  Slice: layout.slice,
  Softmax: reduction.softmax,
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

/** Ops through which no gradient flows: whole numbers, comparisons, steps. */
export const withoutGradient: ReadonlySet<string> = new Set([
  ...['And', 'ArgMax', 'ArgMin', 'Ceil', 'Constant', 'Equal', 'Floor', 'Greater', 'GreaterOrEqual', 'Less'],
  ...['LessOrEqual', 'Not', 'Or', 'Round', 'Shape', 'Sign', 'Size', 'Xor'],
]);
