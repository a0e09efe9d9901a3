// What a graph costs at most, told from its data before any runtime sees it: every operator is one whose result's size
// is known, and memory and work stay within what the largest networks of this kind need. Pure.
import { intAttribute, stringAttribute } from './attributes.ts';
import { OnnxModelError } from './codec.ts';
import { elementTypes, type ElementType, type Model, type Node } from './graph.ts';
import { shapeRules } from './shape-rules.ts';
import { ShapeTable } from './shapes.ts';

/** An operator that is none of those that networks of ours are made of. */
export class UnknownOperatorError extends Error {
  override readonly name = 'UnknownOperatorError';
}

/** Sizes of a graph's inputs, by name. */
export type InputSizes = Readonly<Record<string, readonly number[]>>;

/** What a graph may cost; and what it costs, as `costOf` tells it. */
export interface GraphCost {
  readonly nodes: number;
  /** Bytes of the values that are needed at the same time, where most are. */
  readonly workingBytes: number;
  /** Bytes of what is computed from constants alone: weights that are widened, scaled, turned over. */
  readonly weightBytes: number;
  /** Multiplications with an addition; a plain element counts as 16. */
  readonly work: number;
}

/**
 * Limits for the eight views of the largest group. The image tower of CLIP's largest ResNet (RN50x64 at 448 pixels)
 * has 864 operators, a working set of 0.62 GB and 2.2e12 multiplications (clip-resnet/bounds.test.ts counts them):
 * twice as much and a little more is room enough, and still ends in minutes on a small computer.
 */
export const graphLimits: Omit<GraphCost, 'weightBytes'> = {
  nodes: 10_000,
  workingBytes: 1.5 * 2 ** 30,
  work: 4.5e12,
};

/** Weights are stored in half precision: widened (2), scaled (2), transposed (2), and room for small graphs. */
const weightGrowth = 8;
const weightAllowance = 64 * 2 ** 20;

/** An element of a sum or an exponential moves more memory than it computes: it takes as long as so many products. */
const elementWork = 16;

/**
 * What a graph costs with inputs of these sizes.
 * @throws OnnxModelError if a size cannot be told beforehand
 * @throws UnknownOperatorError
 */
export function costOf({ graph }: Model, sizes: InputSizes): GraphCost {
  const table = new ShapeTable();
  for (const { name, type } of graph.inputs) {
    const dims = sizes[name];
    if (!dims) throw new OnnxModelError(`the size of its input ${name} is not known`);
    table.addInput(name, { type, dims });
  }
  for (const [name, constant] of graph.constants) table.addConstant(name, constant);

  const constant = new Set(graph.constants.keys());
  const lastUse = new Map<string, number>();
  for (const [index, { inputs }] of graph.nodes.entries())
    for (const name of inputs) lastUse.set(name, index);
  for (const { name } of graph.outputs) lastUse.set(name, graph.nodes.length);

  const live = new Map(graph.inputs.map(({ name }) => [name, bytesOf(table, name)]));
  let [liveBytes, weightBytes, workingBytes, work] = [sum(live.values()), 0, 0, 0];
  for (const [index, node] of graph.nodes.entries()) {
    const inputs = node.inputs.filter((name) => name !== '');
    const outputs = node.outputs.filter((name) => name !== '');
    inferNode(table, node);
    const bytes = sum(outputs.map((name) => bytesOf(table, name)));
    work += workOf(table, node, inputs, outputs);
    if (inputs.every((name) => constant.has(name))) {
      for (const name of outputs) constant.add(name);
      weightBytes += bytes;
      continue;
    }
    for (const name of outputs) live.set(name, bytesOf(table, name));
    liveBytes += bytes;
    workingBytes = Math.max(workingBytes, liveBytes + unrolledBytes(table, node));
    for (const name of [...inputs, ...outputs]) {
      if ((lastUse.get(name) ?? index) > index) continue;
      liveBytes -= live.get(name) ?? 0;
      live.delete(name);
    }
  }
  return { nodes: graph.nodes.length, workingBytes, weightBytes, work };
}

/**
 * Refuses a graph that would take more memory or time than a network of this kind can need.
 * @returns what it costs
 * @throws OnnxModelError saying what is too much
 * @throws UnknownOperatorError
 */
