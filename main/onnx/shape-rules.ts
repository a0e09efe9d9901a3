// The shape and the element type of what each op computes: one rule per op. Pure.
// Source: the ONNX operator specification, operator sets 13 to 17.
import { intAttribute, intsAttribute } from './attributes.ts';
import { broadcast, normalAxis, product, quotient, ShapeError, type Dimension } from './dimensions.ts';
import { elementTypes, type ElementType } from './graph.ts';
import {
  axesOf,
  sliceRanges,
  windowOf,
  type ShapeContext,
  type ValueType,
  type Window,
} from './shape-context.ts';

type ShapeRule = (context: ShapeContext) => ValueType[];

const same: ShapeRule = ({ input }) => [input(0)];

const elementwise: ShapeRule = ({ node, input }) => {
  const dims = node.inputs
    .map((_, index) => input(index).dims)
    .reduce<readonly Dimension[]>((all, next) => broadcast(all, next), []);
  return [{ type: input(0).type, dims }];
};

const comparison: ShapeRule = (context) => [{ type: 'bool', dims: elementwise(context)[0]!.dims }];

const reduction: ShapeRule = (context) => {
  const { type, dims } = context.input(0);
  const axes = (axesOf(context) ?? dims.map((_, axis) => axis)).map((axis) => normalAxis(axis, dims.length));
  const keep = intAttribute(context.node, 'keepdims', 1) === 1;
  return [{ type, dims: dims.flatMap((dim, axis) => (!axes.includes(axis) ? [dim] : keep ? [1] : [])) }];
};

function slide(size: Dimension, window: Window, axis: number): Dimension {
  const { kernel, strides, pads, dilations } = window;
  if (typeof size !== 'number') throw new ShapeError(`the spatial size ${size} must be known`);
  const padded = size + pads[axis]! + pads[axis + kernel.length]!;
  const extent = dilations[axis]! * (kernel[axis]! - 1) + 1;
  if (padded < extent) throw new ShapeError(`a window of ${extent} does not fit ${padded} cells`);
  return Math.floor((padded - extent) / strides[axis]!) + 1;
}

function numbers(dims: readonly Dimension[], what: string): number[] {
  return dims.map((dim) => {
    if (typeof dim !== 'number') throw new ShapeError(`${what} [${dims.join(', ')}] must be known`);
    return dim;
  });
}

const conv: ShapeRule = ({ node, input }) => {
  const { type, dims } = input(0);
  const kernel = input(1).dims;
  const window = windowOf(node, numbers(kernel.slice(2), 'the kernel'));
  const spatial = dims.slice(2).map((size, axis) => slide(size, window, axis));
  return [{ type, dims: [dims[0]!, kernel[0]!, ...spatial] }];
};

const convTranspose: ShapeRule = ({ node, input }) => {
  const { type, dims } = input(0);
  const kernel = numbers(input(1).dims, 'the kernel');
  const { strides, pads, dilations } = windowOf(node, kernel.slice(2));
  const extra = intsAttribute(node, 'output_padding') ?? [];
  const spatial = numbers(dims.slice(2), 'the spatial size').map((size, axis) => {
    const extent = dilations[axis]! * (kernel[axis + 2]! - 1) + 1;
    const cut = pads[axis]! + pads[axis + kernel.length - 2]!;
    return (size - 1) * strides[axis]! + extent + (extra[axis] ?? 0) - cut;
  });
  return [{ type, dims: [dims[0]!, kernel[1]! * intAttribute(node, 'group', 1), ...spatial] }];
};

const pool: ShapeRule = ({ node, input }) => {
  const { type, dims } = input(0);
  if (intAttribute(node, 'ceil_mode', 0) !== 0) throw new ShapeError('ceil_mode is not supported');
  const window = windowOf(node, intsAttribute(node, 'kernel_shape') ?? []);
  const spatial = dims.slice(2).map((size, axis) => slide(size, window, axis));
  const pooled: ValueType = { type, dims: [dims[0]!, dims[1]!, ...spatial] };
  return node.outputs.length > 1 ? [pooled, { ...pooled, type: 'int64' }] : [pooled];
};

const globalPool: ShapeRule = ({ input }) => {
  const { type, dims } = input(0);
  return [{ type, dims: dims.map((dim, axis) => (axis < 2 ? dim : 1)) }];
};

const matMul: ShapeRule = ({ input }) => {
  const { type, dims: a } = input(0);
  const b = input(1).dims;
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const inner = [left.at(-1)!, right.at(-2)!];
  if (inner[0] !== inner[1] && inner.every((dim) => typeof dim === 'number')) {
    throw new ShapeError(`[${a.join(', ')}] and [${b.join(', ')}] cannot be multiplied`);
  }
  const batch = broadcast(left.slice(0, -2), right.slice(0, -2));
  const rows = a.length === 1 ? [] : [left.at(-2)!];
  const columns = b.length === 1 ? [] : [right.at(-1)!];
  return [{ type, dims: [...batch, ...rows, ...columns] }];
};

