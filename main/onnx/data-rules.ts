// What a graph computes with its own shapes: whole numbers that are known before it runs, if only as a multiple of a
// size that has a name (`batch`, `4*batch`). One rule per operator that exporters use for that. Pure.
import { intAttribute, intsAttribute } from './attributes.ts';
import { broadcast, knownSizes, normalAxis, product, quotient, type Dimension } from './dimensions.ts';
import { elementTypes, type Constant, type ElementType, type Node } from './graph.ts';
import type { ValueType } from './shape-context.ts';

/** Small known data, row-major. Truth is 1 and 0. */
export interface KnownData {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly values: readonly Dimension[];
}

/** Lists longer than this are no shapes, axes or indices. */
export const longestKnown = 4096;

const readers: Readonly<Record<ElementType, (view: DataView, at: number) => number>> = {
  float32: (view, at) => view.getFloat32(at, true),
  float64: (view, at) => view.getFloat64(at, true),
  float16: () => NaN,
  int64: (view, at) => Number(view.getBigInt64(at, true)),
  int32: (view, at) => view.getInt32(at, true),
  int8: (view, at) => view.getInt8(at),
  uint8: (view, at) => view.getUint8(at),
  bool: (view, at) => view.getUint8(at),
};

/** A constant as data; null where it is too long to be read as such. */
export function dataOf({ type, dims, bytes }: Constant): KnownData | null {
  const size = elementTypes[type].bytes;
  const count = bytes.byteLength / size;
  if (count > longestKnown || type === 'float16') return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { type, dims, values: Array.from({ length: count }, (_, i) => readers[type](view, i * size)) };
}

/** Whole numbers as int64. "To the end" is the largest of all, which as a double would not fit any more. */
export function int64Bytes(values: readonly number[]): Uint8Array {
  const whole = values.map((value) =>
    BigInt(Math.trunc(Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER))),
  );
  return new Uint8Array(BigInt64Array.from(whole).buffer);
}

const writers: Readonly<Partial<Record<ElementType, (values: readonly number[]) => ArrayBufferView>>> = {
  float32: (values) => Float32Array.from(values),
  float64: (values) => Float64Array.from(values),
  int64: int64Bytes,
  int32: (values) => Int32Array.from(values),
  int8: (values) => Int8Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  bool: (values) => Uint8Array.from(values),
};

/** Data as a constant; null where a part of it is only named. */
export function constantOf({ type, dims, values }: KnownData): Constant | null {
  const numbers = knownSizes(values);
  const write = writers[type];
  if (!numbers || !write) return null;
  const { buffer, byteOffset, byteLength } = write(numbers);
  return { type, dims, bytes: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength) };
}

/** What a rule sees of a node. */
export interface DataContext {
  readonly node: Node;
  /** Null where the input is absent or its data are not known. */
  readonly data: (index: number) => KnownData | null;
  /** Null where nothing is known of it. */
  readonly type: (index: number) => ValueType | null;
}

type DataRule = (context: DataContext) => KnownData | null;

const isFloat = (type: ElementType) => type.startsWith('float');
const countOf = (dims: readonly number[]) => dims.reduce((all, dim) => all * dim, 1);

/** Values rounded as their type has them. */
function typed(type: ElementType, dims: readonly number[], values: readonly Dimension[]): KnownData | null {
  if (values.length > longestKnown) return null;
  const round = isFloat(type) ? Math.fround : Math.trunc;
  return { type, dims, values: values.map((value) => (typeof value === 'number' ? round(value) : value)) };
}

type Pair = (a: Dimension, b: Dimension) => Dimension | null;