export function requireBounded(model: Model, sizes: InputSizes): GraphCost {
  const { nodes } = model.graph;
  // First, as everything that follows takes its time for each of them.
  if (nodes.length > graphLimits.nodes) {
    throw new OnnxModelError(`${nodes.length} operators are more than ${graphLimits.nodes}`);
  }
  const cost = costOf(model, sizes);
  const { workingBytes, weightBytes, work } = cost;
  const stored = sum([...model.graph.constants.values()].map(({ bytes }) => bytes.byteLength));
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  if (workingBytes > graphLimits.workingBytes) {
    throw new OnnxModelError(
      `its values would take ${gigabytes(workingBytes)}, more than ${gigabytes(graphLimits.workingBytes)}`,
    );
  }
  if (weightBytes > weightAllowance + weightGrowth * stored) {
    throw new OnnxModelError(
      `its ${gigabytes(stored)} of weights would be blown up to ${gigabytes(weightBytes)}`,
    );
  }
  if (work > graphLimits.work) {
    throw new OnnxModelError(
      `it would take ${work.toExponential(1)} multiplications, more than ${graphLimits.work.toExponential(1)}`,
    );
  }
  return cost;
}

/** Operators of the standard whose result is as large as their data say. */
const unboundedOperators: ReadonlySet<string> = new Set([
  ...['Compress', 'ConstantOfShape', 'EyeLike', 'If', 'Loop', 'NonZero', 'OneHot', 'RandomNormal'],
  ...['RandomUniform', 'Range', 'Resize', 'Scan', 'Tile', 'Unique', 'Upsample'],
]);

/** Rules were written for graphs of ours: whatever they do not understand of another one is a reason to refuse it. */
function inferNode(table: ShapeTable, node: Node): void {
  if (unboundedOperators.has(node.op)) {
    throw new OnnxModelError(`the result of ${node.op} ${node.name} is as large as its data say`);
  }
  if (!shapeRules.has(node.op)) {
    throw new UnknownOperatorError(`${node.op} ${node.name} is no operator that networks here are made of`);
  }
  try {
    table.addNode(node);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new OnnxModelError(`the size of a result cannot be told: ${message}`, { cause: error });
  }
}

function sizesOf(table: ShapeTable, name: string): { type: ElementType; dims: number[] } {
  const known = table.has(name) ? table.get(name) : undefined;
  const dims = (known?.dims ?? [-1]).map(Number);
  if (!known || dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0)) {
    throw new OnnxModelError(`the size of ${name} cannot be told: [${dims.join(', ')}]`);
  }
  return { type: known.type, dims };
}

const elementsOf = (table: ShapeTable, name: string) =>
  sizesOf(table, name).dims.reduce((product, dim) => product * dim, 1);
const bytesOf = (table: ShapeTable, name: string) =>
  elementsOf(table, name) * elementTypes[sizesOf(table, name).type].bytes;

/** Products behind each element of the result. */
const productRules: Readonly<Record<string, (table: ShapeTable, node: Node) => number>> = {
  MatMul: (table, { inputs }) => sizesOf(table, inputs[0]!).dims.at(-1)!,
  Gemm: (table, node) => sizesOf(table, node.inputs[0]!).dims[1 - intAttribute(node, 'transA', 0)]!,
  // [out, in / groups, ...kernel]
  Conv: (table, { inputs }) =>
    sizesOf(table, inputs[1]!)
      .dims.slice(1)
      .reduce((all, dim) => all * dim, 1),
  // [in, out / groups, ...kernel], seen from the result: all that any cell of the input could add
  ConvTranspose: (table, { inputs }) => elementsOf(table, inputs[1]!),
  AveragePool: windowSize,
  LpPool: windowSize,
  MaxPool: windowSize,
  Einsum: summedSize,
};

/** Of an einsum: the sizes of all axes that the result does not have. */
function summedSize(table: ShapeTable, node: Node): number {
  const [left, right] = stringAttribute(node, 'equation', '').replaceAll(' ', '').split('->');
  const summed = new Map<string, number>();
  (left ?? '').split(',').forEach((names, index) => {
    const { dims } = sizesOf(table, node.inputs[index]!);
    Array.from(names).forEach((name, axis) => {
      if (!right?.includes(name)) summed.set(name, dims[axis] ?? 1);
    });
  });
  return [...summed.values()].reduce((all, dim) => all * dim, 1);
}

function windowSize(_: ShapeTable, node: Node): number {
  const kernel = node.attributes.kernel_shape;
  return kernel && 'ints' in kernel ? kernel.ints.reduce((all, dim) => all * dim, 1) : 1;
}

function workOf(
  table: ShapeTable,
  node: Node,
  inputs: readonly string[],
  outputs: readonly string[],
): number {
  const results = sum(outputs.map((name) => elementsOf(table, name)));
  const touched = results + sum(inputs.map((name) => elementsOf(table, name)));
  const products = productRules[node.op]?.(table, node) ?? 0;
  return elementWork * touched + results * products;
}

/** A convolution may write the windows of one image out beside each other. */
function unrolledBytes(table: ShapeTable, node: Node): number {
  if (node.op !== 'Conv') return 0;
  const { dims, type } = sizesOf(table, node.outputs[0]!);
  const cells = dims.slice(2).reduce((all, dim) => all * dim, 1);
  return cells * productRules.Conv!(table, node) * elementTypes[type].bytes;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