const gemm: ShapeRule = ({ node, input }) => {
  const { type, dims: a } = input(0);
  const b = input(1).dims;
  const rows = a[intAttribute(node, 'transA', 0)]!;
  return [{ type, dims: [rows, b[1 - intAttribute(node, 'transB', 0)]!] }];
};

const reshape: ShapeRule = ({ input, integers }) => {
  const { type, dims } = input(0);
  const target = integers(1);
  if (!target) throw new ShapeError('the new shape must be a constant');
  const known = target.map((size, axis) => (size === 0 ? dims[axis]! : size));
  const rest = quotient(product(dims), product(known.filter((size) => size !== -1)));
  if (rest === null || (!known.includes(-1) && rest !== 1)) {
    throw new ShapeError(`[${dims.join(', ')}] cannot become [${target.join(', ')}]`);
  }
  return [{ type, dims: known.map((size) => (size === -1 ? rest : size)) }];
};

const flatten: ShapeRule = ({ node, input }) => {
  const { type, dims } = input(0);
  const axis = intAttribute(node, 'axis', 1);
  const at = axis < 0 ? axis + dims.length : axis;
  return [{ type, dims: [product(dims.slice(0, at)), product(dims.slice(at))] }];
};

const transpose: ShapeRule = ({ node, input }) => {
  const { type, dims } = input(0);
  const order = intsAttribute(node, 'perm') ?? dims.map((_, axis) => dims.length - 1 - axis);
  return [{ type, dims: order.map((axis) => dims[axis]!) }];
};

const concat: ShapeRule = ({ node, input }) => {
  const parts = node.inputs.map((_, index) => input(index));
  const { type, dims } = parts[0]!;
  const axis = normalAxis(intAttribute(node, 'axis', 0), dims.length);
  const total = parts.reduce<Dimension>((sum, part) => {
    const size = part.dims[axis]!;
    if (typeof sum !== 'number' || typeof size !== 'number') {
      throw new ShapeError('the joined sizes must be known');
    }
    return sum + size;
  }, 0);
  return [{ type, dims: dims.map((dim, at) => (at === axis ? total : dim)) }];
};

const slice: ShapeRule = (context) => {
  const { type, dims } = context.input(0);
  const result = [...dims];
  for (const { axis, count } of sliceRanges(context)) result[axis] = count;
  return [{ type, dims: result }];
};

const gather: ShapeRule = ({ node, input }) => {
  const { type, dims } = input(0);
  const axis = normalAxis(intAttribute(node, 'axis', 0), dims.length);
  return [{ type, dims: [...dims.slice(0, axis), ...input(1).dims, ...dims.slice(axis + 1)] }];
};

const where: ShapeRule = ({ input }) => [
  { type: input(1).type, dims: broadcast(broadcast(input(0).dims, input(1).dims), input(2).dims) },
];

const unsqueeze: ShapeRule = (context) => {
  const { type, dims } = context.input(0);
  const axes = axesOf(context);
  if (!axes) throw new ShapeError('the new axes must be constants');
  const rank = dims.length + axes.length;
  const added = new Set(axes.map((axis) => normalAxis(axis, rank)));
  const rest = [...dims];
  return [{ type, dims: Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!)) }];
};

const squeeze: ShapeRule = (context) => {
  const { type, dims } = context.input(0);
  const axes = axesOf(context)?.map((axis) => normalAxis(axis, dims.length));
  return [{ type, dims: dims.filter((dim, axis) => (axes ? !axes.includes(axis) : dim !== 1)) }];
};

const expand: ShapeRule = ({ input, integers }) => {
  const target = integers(1);
  if (!target) throw new ShapeError('the shape to expand to must be a constant');
  return [{ type: input(0).type, dims: broadcast(input(0).dims, target) }];
};

const typeByNumber = new Map(
  Object.entries(elementTypes).map(([type, { onnx }]) => [onnx as number, type as ElementType]),
);

const cast: ShapeRule = ({ node, input }) => {
  const type = typeByNumber.get(intAttribute(node, 'to', 0));
  if (!type) throw new ShapeError('the element type to cast to is not supported');
  return [{ type, dims: input(0).dims }];
};

const pad: ShapeRule = ({ input, integers }) => {
  const { type, dims } = input(0);
  const pads = integers(1);
  if (!pads) throw new ShapeError('the padding must be a constant');
  return [
    {
      type,
      dims: dims.map((dim, axis) => {
        const added = pads[axis]! + pads[axis + dims.length]!;
        if (added === 0) return dim;
        if (typeof dim !== 'number') throw new ShapeError(`the padded size ${dim} must be known`);
        return dim + added;
      }),
    },
  ];
};