/** On numbers; null as soon as one of them is only named, unless `named` knows better. */
const onNumbers =
  (compute: (a: number, b: number) => number, named: Pair = () => null): Pair =>
  (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? compute(a, b) : named(a, b);

/** A named size is at least 1. */
const surelyPositive = (a: Dimension, b: Dimension) =>
  (typeof a === 'string' && typeof b === 'number' && b <= 0) ||
  (typeof b === 'string' && typeof a === 'number' && a <= 0);

const equal = onNumbers(
  (a, b) => Number(a === b),
  (a, b) => (a === b ? 1 : surelyPositive(a, b) ? 0 : null),
);

/** How far operands are stretched along each other, and which element of each makes an element of the result. */
function stretched(
  inputs: readonly KnownData[],
): { dims: number[]; at: (input: number, index: number) => number } | null {
  const dims = knownSizes(
    inputs
      .map((input) => input.dims as readonly Dimension[])
      .reduce<readonly Dimension[]>((a, b) => broadcast(a, b), []),
  );
  if (!dims || countOf(dims) > longestKnown) return null;
  return {
    dims: [...dims],
    at: (input, index) => {
      const own = inputs[input]!.dims;
      let [rest, place, stride] = [index, 0, 1];
      for (let axis = dims.length - 1; axis >= 0; axis--) {
        const here = rest % dims[axis]!;
        rest = Math.floor(rest / dims[axis]!);
        const ownAxis = axis - dims.length + own.length;
        if (ownAxis < 0) continue;
        place += (own[ownAxis] === 1 ? 0 : here) * stride;
        stride *= own[ownAxis]!;
      }
      return place;
    },
  };
}

const pairwise =
  (compute: Pair | ((type: ElementType) => Pair), resultType?: ElementType): DataRule =>
  (context) => {
    const inputs = context.node.inputs.map((_, index) => context.data(index));
    if (inputs.some((input) => input === null) || inputs.length < 2) return null;
    const [first, ...others] = inputs as [KnownData, ...KnownData[]];
    const pair =
      compute.length === 1 ? (compute as (type: ElementType) => Pair)(first.type) : (compute as Pair);
    let result: KnownData | null = first;
    for (const other of others) {
      const shape = stretched([result, other]);
      if (!shape) return null;
      const values: Dimension[] = [];
      for (let i = 0; i < countOf(shape.dims); i++) {
        const value = pair(result.values[shape.at(0, i)]!, other.values[shape.at(1, i)]!);
        if (value === null) return null;
        values.push(value);
      }
      result = typed(resultType ?? first.type, shape.dims, values);
      if (!result) return null;
    }
    return result;
  };

const each =
  (compute: (value: number) => number, named: (value: string) => Dimension | null = () => null): DataRule =>
  ({ data }) => {
    const input = data(0);
    if (!input) return null;
    const values = input.values.map((value) => (typeof value === 'number' ? compute(value) : named(value)));
    return values.includes(null) ? null : typed(input.type, input.dims, values as Dimension[]);
  };

/** Another shape of the same numbers. */
const reshaped =
  (shape: (context: DataContext, input: KnownData) => readonly number[] | null): DataRule =>
  (context) => {
    const input = context.data(0);
    const dims = input && shape(context, input);
    return input && dims && countOf(dims) === input.values.length ? { ...input, dims } : null;
  };

function numbersOf(data: KnownData | null): readonly number[] | null {
  return data && knownSizes(data.values);
}

function axesOf({ node, data }: DataContext): readonly number[] | null {
  return intsAttribute(node, 'axes') ?? numbersOf(data(1));
}

/** Rows of `strides`: how far apart neighbours along an axis lie. */
function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * dims[axis + 1]!;
  return strides;
}

/** Elements at the places that a rule gives for each index of the result. */
function picked(input: KnownData, dims: readonly number[], place: (index: readonly number[]) => number) {
  const values: Dimension[] = [];
  const index = new Array<number>(dims.length).fill(0);
  for (let i = 0; i < countOf(dims); i++) {
    const value = input.values[place(index)];
    if (value === undefined) return null;
    values.push(value);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < dims[axis]!) break;
      index[axis] = 0;
    }
  }
  return typed(input.type, dims, values);
}

