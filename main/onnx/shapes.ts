// Shape inference: element type and dimensions of every value of a graph, known before it runs. Pure.
import { dataOf, dataRules, longestKnown, type KnownData } from './data-rules.ts';
import { bindDimension, knownSizes, product, ShapeError, type Dimension } from './dimensions.ts';
import type { Constant, Graph, Model, Node } from './graph.ts';
import type { ShapeContext, ValueType } from './shape-context.ts';
import { shapeRules } from './shape-rules.ts';

/** The longest integer constant that is read as a shape, axes or indices. */
const longestList = 1 << 20;

/** Types of the values of a growing graph. */
export class ShapeTable {
  readonly #types = new Map<string, ValueType>();
  readonly #constants = new Map<string, Constant>();
  readonly #data = new Map<string, KnownData | null>();

  /** Types every value of a graph. @throws ShapeError */
  addGraph(graph: Graph): void {
    for (const { name, type, dims } of graph.inputs) this.addInput(name, { type, dims });
    for (const [name, constant] of graph.constants) this.addConstant(name, constant);
    for (const node of graph.nodes) this.addNode(node);
  }

  addInput(name: string, type: ValueType): void {
    this.#types.set(name, type);
  }

  addConstant(name: string, constant: Constant): void {
    this.#constants.set(name, constant);
    this.#types.set(name, { type: constant.type, dims: constant.dims });
  }

  /**
   * Types the outputs of a node whose inputs are typed already.
   * @throws ShapeError naming the node
   */
  addNode(node: Node): void {
    const rule = shapeRules.get(node.op);
    if (!rule) throw new ShapeError(`${describe(node)}: no shape rule for this op`);
    try {
      const results = rule(this.context(node));
      node.outputs.forEach((output, index) => {
        if (output !== '' && results[index]) this.#types.set(output, results[index]);
      });
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      throw new ShapeError(`${describe(node)}: ${error.message}`, { cause: error });
    }
    this.#addData(node);
    const value = node.attributes.value;
    if (node.op === 'Constant' && value && 'tensor' in value) {
      this.addConstant(node.outputs[0]!, value.tensor);
    }
  }

  has(name: string): boolean {
    return this.#types.has(name);
  }

  /** @throws ShapeError if there is no such value */
  get(name: string): ValueType {
    const found = this.#types.get(name);
    if (!found) throw new ShapeError(`there is no value ${name}`);
    return found;
  }

  /** What is known of the numbers of a value before the graph runs: of shapes and of what is made of them. */
  data(name: string): KnownData | null {
    const known = this.#data.get(name);
    if (known !== undefined) return known;
    const constant = this.#constants.get(name);
    const read = constant ? dataOf(constant) : null;
    if (constant) this.#data.set(name, read);
    return read;
  }

  #addData(node: Node): void {
    const rule = dataRules.get(node.op);
    const [output] = node.outputs;
    if (!rule || output === undefined || output === '') return;
    const known = this.#types.get(output);
    const count = known && product(known.dims);
    if (typeof count === 'number' && count > longestKnown) return;
    const named = (index: number) => node.inputs[index] ?? '';
    const data = rule({
      node,
      data: (index) => (named(index) === '' ? null : this.data(named(index))),
      type: (index) => this.#types.get(named(index)) ?? null,
    });
    if (data) this.#data.set(output, data);
  }

  /** The whole numbers of a value, some of which may only be named; null if they are not known. */
  sizes(name: string): readonly Dimension[] | null {
    return this.integers(name) ?? this.data(name)?.values ?? null;
  }

  /** The numbers of a constant of int64, or of a value that is known; null if it is neither. */
  integers(name: string): readonly number[] | null {
    const computed = this.#data.get(name);
    if (computed && !this.#constants.has(name)) return knownSizes(computed.values);
    const constant = this.#constants.get(name);
    const count = constant && product(constant.dims);
    if (constant?.type !== 'int64' || typeof count !== 'number' || count > longestList) return null;
    const view = new DataView(constant.bytes.buffer, constant.bytes.byteOffset, constant.bytes.byteLength);
    return Array.from({ length: count }, (_, index) => Number(view.getBigInt64(index * 8, true)));
  }

  /** What the rules may ask about a node. */
  context(node: Node): ShapeContext {
    return {
      node,
      input: (index) => {
        const name = node.inputs[index] ?? '';
        if (name === '') throw new ShapeError(`input ${index} is absent`);
        return this.get(name);
      },
      integers: (index) => {
        const name = node.inputs[index] ?? '';
        return name === '' ? null : this.integers(name);
      },
      sizes: (index) => {
        const name = node.inputs[index] ?? '';
        return name === '' ? null : this.sizes(name);
      },
    };
  }
}

/** A node as a message names it. */
function describe(node: Node): string {
  return `${node.op} ${node.name || (node.outputs[0] ?? '')}`;
}

/**
 * Element type and dimensions of every value of a graph; named dimensions stay named (`4*batch`).
 * @throws ShapeError naming the node that cannot be inferred
 */
export function inferShapes(graph: Graph): ShapeTable {
  const table = new ShapeTable();
  table.addGraph(graph);
  return table;
}

/** A model whose named dimensions have sizes, such as { batch: 32 }; other names stay. */
export function bindDimensions(model: Model, sizes: Readonly<Record<string, number>>): Model {
  const bind = (values: Graph['inputs']) =>
    values.map((value) => ({ ...value, dims: value.dims.map((dim) => bindDimension(dim, sizes)) }));
  const { graph } = model;
  return { ...model, graph: { ...graph, inputs: bind(graph.inputs), outputs: bind(graph.outputs) } };
}
