// The shape and the element type of what each op computes: one rule per op. Pure.
// Source: the ONNX operator specification, operator sets 13 to 17.
import { intAttribute, intsAttribute, stringAttribute } from './attributes.ts';
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

function slide(size: Dimension, window: Window, axis: number, upwards = false): Dimension {
  const { kernel, strides, pads, dilations } = window;
  if (typeof size !== 'number') throw new ShapeError(`the spatial size ${size} must be known`);
  const padded = size + pads[axis]! + pads[axis + kernel.length]!;
  const extent = dilations[axis]! * (kernel[axis]! - 1) + 1;
  if (padded < extent) throw new ShapeError(`a window of ${extent} does not fit ${padded} cells`);
  const steps = Math.floor((padded - extent) / strides[axis]!) + 1;
  const over = (padded - extent) % strides[axis]!;
  if (!upwards || over === 0) return steps;
  // One more that only partly fits, unless it would begin in the padding behind the cells.
  return steps * strides[axis]! < size + pads[axis]! ? steps + 1 : steps;
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
  const upwards = intAttribute(node, 'ceil_mode', 0) !== 0;
  const window = windowOf(node, intsAttribute(node, 'kernel_shape') ?? []);
  const spatial = dims.slice(2).map((size, axis) => slide(size, window, axis, upwards));
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

const reshape: ShapeRule = ({ input, sizes }) => {
  const { type, dims } = input(0);
  const target = sizes(1);
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

const expand: ShapeRule = ({ input, sizes }) => {
  const target = sizes(1);
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
  const given = integers(1);
  if (!given) throw new ShapeError('the padding must be a constant');
  const pads = padsOfAll(given, integers(3), dims.length);
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

/** Padding at the beginning and at the end of every axis, where it may be given for some of them (operator set 18). */
export function padsOfAll(
  pads: readonly number[],
  axes: readonly number[] | null,
  rank: number,
): readonly number[] {
  if (!axes) return pads;
  const all = new Array<number>(2 * rank).fill(0);
  axes.forEach((given, i) => {
    const axis = normalAxis(given, rank);
    [all[axis], all[axis + rank]] = [pads[i]!, pads[i + axes.length]!];
  });
  return all;
}

/** Indices of whole elements or of slices, with leading axes that both share. */
const gatherNd: ShapeRule = ({ node, input }) => {
  const { type, dims } = input(0);
  const indices = input(1).dims;
  const depth = indices.at(-1);
  if (typeof depth !== 'number') throw new ShapeError('the depth of the indices must be known');
  const shared = intAttribute(node, 'batch_dims', 0);
  return [{ type, dims: [...indices.slice(0, -1), ...dims.slice(shared + depth)] }];
};

const gatherElements: ShapeRule = ({ input }) => [{ type: input(0).type, dims: input(1).dims }];

/** Blocks of the picture against channels, both ways. */
const blocks =
  (toSpace: boolean): ShapeRule =>
  ({ node, input }) => {
    const { type, dims } = input(0);
    const side = intAttribute(node, 'blocksize', 1);
    const [batch, channels, rows, columns] = dims;
    const [c, h, w] = numbers([channels!, rows!, columns!], 'the sizes');
    return [
      {
        type,
        dims: toSpace
          ? [batch!, c! / side ** 2, h! * side, w! * side]
          : [batch!, c! * side ** 2, h! / side, w! / side],
      },
    ];
  };

/** A sum of products by names of axes, such as bhid,bhjd->bhij. */
const einsum: ShapeRule = ({ node, input }) => {
  const equation = stringAttribute(node, 'equation', '').replaceAll(' ', '');
  const [left, right] = equation.split('->');
  if (left === undefined || right === undefined || equation.includes('.')) {
    throw new ShapeError(`the equation ${equation} must name every axis and the result`);
  }
  const sizes = new Map<string, Dimension>();
  left.split(',').forEach((names, index) => {
    Array.from(names).forEach((name, axis) => sizes.set(name, input(index).dims[axis]!));
  });
  return [{ type: input(0).type, dims: Array.from(right).map((name) => sizes.get(name)!) }];
};

const castLike: ShapeRule = ({ input }) => [{ type: input(1).type, dims: input(0).dims }];

/** What is as large as its data say: its size is told where they are known. */
const constantOfShape: ShapeRule = ({ node, sizes }) => {
  const target = sizes(0);
  if (!target) throw new ShapeError('the shape to fill must be known');
  const value = node.attributes.value;
  return [{ type: value && 'tensor' in value ? value.tensor.type : 'float32', dims: target }];
};

const range: ShapeRule = ({ input, sizes }) => {
  const [start, limit, step] = [0, 1, 2].map((index) => sizes(index)?.[0]);
  if (typeof start === 'number' && typeof limit === 'number' && typeof step === 'number') {
    return [{ type: input(0).type, dims: [Math.max(0, Math.ceil((limit - start) / step))] }];
  }
  if (start === 0 && step === 1 && limit !== undefined) return [{ type: input(0).type, dims: [limit] }];
  throw new ShapeError('the range must be known');
};

const tile: ShapeRule = ({ input, sizes }) => {
  const { type, dims } = input(0);
  const repeats = sizes(1);
  if (!repeats) throw new ShapeError('the repeats must be known');
  return [{ type, dims: dims.map((dim, axis) => product([dim, repeats[axis]!])) }];
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
      ...['Celu', 'CumSum', 'Hardmax', 'InstanceNormalization', 'LRN', 'Selu', 'Shrink', 'Softsign', 'Trilu'],
      ...['ThresholdedRelu', 'Tan', 'Sinh', 'Cosh', 'Atan', 'Asin', 'Acos'],
      ...['Sin', 'Softmax', 'Softplus', 'Sqrt', 'Tanh'],
    ],
  ],
  [
    elementwise,
    ['Add', 'And', 'Div', 'Max', 'Mean', 'Min', 'Mod', 'Mul', 'Or', 'PRelu', 'Pow', 'Sub', 'Sum', 'Xor'],
  ],
  [comparison, ['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual']],
  [
    reduction,
    [
      ...['ReduceL1', 'ReduceL2', 'ReduceLogSum', 'ReduceLogSumExp', 'ReduceMax', 'ReduceMean', 'ReduceMin'],
      ...['ReduceProd', 'ReduceSum', 'ReduceSumSquare'],
    ],
  ],
  [pool, ['AveragePool', 'LpPool', 'MaxPool']],
  [globalPool, ['GlobalAveragePool', 'GlobalLpPool', 'GlobalMaxPool']],
];

/** One rule per op. */
export const shapeRules: ReadonlyMap<string, ShapeRule> = new Map<string, ShapeRule>([
  ...ruleGroups.flatMap(([rule, ops]) => ops.map((op) => [op, rule] as const)),
  ['ArgMax', argMax],
  ['ArgMin', argMax],
  ['BatchNormalization', batchNormalization],
  ['Cast', cast],
  ['CastLike', castLike],
  ['Concat', concat],
  ['Constant', constant],
  ['ConstantOfShape', constantOfShape],
  ['Conv', conv],
  ['ConvTranspose', convTranspose],
  ['DepthToSpace', blocks(true)],
  ['Dropout', dropout],
  ['Einsum', einsum],
  ['Expand', expand],
  ['Flatten', flatten],
  ['Gather', gather],
  ['GatherElements', gatherElements],
  ['GatherND', gatherNd],
  ['Gemm', gemm],
  ['LayerNormalization', layerNormalization],
  ['MatMul', matMul],
  ['Pad', pad],
  ['Range', range],
  ['Reshape', reshape],
  [
    'Shape',
    ({ node, input }) => {
      const { dims } = input(0);
      const shown = dims.slice(intAttribute(node, 'start', 0), intAttribute(node, 'end', dims.length));
      return [{ type: 'int64', dims: [shown.length] }];
    },
  ],
  ['Size', () => [{ type: 'int64', dims: [] }]],
  ['Slice', slice],
  ['SpaceToDepth', blocks(false)],
  ['Split', split],
  ['Squeeze', squeeze],
  ['Tile', tile],
  ['Transpose', transpose],
  ['Unsqueeze', unsqueeze],
  ['Where', where],
]);
