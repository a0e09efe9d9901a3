// Where a network's answer comes from: what was put behind its logits, its last affine layer, and the values through
// which everything from the picture to the answer passes, which is where it can be divided. Pure.
import { intAttribute } from '../../onnx/attributes.ts';
import type { Dimension } from '../../onnx/dimensions.ts';
import { float16ToFloat32 } from '../../onnx/float16.ts';
import type { Graph, Node } from '../../onnx/graph.ts';
import type { Specialised } from '../../onnx/foreign/specialise.ts';

/** What the file ends in, behind its logits. */
export type Ending = 'none' | 'softmax' | 'log-softmax' | 'sigmoid';

/** Operators that only show the same numbers in another shape. */
const views: ReadonlySet<string> = new Set(['Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten']);

const endings: Readonly<Record<string, Ending>> = {
  Softmax: 'softmax',
  LogSoftmax: 'log-softmax',
  Sigmoid: 'sigmoid',
};

/** Looks through a graph from its end. */
export class GraphReader {
  readonly graph: Graph;
  readonly #specialised: Specialised;
  readonly #producers: ReadonlyMap<string, Node>;

  constructor(specialised: Specialised) {
    this.graph = specialised.graph;
    this.#specialised = specialised;
    this.#producers = new Map(
      this.graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)),
    );
  }

  dims(value: string): readonly Dimension[] {
    return this.#specialised.table.get(value).dims;
  }

  producer(value: string): Node | undefined {
    return this.#producers.get(value);
  }

  /** The value that a value only shows in another shape. */
  shown(value: string): string {
    const node = this.producer(value);
    return node && this.#isView(node) && !this.isConstant(node.inputs[0]!)
      ? this.shown(node.inputs[0]!)
      : value;
  }

  /** Floats of any precision are single ones by now: to cast them changes nothing. */
  #isView({ op, inputs, outputs }: Node): boolean {
    if (op !== 'Cast') return views.has(op);
    return [inputs[0]!, outputs[0]!].every((name) => this.#specialised.table.get(name).type === 'float32');
  }

  /** Whether a value does not depend on the picture. */
  isConstant(value: string): boolean {
    if (value === '' || value === this.#specialised.zeros || this.graph.constants.has(value)) return true;
    const node = this.producer(value);
    return node?.op === 'Cast' && this.graph.constants.has(node.inputs[0]!);
  }

  /** A constant in single precision; null if the value is none. */
  numbers(value: string): { readonly data: Float32Array; readonly dims: readonly number[] } | null {
    const own = this.graph.constants.get(value);
    const node = this.producer(value);
    const stored = own ?? (node?.op === 'Cast' ? this.graph.constants.get(node.inputs[0]!) : undefined);
    if (!stored) return null;
    const { buffer } = stored.bytes.slice();
    if (stored.type === 'float32') return { data: new Float32Array(buffer), dims: stored.dims };
    if (stored.type === 'float16')
      return { data: float16ToFloat32(new Uint16Array(buffer)), dims: stored.dims };
    return null;
  }
}

/** The logits behind an output: what a softmax or sigmoid at the end was applied to. */
export function logitsOf(
  reader: GraphReader,
  output: string,
  classes: number,
): { value: string; ending: Ending } {
  const value = reader.shown(output);
  const node = reader.producer(value);
  const ending = node ? endings[node.op] : undefined;
  if (!node || ending === undefined) return { value: output, ending: 'none' };
  const [input] = node.inputs as [string];
  const dims = reader.dims(input);
  const axis = intAttribute(node, 'axis', -1);
  const overClasses = ending === 'sigmoid' || dims.at(axis) === classes;
  return overClasses ? { value: input, ending } : { value: output, ending: 'none' };
}

/** x W + b at the end of a network: W as class embeddings [E, K], b as their bias [K]. */
export interface LastLayer {
  /** [batch, E], with ones behind or between. */
  readonly input: string;
  readonly width: number;
  readonly matrix: Float32Array;
  readonly bias: Float32Array | undefined;
}

