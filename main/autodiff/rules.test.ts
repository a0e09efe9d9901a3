// Every gradient rule against central differences: in float64, or, where the runtime has no float64 kernel for the
// op, in float32 on functions that are linear in each input (for which a central difference has no error of its own).
import { describe, expect, it } from 'vitest';
import type { GraphBuilder } from '../onnx/builder.ts';
import { elementTypes } from '../onnx/graph.ts';
import { gradientError, type CheckedInput, type GradientCase } from '../testing/gradient-check.ts';
import { gradientRules } from './rules.ts';

type Attributes = Parameters<GraphBuilder['op']>[2];

/** One op on inputs in their order. */
function single(
  op: string,
  inputs: readonly CheckedInput[],
  output: readonly number[],
  attributes: Attributes = {},
  constants: readonly (readonly number[])[] = [],
): GradientCase {
  return {
    inputs: Object.fromEntries(inputs.map((input, index) => [`x${index}`, input])),
    output,
    build: (graph, names) =>
      graph.op(
        op,
        [...Object.values(names), ...constants.map((values) => graph.int64('constant', values))],
        attributes,
      ),
  };
}

/** Y = A^T A or A A^T */
const withItself = (transA: number): GradientCase => ({
  inputs: { a: { dims: [3, 4] } },
  output: transA ? [4, 4] : [3, 3],
  build: (graph, { a }) => graph.op('Gemm', [a!, a!], { transA, transB: 1 - transA, alpha: { float: 0.5 } }),
});

const x: CheckedInput = { dims: [2, 3, 4] };
const above: CheckedInput = { dims: [2, 3, 4], range: [0.5, 2] };
/** Numbers on both sides of what bounds HardSigmoid and HardSwish. */
const wide: CheckedInput = {
  dims: [2, 12],
  values: Array.from({ length: 24 }, (_, i) => ((i * 7) % 24) / 2.5 - 4.75),
};
/** The sum of some parts of x, split in three along an axis of uneven parts. */
const splitCase = (used: readonly number[]): GradientCase => ({
  inputs: { x: { dims: [2, 6, 4] } },
  output: [2, 2, 4],
  build: (graph, names) => {
    const parts = graph.ops('Split', [names.x!], { axis: 1 }, ['a', 'b', 'c']);
    return graph.op(
      'Sum',
      used.map((index) => graph.op('Sin', [parts[index]!])),
    );
  },
});
/** Numbers that no step of a difference moves across a kink. */
const apart: CheckedInput = {
  dims: [2, 12],
  values: Array.from({ length: 24 }, (_, i) => ((i * 7) % 24) / 10 - 1.13),
};
const image: CheckedInput = { dims: [2, 3, 5, 6] };
const float32 = (check: GradientCase, step = 0.5): GradientCase => ({ ...check, type: 'float32', step });

const conv = (
  kernel: readonly number[],
  output: readonly number[],
  attributes: Attributes,
  input: CheckedInput = image,
) => float32(single('Conv', [input, { dims: kernel }, { dims: [kernel[0]!] }], output, attributes));

const batchNorm: CheckedInput[] = [
  { dims: [4, 3, 2, 2] },
  { dims: [3] },
  { dims: [3] },
  { dims: [3], fixed: true },
  { dims: [3], range: [0.5, 1], fixed: true },
];

/** Different numbers in no order, apart by more than a step of a difference. */
const shuffled = (dims: readonly number[], from = -2): CheckedInput => {
  const count = dims.reduce((total, dim) => total * dim, 1);
  return { dims, values: Array.from({ length: count }, (_, i) => from + ((i * 17) % count) / 10) };
};