const gather: DataRule = ({ node, data }) => {
  const [input, at] = [data(0), data(1)];
  const indices = numbersOf(at);
  if (!input || !at || !indices) return null;
  const axis = normalAxis(intAttribute(node, 'axis', 0), input.dims.length);
  const size = input.dims[axis]!;
  const dims = [...input.dims.slice(0, axis), ...at.dims, ...input.dims.slice(axis + 1)];
  const strides = stridesOf(input.dims);
  const rank = at.dims.length;
  const inner = stridesOf(at.dims);
  return picked(input, dims, (index) => {
    const chosen = indices[inner.reduce((sum, stride, i) => sum + stride * index[axis + i]!, 0)]!;
    const before = index.slice(0, axis).reduce((sum, value, i) => sum + value * strides[i]!, 0);
    const after = index.slice(axis + rank).reduce((sum, value, i) => sum + value * strides[axis + 1 + i]!, 0);
    return before + (chosen < 0 ? chosen + size : chosen) * strides[axis]! + after;
  });
};

const concat: DataRule = ({ node, data }) => {
  const parts = node.inputs.map((_, index) => data(index));
  if (parts.some((part) => part === null)) return null;
  const known = parts as KnownData[];
  const [first] = known as [KnownData];
  const axis = normalAxis(intAttribute(node, 'axis', 0), first.dims.length);
  const dims = first.dims.map((dim, at) =>
    at === axis ? known.reduce((sum, part) => sum + part.dims[axis]!, 0) : dim,
  );
  if (countOf(dims) > longestKnown) return null;
  const outer = countOf(dims.slice(0, axis));
  const values: Dimension[] = [];
  for (let row = 0; row < outer; row++) {
    for (const part of known) {
      const run = countOf(part.dims.slice(axis));
      values.push(...part.values.slice(row * run, (row + 1) * run));
    }
  }
  return { type: first.type, dims, values };
};

const slice: DataRule = ({ node, data }) => {
  const input = data(0);
  const [starts, ends] = [numbersOf(data(1)), numbersOf(data(2))];
  if (!input || !starts || !ends) return null;
  const axes = numbersOf(data(3)) ?? starts.map((_, index) => index);
  const steps = numbersOf(data(4)) ?? starts.map(() => 1);
  if (node.inputs[3] && !data(3)) return null;
  const from = input.dims.map(() => 0);
  const by = input.dims.map(() => 1);
  const dims = [...input.dims];
  starts.forEach((start, i) => {
    const axis = normalAxis(axes[i]!, input.dims.length);
    const [size, step] = [input.dims[axis]!, steps[i]!];
    const clamp = (value: number, low: number, high: number) =>
      Math.min(Math.max(value < 0 ? value + size : value, low), high);
    const first = step > 0 ? clamp(start, 0, size) : clamp(start, 0, size - 1);
    const last = step > 0 ? clamp(ends[i]!, 0, size) : clamp(ends[i]!, -1, size - 1);
    [from[axis], by[axis], dims[axis]] = [first, step, Math.max(0, Math.ceil((last - first) / step))];
  });
  const strides = stridesOf(input.dims);
  return picked(input, dims, (index) =>
    index.reduce((sum, value, axis) => sum + (from[axis]! + value * by[axis]!) * strides[axis]!, 0),
  );
};

const transpose: DataRule = ({ node, data }) => {
  const input = data(0);
  if (!input) return null;
  const order = intsAttribute(node, 'perm') ?? input.dims.map((_, axis) => input.dims.length - 1 - axis);
  const strides = stridesOf(input.dims);
  return picked(
    input,
    order.map((axis) => input.dims[axis]!),
    (index) => index.reduce((sum, value, axis) => sum + value * strides[order[axis]!]!, 0),
  );
};