const argMax: ShapeRule = ({ node, input }) => {
  const { dims } = input(0);
  const axis = normalAxis(intAttribute(node, 'axis', 0), dims.length);
  const keep = intAttribute(node, 'keepdims', 1) === 1;
  return [{ type: 'int64', dims: dims.flatMap((dim, at) => (at !== axis ? [dim] : keep ? [1] : [])) }];
};

/** Mean and variance follow in training mode. */
const batchNormalization: ShapeRule = ({ node, input }) =>
  [input(0), input(3), input(4)].slice(0, node.outputs.length);

/** Mean and inverse standard deviation may follow. */
const layerNormalization: ShapeRule = ({ node, input }) => {
  const { type, dims } = input(0);
  const axis = normalAxis(intAttribute(node, 'axis', -1), dims.length);
  const statistic: ValueType = { type, dims: dims.map((dim, at) => (at < axis ? dim : 1)) };
  return [{ type, dims }, statistic, statistic].slice(0, node.outputs.length);
};

/** Parts of given sizes, or as many equal ones as there are outputs. */
const split: ShapeRule = ({ node, input, integers }) => {
  const { type, dims } = input(0);
  const axis = normalAxis(intAttribute(node, 'axis', 0), dims.length);
  const size = dims[axis]!;
  if (typeof size !== 'number') throw new ShapeError(`the split size ${size} must be known`);
  const part = Math.ceil(size / node.outputs.length);
  const equal = node.outputs.map((_, index) => Math.min(part, size - index * part));
  const sizes = integers(1) ?? intsAttribute(node, 'split') ?? equal;
  if (sizes.length !== node.outputs.length || sizes.reduce((total, next) => total + next, 0) !== size) {
    throw new ShapeError(`parts of [${sizes.join(', ')}] do not make up ${size}`);
  }
  return sizes.map((own) => ({ type, dims: dims.map((dim, at) => (at === axis ? own : dim)) }));
};

/** A mask may follow. */
const dropout: ShapeRule = ({ node, input }) =>
  [input(0), { ...input(0), type: 'bool' as const }].slice(0, node.outputs.length);

const constant: ShapeRule = ({ node }) => {
  const attribute = node.attributes.value;
  if (!attribute || !('tensor' in attribute)) throw new ShapeError('only tensors are supported as constants');
  return [{ type: attribute.tensor.type, dims: attribute.tensor.dims }];
};

const ruleGroups: readonly (readonly [ShapeRule, readonly string[]])[] = [
  [
    same,
    [
      ...[
        'Abs',
        'Ceil',
        'Clip',
        'Cos',
        'Elu',
        'Erf',
        'Exp',
        'Floor',
        'HardSigmoid',
        'HardSwish',
        'Identity',
        'LeakyRelu',
        'Log',
        'LogSoftmax',
      ],
      ...['Neg', 'Not', 'Reciprocal', 'Relu', 'Round', 'ScatterElements', 'ScatterND', 'Sigmoid', 'Sign'],
      ...['Sin', 'Softmax', 'Softplus', 'Sqrt', 'Tanh'],
    ],
  ],
  [
    elementwise,
    ['Add', 'And', 'Div', 'Max', 'Mean', 'Min', 'Mul', 'Or', 'PRelu', 'Pow', 'Sub', 'Sum', 'Xor'],
  ],
  [comparison, ['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual']],
  [
    reduction,
    ['ReduceL2', 'ReduceLogSumExp', 'ReduceMax', 'ReduceMean', 'ReduceMin', 'ReduceSum', 'ReduceSumSquare'],
  ],
  [pool, ['AveragePool', 'MaxPool']],
  [globalPool, ['GlobalAveragePool', 'GlobalMaxPool']],
];

/** One rule per op. */
export const shapeRules: ReadonlyMap<string, ShapeRule> = new Map<string, ShapeRule>([
  ...ruleGroups.flatMap(([rule, ops]) => ops.map((op) => [op, rule] as const)),
  ['ArgMax', argMax],
  ['ArgMin', argMax],
  ['BatchNormalization', batchNormalization],
  ['Cast', cast],
  ['Concat', concat],
  ['Constant', constant],
  ['Conv', conv],
  ['ConvTranspose', convTranspose],
  ['Dropout', dropout],
  ['Expand', expand],
  ['Flatten', flatten],
  ['Gather', gather],
  ['Gemm', gemm],
  ['LayerNormalization', layerNormalization],
  ['MatMul', matMul],
  ['Pad', pad],
  ['Reshape', reshape],
  ['Shape', ({ input }) => [{ type: 'int64', dims: [input(0).dims.length] }]],
  ['Size', () => [{ type: 'int64', dims: [] }]],
  ['Slice', slice],
  ['Split', split],
  ['Squeeze', squeeze],
  ['Transpose', transpose],
  ['Unsqueeze', unsqueeze],
  ['Where', where],
]);
