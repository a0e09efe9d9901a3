// Builds a graph node by node. Values are named by what made them, so that an error of the runtime names the
// place in the network. Pure.
import {
  elementTypes,
  type Attribute,
  type Constant,
  type Graph,
  type Model,
  type Node,
  type ValueInfo,
} from './graph.ts';

/** The operator set of the graphs that the product writes: the first with LayerNormalization. */
const opset = 17;

type AttributeValue = number | readonly number[] | string | Attribute;

/** Plain numbers in the attribute tables are integers; floats are written `{ float: x }`. */
function asAttribute(value: AttributeValue): Attribute {
  if (typeof value === 'number') return { int: value };
  if (typeof value === 'string') return { string: value };
  if (Array.isArray(value)) return { ints: value as readonly number[] };
  return value as Attribute;
}

export class GraphBuilder {
  readonly #name: string;
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #names = new Set<string>();

  /** @param start a graph to add to; without it the new graph is empty */
  constructor(name: string, start?: Graph) {
    this.#name = name;
    if (!start) return;
    this.#nodes.push(...start.nodes);
    this.#inputs.push(...start.inputs);
    this.#outputs.push(...start.outputs);
    for (const [key, constant] of start.constants) this.#constants.set(key, constant);
    const made = start.nodes.flatMap(({ outputs }) => outputs);
    for (const value of [...start.inputs.map((input) => input.name), ...start.constants.keys(), ...made]) {
      this.#names.add(value);
    }
  }

  input(name: string, type: ValueInfo['type'], dims: ValueInfo['dims']): string {
    this.#inputs.push({ name: this.#unique(name), type, dims });
    return name;
  }

  /**
   * Adds a constant tensor.
   * @throws RangeError if the bytes do not fill the shape
   */
  constant(name: string, constant: Constant): string {
    const count = constant.dims.reduce((product, dim) => product * dim, 1);
    if (constant.bytes.byteLength !== count * elementTypes[constant.type].bytes) {
      throw new RangeError(
        `constant ${name}: ${constant.bytes.byteLength} bytes do not fill [${constant.dims.join(', ')}]`,
      );
    }
    const unique = this.#unique(name);
    this.#constants.set(unique, constant);
    return unique;
  }

  float32(name: string, values: Float32Array, dims: readonly number[]): string {
    return this.constant(name, { type: 'float32', dims, bytes: bytesOf(values) });
  }

  /** An int64 constant: a shape, axes, indices. */
  int64(name: string, values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.constant(name, { type: 'int64', dims, bytes: bytesOf(BigInt64Array.from(values, BigInt)) });
  }

  /** A weight stored in half precision and computed with in single precision. */
  float16Weight(name: string, bits: Uint16Array, dims: readonly number[]): string {
    const stored = this.constant(`${name}.float16`, { type: 'float16', dims, bytes: bytesOf(bits) });
    return this.op('Cast', [stored], { to: elementTypes.float32.onnx }, name);
  }

  /** Adds a node with one output; returns the output's name (made unique from `name`). */
  op(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    name = op,
  ): string {
    return this.ops(op, inputs, attributes, [name])[0]!;
  }

  /** Adds a node with several outputs; returns their names, made unique (an empty name is an absent output). */
  ops(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    names: readonly string[],
  ): string[] {
    const outputs = names.map((name) => (name === '' ? '' : this.#unique(name)));
    const node: Node = {
      op,
      name: outputs[0] ?? op,
      inputs,
      outputs,
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [key, asAttribute(value)]),
      ),
    };
    this.#nodes.push(node);
    this.added(node);
    return outputs;
  }

  /** Keeps names from being given to values that are named on the way, until they are released. */
  reserve(names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
  }

  /** Lets the next value that asks for one of these names have it. */
  release(names: readonly string[]): void {
    for (const name of names) this.#names.delete(name);
  }

  /** Called with every node, for builders that keep account of them. */
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- a plain builder keeps no account
  protected added(_node: Node): void {
    return;
  }

  /** Reshape with a constant target: 0 keeps a dimension, -1 is inferred. */
  reshape(value: string, target: readonly number[], name = 'reshape'): string {
    return this.op('Reshape', [value, this.int64(`${name}.shape`, target)], {}, name);
  }

  transpose(value: string, permutation: readonly number[], name = 'transpose'): string {
    return this.op('Transpose', [value], { perm: permutation }, name);
  }

  /**
   * Declares `value` as the graph output `name`.
   * @throws RangeError if another value has that name
   */
  output(name: string, value: string, dims: ValueInfo['dims'], type: ValueInfo['type'] = 'float32'): void {
    if (this.#names.has(name)) throw new RangeError(`graph ${this.#name} has a value ${name} already`);
    this.op('Identity', [value], {}, name);
    this.#outputs.push({ name, type, dims });
  }

  /** The graph's nodes so far. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  build(): Model {
    const graph: Graph = {
      name: this.#name,
      nodes: this.#nodes,
      constants: this.#constants,
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
    return { graph, opset };
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.#names.has(name); count++) name = `${wanted}_${count}`;
    this.#names.add(name);
    return name;
  }
}

function bytesOf(values: Float32Array | Uint16Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