/** Cases by op; an op may have several. */
const cases: Record<string, Record<string, GradientCase>> = {
  Abs: { plain: single('Abs', [apart], [2, 12]) },
  Add: {
    same: single('Add', [x, x], [2, 3, 4]),
    'stretched on both sides': single('Add', [{ dims: [3, 1] }, { dims: [2, 1, 4] }], [2, 3, 4]),
    'with a scalar': single('Add', [x, { dims: [] }], [2, 3, 4]),
    'with a vector': single('Add', [{ dims: [4] }, x], [2, 3, 4]),
  },
  AveragePool: {
    tiles: float32(
      single('AveragePool', [{ dims: [2, 3, 4, 6] }], [2, 3, 2, 2], {
        kernel_shape: [2, 3],
        strides: [2, 3],
      }),
    ),
    'overlapping, padded, padding not counted': float32(
      single('AveragePool', [image], [2, 3, 3, 3], {
        kernel_shape: [3, 3],
        strides: [2, 2],
        pads: [1, 1, 1, 1],
      }),
    ),
    'overlapping, padding counted': float32(
      single('AveragePool', [image], [2, 3, 5, 6], {
        kernel_shape: [3, 3],
        pads: [1, 1, 1, 1],
        count_include_pad: 1,
      }),
    ),
  },
  BatchNormalization: {
    'fixed statistics': single('BatchNormalization', batchNorm, [4, 3, 2, 2]),
    'fixed statistics of vectors': single(
      'BatchNormalization',
      [{ dims: [4, 3] }, ...batchNorm.slice(1)],
      [4, 3],
    ),
    'batch statistics': {
      ...single('BatchNormalization', batchNorm, [4, 3, 2, 2]),
      build: (graph, names) =>
        graph.ops('BatchNormalization', Object.values(names), { training_mode: 1 }, [
          'y',
          'mean',
          'variance',
        ])[0]!,
    },
  },
  Cast: {
    'there and back': {
      ...single('Cast', [x], [2, 3, 4]),
      type: 'float32',
      step: 0.5,
      build: (graph, names) =>
        graph.op('Cast', [graph.op('Cast', [names.x0!], { to: elementTypes.float64.onnx })], {
          to: elementTypes.float32.onnx,
        }),
    },
  },
  Clip: {
    'between constants': {
      ...single('Clip', [apart], [2, 12]),
      build: (graph, names) => {
        const bound = (value: number) =>
          graph.op('Cast', [graph.float32('bound', Float32Array.of(value), [])], {
            to: elementTypes.float64.onnx,
          });
        return graph.op('Clip', [names.x0!, bound(-0.5), bound(0.75)]);
      },
    },
  },
  Concat: { middle: single('Concat', [x, { dims: [2, 1, 4] }, { dims: [2, 2, 4] }], [2, 6, 4], { axis: 1 }) },
  Conv: {
    '3x3 padded': conv([4, 3, 3, 3], [2, 4, 5, 6], { pads: [1, 1, 1, 1] }),
    '3x3 of one cell': conv([4, 3, 3, 3], [2, 4, 1, 1], { pads: [1, 1, 1, 1] }, { dims: [2, 3, 1, 1] }),
    '3x3 bare': conv([4, 3, 3, 3], [2, 4, 3, 4], {}),
    '3x3 in strides': conv([4, 3, 3, 3], [2, 4, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] }),
    '3x3 in strides, even side': conv(
      [4, 3, 3, 3],
      [2, 4, 2, 3],
      { pads: [1, 1, 1, 1], strides: [2, 2] },
      {
        dims: [2, 3, 4, 6],
      },
    ),
    '2x3 padded unevenly': conv([4, 3, 2, 3], [2, 4, 5, 7], { pads: [0, 2, 1, 1] }),
    '1x1': conv([4, 3, 1, 1], [2, 4, 5, 6], {}),
    '1x1 of few cells': conv([8, 6, 1, 1], [2, 8, 1, 2], {}, { dims: [2, 6, 1, 2] }),
    '1x1 in strides': conv([4, 3, 1, 1], [2, 4, 3, 3], { strides: [2, 2] }),
    'padded beyond the kernel': conv([4, 3, 1, 1], [2, 4, 7, 8], { pads: [1, 1, 1, 1] }),
    depthwise: conv([3, 1, 3, 3], [2, 3, 5, 6], { group: 3, pads: [1, 1, 1, 1] }),
    'depthwise in strides, padded below and to the right': conv(
      [3, 1, 3, 3],
      [2, 3, 3, 3],
      { group: 3, strides: [2, 2], pads: [0, 0, 1, 1] },
      { dims: [2, 3, 6, 6] },
    ),
    'depthwise in strides that leave cells out': conv([3, 1, 3, 3], [2, 3, 2, 2], {
      group: 3,
      strides: [2, 2],
    }),
    'depthwise, dilated': conv([3, 1, 3, 3], [2, 3, 5, 6], {
      group: 3,
      pads: [2, 2, 2, 2],
      dilations: [2, 2],
    }),
    'depthwise with two filters a channel': conv([6, 1, 3, 3], [2, 6, 5, 6], {
      group: 3,
      pads: [1, 1, 1, 1],
    }),
    'in groups': conv([4, 2, 3, 3], [2, 4, 5, 6], { group: 2, pads: [1, 1, 1, 1] }, { dims: [2, 4, 5, 6] }),
    'in groups and strides': conv(
      [6, 2, 3, 3],
      [2, 6, 3, 3],
      { group: 2, pads: [1, 1, 1, 1], strides: [2, 2] },
      { dims: [2, 4, 5, 6] },
    ),
    dilated: conv([4, 3, 3, 3], [2, 4, 5, 6], { pads: [2, 2, 2, 2], dilations: [2, 2] }),
    'dilated, in strides': conv([4, 3, 2, 3], [2, 4, 2, 3], {
      pads: [0, 2, 0, 2],
      dilations: [2, 2],
      strides: [2, 2],
    }),
    'without bias': float32(
      single('Conv', [image, { dims: [2, 3, 3, 3] }], [2, 2, 5, 6], { pads: [1, 1, 1, 1] }),
    ),
  },
  Div: {
    stretched: single('Div', [x, { dims: [3, 1], range: [0.5, 2] }], [2, 3, 4]),
    'one by many': single('Div', [{ dims: [] }, above], [2, 3, 4]),
  },
  Dropout: { 'of a trained network': single('Dropout', [x], [2, 3, 4]) },
  Elu: { plain: float32(single('Elu', [apart], [2, 12], { alpha: { float: 0.5 } }), 1e-2) },
  Erf: { plain: float32(single('Erf', [x], [2, 3, 4]), 1e-2) },
  Exp: { plain: single('Exp', [x], [2, 3, 4]) },
  Expand: { rows: single('Expand', [{ dims: [3, 1] }], [2, 3, 4], {}, [[2, 3, 4]]) },
  Flatten: { axis: single('Flatten', [x], [6, 4], { axis: 2 }) },
  Gather: {
    permutation: single('Gather', [x], [2, 3, 4], { axis: 2 }, [[2, 0, 3, 1]]),
    'some, counted from the end': single('Gather', [x], [2, 3, 2], { axis: 2 }, [[-1, 1]]),
    'one twice': single('Gather', [x], [2, 3, 4], { axis: 1 }, [[2]]),
    'repeated by a constant': single('Gather', [x], [2, 4, 4], { axis: 1 }, [[2, 0, 2, 1]]),
    'indices of two axes': single(
      'Gather',
      [x, { dims: [2, 2], type: 'int64', values: [1, 0, 2, 1] }],
      [2, 2, 2, 4],
      {
        axis: 1,
      },
    ),
    'indices at run time': single(
      'Gather',
      [{ dims: [3, 4] }, { dims: [5], type: 'int64', values: [2, 0, -1, 1, 2] }],
      [5, 4],
      { axis: 0 },
    ),
  },
  Gemm: {
    ...Object.fromEntries([0, 1].map((transA) => [`with itself, transA ${transA}`, withItself(transA)])),
    ...Object.fromEntries(
      [0, 1].flatMap((transA) =>
        [0, 1].map((transB) => [
          `transA ${transA} transB ${transB}`,
          single(
            'Gemm',
            [
              { dims: transA ? [3, 2] : [2, 3] },
              { dims: transB ? [4, 3] : [3, 4] },
              { dims: transA ? [4] : [2, 1] },
            ],
            [2, 4],
            { transA, transB, alpha: { float: 0.5 }, beta: { float: 2 } },
          ),
        ]),
      ),
    ),
  },
  GlobalMaxPool: { plain: float32(single('GlobalMaxPool', [shuffled([2, 3, 2, 3])], [2, 3, 1, 1]), 1e-2) },
  HardSigmoid: { plain: float32(single('HardSigmoid', [wide], [2, 12]), 1e-2) },
  HardSwish: { plain: float32(single('HardSwish', [wide], [2, 12]), 1e-2) },
  GlobalAveragePool: { plain: float32(single('GlobalAveragePool', [image], [2, 3, 1, 1])) },
  Identity: { plain: single('Identity', [x], [2, 3, 4]) },
  LayerNormalization: {
    'last axis': single('LayerNormalization', [x, { dims: [4] }, { dims: [4] }], [2, 3, 4], { axis: -1 }),
    'two axes': single('LayerNormalization', [x, { dims: [3, 4] }, { dims: [3, 4] }], [2, 3, 4], { axis: 1 }),
  },
  LeakyRelu: { plain: float32(single('LeakyRelu', [apart], [2, 12], { alpha: { float: 0.25 } }), 1e-2) },
  Log: { plain: single('Log', [above], [2, 3, 4]) },
  LogSoftmax: { 'middle axis': single('LogSoftmax', [x], [2, 3, 4], { axis: 1 }) },
  MatMul: {
    matrices: single('MatMul', [{ dims: [2, 3] }, { dims: [3, 4] }], [2, 4]),
    'batch by matrix': single('MatMul', [x, { dims: [4, 5] }], [2, 3, 5]),
    'batch by batch': single('MatMul', [x, { dims: [2, 4, 5] }], [2, 3, 5]),
    'matrix by batch': single('MatMul', [{ dims: [5, 3] }, x], [2, 5, 4]),
    'stretched batches': single('MatMul', [{ dims: [2, 1, 3, 4] }, { dims: [3, 4, 2] }], [2, 3, 3, 2]),
  },
  MaxPool: {
    tiles: single(
      'MaxPool',
      [{ dims: [1, 2, 4, 6], values: Array.from({ length: 48 }, (_, i) => ((i * 11) % 48) / 10) }],
      [1, 2, 2, 2],
      { kernel_shape: [2, 3], strides: [2, 3] },
    ),
    'overlapping and padded': float32(
      single('MaxPool', [shuffled([1, 2, 5, 6])], [1, 2, 3, 3], {
        kernel_shape: [3, 3],
        strides: [2, 2],
        pads: [1, 1, 1, 1],
      }),
      1e-2,
    ),
    'all below zero, cells left out': float32(
      single('MaxPool', [shuffled([1, 2, 5, 6], -10)], [1, 2, 2, 2], {
        kernel_shape: [3, 3],
        strides: [2, 2],
      }),
      1e-2,
    ),
  },
  Max: {
    three: single(
      'Max',
      [apart, { dims: [1, 12], values: apart.values!.slice(0, 12).map((v) => v + 0.05) }, { dims: [] }],
      [2, 12],
    ),
  },
  Mean: { stretched: float32(single('Mean', [x, { dims: [3, 1] }, { dims: [4] }], [2, 3, 4])) },
  Min: { two: single('Min', [apart, { dims: [2, 1], values: [0.021, 0.27] }], [2, 12]) },
  Mul: {
    stretched: single('Mul', [x, { dims: [1, 3, 1] }], [2, 3, 4]),
    'with itself': {
      inputs: { x },
      output: [2, 3, 4],
      build: (graph, names) => graph.op('Mul', [names.x!, names.x!]),
    },
  },
  Neg: { plain: single('Neg', [x], [2, 3, 4]) },
  Pad: { uneven: single('Pad', [x], [3, 3, 7], {}, [[1, 0, 2, 0, 0, 1]]) },
  Pow: {
    plain: single('Pow', [above, { dims: [3, 1] }], [2, 3, 4]),
    'even power of negative numbers': single('Pow', [x, { dims: [], values: [2], fixed: true }], [2, 3, 4]),
  },
  PRelu: { 'slope of a channel': float32(single('PRelu', [apart, { dims: [12] }], [2, 12]), 1e-2) },
  Reciprocal: { plain: single('Reciprocal', [above], [2, 3, 4]) },
  ReduceL2: { kept: single('ReduceL2', [x], [2, 1, 4], { axes: [1] }) },
  ReduceLogSumExp: { dropped: single('ReduceLogSumExp', [x], [2, 4], { axes: [1], keepdims: 0 }) },
  ReduceMax: { dropped: single('ReduceMax', [apart], [2], { axes: [1], keepdims: 0 }) },
  ReduceMean: {
    kept: single('ReduceMean', [x], [2, 1, 1], { axes: [1, -1] }),
    dropped: single('ReduceMean', [x], [2, 4], { axes: [1], keepdims: 0 }),
  },
  ReduceMin: { kept: single('ReduceMin', [apart], [2, 1], { axes: [1] }) },
  ReduceSum: {
    all: single('ReduceSum', [x], [], { keepdims: 0 }),
    dropped: single('ReduceSum', [x], [3], { keepdims: 0 }, [[0, 2]]),
  },
  ReduceSumSquare: { dropped: single('ReduceSumSquare', [x], [2, 3], { axes: [2], keepdims: 0 }) },
  Relu: {
    plain: single('Relu', [apart], [2, 12]),
    'single precision': float32(single('Relu', [apart], [2, 12]), 1e-2),
  },
  Reshape: { inferred: single('Reshape', [x], [2, 12], {}, [[0, -1]]) },
  Sigmoid: { plain: single('Sigmoid', [x], [2, 3, 4]) },
  Sin: { plain: single('Sin', [x], [2, 3, 4]) },
  Cos: { plain: float32(single('Cos', [x], [2, 3, 4]), 1e-2) },
  Softplus: { plain: float32(single('Softplus', [x], [2, 3, 4]), 1e-2) },
  Split: { 'first and third of three': splitCase([0, 2]), 'all parts': splitCase([0, 1, 2]) },
  Slice: {
    middle: single('Slice', [x], [2, 1, 2], {}, [
      [1, 1],
      [2, 3],
      [1, 2],
    ]),
    'from the end': single('Slice', [x], [2, 3, 2], {}, [[-2], [1000], [2]]),
    'every second, turned around': single('Slice', [x], [2, 3, 2], {}, [[3], [-1000], [2], [-2]]),
  },
  Softmax: {
    'last axis': single('Softmax', [x], [2, 3, 4], { axis: -1 }),
    'first axis': single('Softmax', [x], [2, 3, 4], { axis: 0 }),
  },
  Sqrt: { plain: single('Sqrt', [above], [2, 3, 4]) },
  Squeeze: { axis: single('Squeeze', [{ dims: [2, 1, 3] }], [2, 3], {}, [[1]]) },
  Sub: { stretched: single('Sub', [{ dims: [4] }, x], [2, 3, 4]) },
  Sum: { three: single('Sum', [x, { dims: [3, 1] }, { dims: [4] }], [2, 3, 4]) },
  Tanh: { plain: single('Tanh', [x], [2, 3, 4]) },
  Transpose: {
    given: single('Transpose', [x], [4, 2, 3], { perm: [2, 0, 1] }),
    reversed: single('Transpose', [x], [4, 3, 2]),
  },
  Unsqueeze: { 'two axes': single('Unsqueeze', [x], [2, 1, 3, 4, 1], {}, [[1, -1]]) },
  Where: {
    stretched: single(
      'Where',
      [{ dims: [3, 1], type: 'bool', values: [1, 0, 1] }, x, { dims: [4] }],
      [2, 3, 4],
    ),
  },
};

const rows = Object.entries(cases).flatMap(([op, byName]) =>
  Object.entries(byName).map(([name, check]) => ({ op, name, check })),
);

describe('gradient rules', () => {
  it('all have a case', () => {
    expect(Object.keys(cases).sort()).toEqual([...gradientRules.keys()].sort());
  });

  it.each(rows)('$op: $name', async ({ check }) => {
    const error = await gradientError(check);
    expect(error).toBeLessThan(check.type === 'float32' ? 3e-4 : 1e-7);
  });
});