/** The affine layer that logits are made by; null where they are made otherwise. */
export function lastLayer(reader: GraphReader, logits: string, classes: number): LastLayer | null {
  const value = reader.shown(logits);
  const node = reader.producer(value);
  if (!node) return null;
  const rule = layerRules[node.op];
  const found = rule?.(reader, node, classes) ?? null;
  return found && [...found.matrix, ...(found.bias ?? [])].every(Number.isFinite) ? found : null;
}

type LayerRule = (reader: GraphReader, node: Node, classes: number) => LastLayer | null;

function biasOf(
  reader: GraphReader,
  value: string | undefined,
  classes: number,
): Float32Array | undefined | null {
  if (value === undefined || value === '') return undefined;
  const found = reader.numbers(value);
  if (!found) return null;
  if (found.data.length === classes) return found.data;
  return found.data.length === 1 ? new Float32Array(classes).fill(found.data[0]!) : null;
}

const gemm: LayerRule = (reader, node, classes) => {
  const [input, weight, bias] = node.inputs as [string, string, string?];
  const found = reader.numbers(weight);
  const offset = biasOf(reader, bias, classes);
  const plain = ['alpha', 'beta'].every((name) => {
    const factor = node.attributes[name];
    return !factor || ('float' in factor && factor.float === 1);
  });
  if (!found || offset === null || !plain || intAttribute(node, 'transA', 0) !== 0) return null;
  const turned = intAttribute(node, 'transB', 0) === 1;
  return layer(input, found, turned, offset, classes);
};

const matMul: LayerRule = (reader, node, classes) => {
  const [input, weight] = node.inputs as [string, string];
  const found = reader.numbers(weight);
  return found ? layer(input, found, false, undefined, classes) : null;
};

/** MatMul and its bias; which of the two comes first is up to the exporter. */
const add: LayerRule = (reader, node, classes) => {
  const [first, second] = node.inputs as [string, string];
  const [product, bias] = reader.isConstant(first) ? [second, first] : [first, second];
  const made = reader.producer(reader.shown(product));
  const offset = biasOf(reader, bias, classes);
  if (made?.op !== 'MatMul' || !offset) return null;
  const found = matMul(reader, made, classes);
  return found && { ...found, bias: offset };
};

/** A convolution of 1 x 1 over a single cell. */
const conv: LayerRule = (reader, node, classes) => {
  const [input, kernel, bias] = node.inputs as [string, string, string?];
  const found = reader.numbers(kernel);
  const offset = biasOf(reader, bias, classes);
  const single = (dims: readonly Dimension[]) => dims.slice(2).every((dim) => dim === 1);
  if (!found || offset === null || !single(found.dims) || !single(reader.dims(input))) return null;
  return layer(input, { data: found.data, dims: found.dims.slice(0, 2) }, true, offset, classes);
};

const layerRules: Readonly<Record<string, LayerRule>> = { Gemm: gemm, MatMul: matMul, Add: add, Conv: conv };

function layer(
  input: string,
  { data, dims }: { readonly data: Float32Array; readonly dims: readonly number[] },
  turned: boolean,
  bias: Float32Array | undefined,
  classes: number,
): LastLayer | null {
  if (dims.length !== 2) return null;
  const [width, columns] = turned ? [dims[1]!, dims[0]!] : [dims[0]!, dims[1]!];
  if (columns !== classes) return null;
  const matrix = new Float32Array(width * classes);
  for (let e = 0; e < width; e++) {
    for (let k = 0; k < classes; k++)
      matrix[e * classes + k] = data[turned ? k * width + e : e * classes + k]!;
  }
  return { input, width, matrix, bias };
}

/** Values that everything from the picture to a value passes through, the last first. */
export function passages(reader: GraphReader, target: string): string[] {
  const place = new Map(
    reader.graph.nodes.flatMap(({ outputs }, index) => outputs.map((name) => [name, index] as const)),
  );
  const open = new Set([target]);
  const found: string[] = [];
  for (;;) {
    if (open.size === 1) found.push([...open][0]!);
    let latest = -1;
    for (const name of open) latest = Math.max(latest, place.get(name) ?? -1);
    if (latest < 0) return found;
    const node = reader.graph.nodes[latest]!;
    for (const name of node.outputs) open.delete(name);
    for (const name of node.inputs) if (!reader.isConstant(name)) open.add(name);
  }
}