const reduce =
  (start: number, pair: Pair): DataRule =>
  (context) => {
    const input = context.data(0);
    if (!input) return null;
    const axes = axesOf(context);
    // Along everything, which is how exporters count elements.
    const all = axes ?? input.dims.map((_, axis) => axis);
    if (all.length !== input.dims.length) return null;
    let value: Dimension | null = start;
    for (const next of input.values) value = value === null ? null : pair(value, next);
    const keep = intAttribute(context.node, 'keepdims', 1) === 1;
    return value === null ? null : typed(input.type, keep ? input.dims.map(() => 1) : [], [value]);
  };

const filled =
  (
    target: (
      context: DataContext,
    ) => { readonly dims: readonly number[]; readonly value: Dimension; readonly type: ElementType } | null,
  ): DataRule =>
  (context) => {
    const found = target(context);
    if (!found || countOf(found.dims) > longestKnown) return null;
    return typed(found.type, found.dims, new Array<Dimension>(countOf(found.dims)).fill(found.value));
  };

const constantOfShape = filled(({ node, data }) => {
  const dims = numbersOf(data(0));
  const value = node.attributes.value;
  const fill = value && 'tensor' in value ? dataOf(value.tensor) : null;
  if (!dims || (value && !fill)) return null;
  return { dims, value: fill?.values[0] ?? 0, type: fill?.type ?? 'float32' };
});

const range: DataRule = ({ data }) => {
  const bounds = [0, 1, 2].map((index) => data(index)?.values[0]);
  const [start, limit, step] = bounds;
  if (typeof start !== 'number' || typeof limit !== 'number' || typeof step !== 'number') return null;
  const count = Math.max(0, Math.ceil((limit - start) / step));
  if (!(count <= longestKnown)) return null;
  return typed(
    data(0)!.type,
    [count],
    Array.from({ length: count }, (_, i) => start + i * step),
  );
};

const expand: DataRule = ({ data }) => {
  const input = data(0);
  const target = numbersOf(data(1));
  if (!input || !target || countOf(target) > longestKnown) return null;
  const shape = stretched([input, { type: 'bool', dims: target, values: [] }]);
  if (!shape) return null;
  return typed(
    input.type,
    shape.dims,
    Array.from({ length: countOf(shape.dims) }, (_, i) => input.values[shape.at(0, i)]!),
  );
};

const where: DataRule = ({ data }) => {
  const [test, yes, no] = [data(0), data(1), data(2)];
  if (!test || !yes || !no) return null;
  const shape = stretched([test, yes, no]);
  if (!shape) return null;
  const values = Array.from({ length: countOf(shape.dims) }, (_, i) =>
    test.values[shape.at(0, i)] === 1 ? yes.values[shape.at(1, i)]! : no.values[shape.at(2, i)]!,
  );
  return typed(yes.type, shape.dims, values);
};

const typeByNumber = new Map<number, ElementType>(
  Object.entries(elementTypes).map(([type, { onnx }]) => [onnx, type as ElementType]),
);

const cast: DataRule = ({ node, data }) => {
  const input = data(0);
  const type = typeByNumber.get(intAttribute(node, 'to', 0));
  if (!input || !type) return null;
  const values = type === 'bool' ? input.values.map((value) => Number(value !== 0)) : input.values;
  return typed(type, input.dims, values);
};

const shape: DataRule = ({ node, type }) => {
  const dims = type(0)?.dims;
  if (!dims) return null;
  const [from, to] = [intAttribute(node, 'start', 0), intAttribute(node, 'end', dims.length)];
  const values = dims.slice(from, to);
  return { type: 'int64', dims: [values.length], values };
};

const size: DataRule = ({ type }) => {
  const dims = type(0)?.dims;
  return dims ? { type: 'int64', dims: [], values: [product(dims)] } : null;
};

const zeroOf = (compare: (a: number, b: number) => boolean) => onNumbers((a, b) => Number(compare(a, b)));
const plus = onNumbers(
  (a, b) => a + b,
  (a, b) => (a === 0 ? b : b === 0 ? a : null),
);
const times: Pair = (a, b) => product([a, b]);

