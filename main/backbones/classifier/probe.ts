// What is found out about a network by asking it: whether its two parts answer as the whole does, and what its head does
// with a map. Numbers are drawn from a fixed sequence, so that an import gives the same package every time.
import type { Tensor } from '../../contract/tensor.ts';
import { actOnGrid } from '../../groups/action.ts';
import { groups } from '../../groups/groups.ts';
import type { Graph } from '../../onnx/graph.ts';
import type { GraphSession } from '../backbone.ts';
import type { Cut } from './cuts.ts';

/** A sequence of numbers from -1 to 1, the same for the same seed. */
export function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // Numerical Recipes' linear congruential generator.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const drawn = (length: number, next: () => number) => Float32Array.from({ length }, next);

const largest = (values: Iterable<number>) => {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
};

export function furthest(a: Float32Array, b: Float32Array): number {
  return a.length === b.length ? largest(a.map((value, i) => value - b[i]!)) : Infinity;
}

/** Rounding of single precision in sums of thousands of numbers. */
const rounding = 2e-5;

export interface HeadFacts {
  /** Whether the answer depends on the cells at all. */
  readonly seesCells: boolean;
  readonly blindToTurns: boolean;
  readonly affine: boolean;
}

/** What a head does with maps, by asking it. */
export async function headFacts(session: GraphSession, cut: Cut, head: Graph): Promise<HeadFacts> {
  const { channels, size, before, behind } = cut;
  const next = sequence(7);
  const length = channels * size * size;
  const beside = { data: drawn((before + behind) * channels, next), dims: [1, (before + behind) * channels] };
  const ask = async (data: Float32Array): Promise<Float32Array> => {
    const features: Tensor = { data, dims: [1, channels, size, size] };
    const feeds = beside.data.length > 0 ? { features, invariant: beside } : { features };
    return (await session.run(feeds)).embedding!.data;
  };
  const [one, other] = [drawn(length, next), drawn(length, next)];
  const [answer, another] = [await ask(one), await ask(other)];
  const scale = Math.max(largest(answer), largest(another), Number.MIN_VALUE);
  const near = (a: Float32Array, b: Float32Array) => furthest(a, b) <= rounding * scale;
  if (near(answer, another)) return { seesCells: false, blindToTurns: true, affine: false };
  let blindToTurns = true;
  for (const element of groups.d4.elements.slice(1)) {
    if (!near(await ask(actOnGrid(element, one, size)), answer)) blindToTurns = false;
  }
  const affine =
    beside.data.length === 0 &&
    isAffine(head) &&
    blindToTurns &&
    (await isAffineInMean(ask, cut, one, other));
  return { seesCells: true, blindToTurns, affine };
}

/** M2(aF + (1 - a)G) = aM2(F) + (1 - a)M2(G), and a map of its means answers as the map itself. */
async function isAffineInMean(
  ask: (map: Float32Array) => Promise<Float32Array>,
  { channels, size }: Cut,
  one: Float32Array,
  other: Float32Array,
): Promise<boolean> {
  // Far out on both sides, where what is cut off or bent shows.
  const weight = 40;
  const mixed = one.map((value, i) => weight * value + (1 - weight) * other[i]!);
  const [a, b, found] = [await ask(one), await ask(other), await ask(mixed)];
  const expected = a.map((value, i) => weight * value + (1 - weight) * b[i]!);
  const scale = Math.max(largest(expected), Number.MIN_VALUE);
  const plane = size * size;
  const flat = one.slice();
  for (let c = 0; c < channels; c++) {
    const cells = one.subarray(c * plane, (c + 1) * plane);
    flat.fill(cells.reduce((sum, value) => sum + value, 0) / plane, c * plane, (c + 1) * plane);
  }
  const even = await ask(flat);
  return furthest(expected, found) <= 1e-4 * scale && furthest(even, a) <= 1e-4 * Math.max(largest(a), 1e-30);
}

/** Operators that are affine in the one input that is not a constant. */
const affineOperators: ReadonlySet<string> = new Set([
  ...[
    'Add',
    'AveragePool',
    'BatchNormalization',
    'Cast',
    'Concat',
    'Conv',
    'Div',
    'Expand',
    'Flatten',
    'Gemm',
  ],
  ...[
    'GlobalAveragePool',
    'Identity',
    'MatMul',
    'Mul',
    'Neg',
    'ReduceMean',
    'ReduceSum',
    'Reshape',
    'Slice',
    'Squeeze',
  ],
  ...['Sub', 'Transpose', 'Unsqueeze'],
]);
/** Of these, one input at most may depend on the map. */
const products: ReadonlySet<string> = new Set(['Mul', 'MatMul', 'Gemm', 'Conv', 'Div']);

/** Whether a graph can only compute affine functions of its input. */
function isAffine({ nodes, inputs }: Graph): boolean {
  const depends = new Set(inputs.map(({ name }) => name));
  for (const node of nodes) {
    const moving = node.inputs.filter((name) => depends.has(name)).length;
    if (moving === 0) continue;
    if (!affineOperators.has(node.op) || (products.has(node.op) && moving > 1)) return false;
    if (node.op === 'Div' && !depends.has(node.inputs[0]!)) return false;
    for (const output of node.outputs) depends.add(output);
  }
  return true;
}