/** One rule per operator. */
export const dataRules: ReadonlyMap<string, DataRule> = new Map<string, DataRule>([
  ['Abs', each(Math.abs, (value) => value)],
  ['Add', pairwise(plus)],
  ['And', pairwise(onNumbers((a, b) => a & b))],
  ['Cast', cast],
  ['Ceil', each(Math.ceil, (value) => value)],
  ['Concat', concat],
  ['ConstantOfShape', constantOfShape],
  [
    'Div',
    pairwise((type: ElementType) =>
      onNumbers(
        (a, b) => (isFloat(type) ? a / b : Math.trunc(a / b)),
        (a, b) => (b === 1 ? a : quotient(a, b)),
      ),
    ),
  ],
  ['Equal', pairwise(equal, 'bool')],
  ['Expand', expand],
  [
    'Flatten',
    reshaped(({ node }, { dims }) => {
      const at = normalAxis(intAttribute(node, 'axis', 1), dims.length + 1);
      return [countOf(dims.slice(0, at)), countOf(dims.slice(at))];
    }),
  ],
  ['Floor', each(Math.floor, (value) => value)],
  ['Gather', gather],
  [
    'Greater',
    pairwise(
      zeroOf((a, b) => a > b),
      'bool',
    ),
  ],
  [
    'GreaterOrEqual',
    pairwise(
      zeroOf((a, b) => a >= b),
      'bool',
    ),
  ],
  [
    'Identity',
    each(
      (value) => value,
      (value) => value,
    ),
  ],
  [
    'Less',
    pairwise(
      zeroOf((a, b) => a < b),
      'bool',
    ),
  ],
  [
    'LessOrEqual',
    pairwise(
      zeroOf((a, b) => a <= b),
      'bool',
    ),
  ],
  ['Max', pairwise(onNumbers(Math.max))],
  ['Min', pairwise(onNumbers(Math.min))],
  [
    'Mod',
    ({ node, ...context }) =>
      pairwise(onNumbers((a, b) => (intAttribute(node, 'fmod', 0) === 1 ? a % b : ((a % b) + b) % b)))({
        node,
        ...context,
      }),
  ],
  ['Mul', pairwise(times)],
  ['Neg', each((value) => -value)],
  ['Not', each((value) => 1 - value)],
  ['Or', pairwise(onNumbers((a, b) => a | b))],
  ['Range', range],
  ['ReduceMax', reduce(-Infinity, onNumbers(Math.max))],
  ['ReduceMin', reduce(Infinity, onNumbers(Math.min))],
  ['ReduceProd', reduce(1, times)],
  ['ReduceSum', reduce(0, plus)],
  [
    'Reshape',
    reshaped((context, input) => {
      const target = numbersOf(context.data(1));
      if (!target) return null;
      const known = target.map((value, axis) => (value === 0 ? (input.dims[axis] ?? 0) : value));
      const rest = input.values.length / countOf(known.filter((value) => value !== -1));
      return known.map((value) => (value === -1 ? rest : value));
    }),
  ],
  ['Shape', shape],
  ['Size', size],
  ['Slice', slice],
  ['Sqrt', each(Math.sqrt)],
  [
    'Squeeze',
    reshaped((context, { dims }) => {
      const axes = axesOf(context)?.map((axis) => normalAxis(axis, dims.length));
      return dims.filter((dim, axis) => (axes ? !axes.includes(axis) : dim !== 1));
    }),
  ],
  [
    'Sub',
    pairwise(
      onNumbers(
        (a, b) => a - b,
        (a, b) => (b === 0 ? a : a === b ? 0 : null),
      ),
    ),
  ],
  ['Transpose', transpose],
  [
    'Unsqueeze',
    reshaped((context, { dims }) => {
      const axes = axesOf(context);
      if (!axes) return null;
      const rank = dims.length + axes.length;
      const added = new Set(axes.map((axis) => normalAxis(axis, rank)));
      const rest = [...dims];
      return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!));
    }),
  ],
  ['Where', where],
]);
