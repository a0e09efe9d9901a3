// A graph for one size of its input: what it computes from its own shapes is computed here, so that every value has a
// known size but for the batch, and what does not depend on the picture is computed once. Exporters write a network for
// any size as hundreds of such nodes; and a network for a batch of one can be set free on the way. Pure.
import { intAttribute, intsAttribute, stringAttribute } from '../attributes.ts';
import { OnnxModelError } from '../codec.ts';
import { constantOf, int64Bytes } from '../data-rules.ts';
import { bindDimension, knownSizes, normalAxis, ShapeError, type Dimension } from '../dimensions.ts';
import { elementTypes, type Attribute, type Constant, type Graph, type Model, type Node } from '../graph.ts';
import { padsOfAll } from '../shape-rules.ts';
import { ShapeTable } from '../shapes.ts';

/** Computes the outputs of a graph without inputs. */
export type EvaluateConstants = (model: Model) => Promise<ReadonlyMap<string, Constant>>;

export interface SpecialiseOptions {
  /** Of the one input, `batch` for a size that stays free. */
  readonly dims: readonly Dimension[];
  /** The graph was written for a batch of this many, which stand in its constants: read them as the batch. */
  readonly written?: number;
  readonly evaluate: EvaluateConstants;
}

export interface Specialised {
  readonly graph: Graph;
  /** Type and size of every value. */
  readonly table: ShapeTable;
  /** A value [batch, 1, 1, 1] of zeros that the graph takes from its input to stretch constants; null if it needs none. */
  readonly zeros: string | null;
}

export const batchZeros = 'batch/zeros';

/** Bytes that may be computed from constants: as many as packages may have (bounds.ts), with room for double precision. */
const weightGrowth = 8;
const weightAllowance = 128 * 2 ** 20;
/** Copies that a Tile may become. */
const mostCopies = 64;

/**
 * The graph of one input for that input's size; inputs and outputs keep their names.
 * @throws ShapeError, OnnxModelError if a size cannot be told beforehand
 */
export async function specialise(model: Model, options: SpecialiseOptions): Promise<Specialised> {
  const writing = new Specialising(model.graph, options);
  for (const node of model.graph.nodes) writing.add(node);
  return writing.finish(options.evaluate);
}

/** A number for the batch. */
const withBatch = (dims: readonly Dimension[], batch: number) =>
  dims.map((dim) => Number(bindDimension(dim, { batch })));
const isNamed = (dim: Dimension): dim is string => typeof dim === 'string';
const countOf = (dims: readonly number[]) => dims.reduce((all, dim) => all * dim, 1);

class Specialising {
  readonly table = new ShapeTable();
  readonly #source: Graph;
  readonly #written: SpecialiseOptions['written'];
  readonly #nodes: Node[] = [];
  /** Nodes that depend on no input, in order. */
  readonly #constantNodes: Node[] = [];
  /** Values that do not depend on the input. */
  readonly #constant = new Set<string>();
  readonly #constants: Map<string, Constant>;
  readonly #same = new Map<string, string>();
  #zeros: string | null = null;
  #count = 0;

  constructor(graph: Graph, { dims, written }: SpecialiseOptions) {
    this.#source = graph;
    this.#written = written;
    this.#constants = new Map(graph.constants);
    const [input] = graph.inputs as [Graph['inputs'][number]];
    this.table.addInput(input.name, { type: input.type, dims });
    for (const [name, constant] of graph.constants) {
      this.table.addConstant(name, constant);
      this.#constant.add(name);
    }
  }

  add(original: Node): void {
    const inputs = original.inputs.map((name) => this.#same.get(name) ?? name);
    const unmade = inputs.find((name) => name !== '' && !this.table.has(name));
    if (unmade !== undefined) {
      throw new OnnxModelError(`${original.op} ${original.name} uses ${unmade}, which nothing makes`);
    }
    const prepared = this.#prepare({ ...original, inputs });
    if (!prepared) return;
    this.table.addNode(prepared);
    const [output] = prepared.outputs as [string];
    const data = prepared.outputs.length === 1 ? this.table.data(output) : null;
    // What is only partly known is no constant, but is computed here all the same, by what uses it.
    if (data) {
      const known = constantOf(data);
      if (known) this.#keep(output, known);
      return;
    }
    if (
      prepared.inputs.every((name) => name === '' || this.#constant.has(name)) &&
      prepared.op !== 'ConstantOfShape'
    ) {
      this.#constantNodes.push(prepared);
      for (const name of prepared.outputs) this.#constant.add(name);
      return;
    }
    const finish = finishers[prepared.op];
    if (finish) finish(prepared, this);
    else this.emit(prepared);
  }

  /** What a node must become before its size can be told; null if it is only another name for its input. */
  #prepare(node: Node): Node | null {
    switch (node.op) {
      case 'Reshape':
        return this.#written !== undefined ? this.#freeReshape(node) : node;
      case 'Concat':
        return this.#written !== undefined ? this.#freeConcat(node) : node;
      case 'Slice':
        return this.#sliceOfKnown(node);
      case 'Conv':
      case 'ConvTranspose':
      case 'AveragePool':
      case 'LpPool':
      case 'MaxPool':
        return this.#withPads(node);
      default:
        return node;
    }
  }

  /** A target shape that was written for a fixed batch: the batch stands where it stood in memory. */
  #freeReshape(node: Node): Node {
    const [input, target] = node.inputs as [string, string];
    const { dims } = this.dims(input);
    const batchAxis = dims.findIndex(isNamed);
    const given = this.table.integers(target);
    if (batchAxis < 0 || !given) return node;
    const own = withBatch(dims, this.#written ?? 1);
    const wanted = given.map((size, axis) => (size === 0 ? own[axis]! : size));
    const rest = countOf(own) / countOf(wanted.filter((size) => size !== -1));
    const whole = wanted.map((size) => (size === -1 ? rest : size));
    const before = countOf(own.slice(0, batchAxis));
    const axis = whole.findIndex((_, at) => countOf(whole.slice(0, at)) === before);
    if (axis < 0) throw new ShapeError(`Reshape ${node.name} mixes the batch with other axes`);
    return { ...node, inputs: [input, this.int64(whole.map((size, at) => (at === axis ? -1 : size)))] };
  }

  /** Parts that were written for a batch of one are stretched along the batch. */
  #freeConcat(node: Node): Node {
    const shapes = node.inputs.map((name) => this.dims(name).dims);
    const axis = normalAxis(intAttribute(node, 'axis', 0), shapes[0]!.length);
    const batchAxis = shapes[0]!.findIndex(
      (_, at) => at !== axis && shapes.some((dims) => isNamed(dims[at]!)),
    );
    if (batchAxis < 0) return node;
    const inputs = node.inputs.map((name, index) =>
      isNamed(shapes[index]![batchAxis]!) ? name : this.overBatch(name, batchAxis),
    );
    return { ...node, inputs };
  }

  /** Without the axes of which everything is kept, as those of unknown size are (x[:]). */
  #sliceOfKnown(node: Node): Node | null {
    const [input] = node.inputs as [string];
    const { dims } = this.dims(input);
    const list = (index: number) =>
      (node.inputs[index] ?? '') === '' ? null : this.table.sizes(node.inputs[index]!);
    const [starts, ends] = [list(1), list(2)];
    if (!starts || !ends) return node;
    const axes = list(3) ?? starts.map((_, index) => index);
    const steps = list(4) ?? starts.map(() => 1);
    const kept = starts.flatMap((start, i) => {
      const dim = dims[normalAxis(Number(axes[i]!), dims.length)]!;
      const everything = start === 0 && steps[i] === 1 && (ends[i] === dim || Number(ends[i]) >= 2 ** 31 - 1);
      return everything ? [] : [i];
    });
    if (kept.length === 0) {
      this.alias(node.outputs[0]!, input);
      return null;
    }
    const pick = (values: readonly Dimension[]) => {
      const chosen = knownSizes(kept.map((i) => values[i]!));
      if (!chosen) throw new ShapeError(`Slice ${node.name} depends on the size of the batch`);
      return this.int64(chosen);
    };
    return { ...node, inputs: [input, pick(starts), pick(ends), pick(axes), pick(steps)] };
  }

  /** Padding that was left to the runtime, in numbers. */
  #withPads(node: Node): Node | null {
    const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
    const attributes = without(node.attributes, 'auto_pad');
    if (mode === 'NOTSET' || mode === '') {
      if (!isSingleCell(node)) return { ...node, attributes };
      this.alias(node.outputs[0]!, node.inputs[0]!);
      return null;
    }
    if (mode === 'VALID') return { ...node, attributes: without(attributes, 'pads') };
    if (node.op === 'ConvTranspose')
      throw new ShapeError(`ConvTranspose ${node.name} leaves its padding open`);
    const kernel =
      node.op === 'Conv'
        ? this.dims(node.inputs[1]!).dims.slice(2).map(Number)
        : (intsAttribute(node, 'kernel_shape') ?? []);
    const ones = kernel.map(() => 1);
    const [strides, dilations] = [
      intsAttribute(node, 'strides') ?? ones,
      intsAttribute(node, 'dilations') ?? ones,
    ];
    const total = this.dims(node.inputs[0]!)
      .dims.slice(2)
      .map((size, axis) => {
        if (typeof size !== 'number') throw new ShapeError(`the size ${size} must be known`);
        const extent = dilations[axis]! * (kernel[axis]! - 1) + 1;
        return Math.max(0, (Math.ceil(size / strides[axis]!) - 1) * strides[axis]! + extent - size);
      });
    const small = total.map((pads) => Math.floor(pads / 2));
    const large = total.map((pads, axis) => pads - small[axis]!);
    const pads = mode === 'SAME_UPPER' ? [...small, ...large] : [...large, ...small];
    return { ...node, attributes: { ...attributes, pads: { ints: pads } } };
  }

  dims(name: string) {
    return this.table.get(name);
  }

  alias(name: string, target: string): void {
    this.#same.set(name, this.#same.get(target) ?? target);
  }

  #keep(name: string, constant: Constant): void {
    this.#constants.set(name, constant);
    this.#constant.add(name);
    if (!this.table.has(name)) this.table.addConstant(name, constant);
  }

  int64(values: readonly number[]): string {
    const name = `special/${this.#count++}`;
    this.#keep(name, { type: 'int64', dims: [values.length], bytes: int64Bytes(values) });
    return name;
  }

  /** Adds a node to the result as it stands. */
  emit(node: Node): void {
    for (const name of node.inputs) {
      if (name !== '' && !this.#constant.has(name) && this.table.data(name)) {
        throw new ShapeError(`${node.op} ${node.name} computes with the size of the batch`);
      }
    }
    this.#nodes.push(node);
  }

  /** A node of its own, with its size. */
  make(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    output?: string,
  ): string {
    const name = output ?? `special/${this.#count++}`;
    const node: Node = { op, name, inputs, outputs: [name], attributes };
    this.table.addNode(node);
    this.#nodes.push(node);
    return name;
  }

  /** A value whose size along an axis is 1, as often as there are pictures. */
  overBatch(value: string, axis: number, output?: string): string {
    const { dims, type } = this.dims(value);
    if (type !== 'float32') throw new ShapeError(`${value} is stretched along the batch, and is of ${type}`);
    const shape = dims.map((_, at) => (at === axis ? -1 : 1));
    const zeros = this.make('Reshape', [this.#batchZeros(), this.int64(shape)]);
    return this.make('Add', [value, zeros], {}, output);
  }

  #batchZeros(): string {
    if (this.#zeros !== null) return this.#zeros;
    const [input] = this.#source.inputs as [Graph['inputs'][number]];
    const rank = this.dims(input.name).dims.length;
    const others = Array.from({ length: rank - 1 }, (_, axis) => axis + 1);
    const first = this.make('Slice', [
      input.name,
      this.int64(others.map(() => 0)),
      this.int64(others.map(() => 1)),
      this.int64(others),
    ]);
    const zero = `special/${this.#count++}`;
    this.#keep(zero, { type: 'float32', dims: [], bytes: new Uint8Array(4) });
    this.#zeros = this.make('Mul', [first, zero], {}, batchZeros);
    return this.#zeros;
  }

  /** A constant filled with one value. */
  filled(dims: readonly number[], value: Constant | null): string {
    const one = value ?? { type: 'float32' as const, dims: [1], bytes: new Uint8Array(4) };
    const size = elementTypes[one.type].bytes;
    if (countOf(dims) * size > weightAllowance)
      throw new ShapeError(`a constant of [${dims.join(', ')}] is too large`);
    const bytes = new Uint8Array(countOf(dims) * size);
    for (let at = 0; at < bytes.length; at += size) bytes.set(one.bytes.subarray(0, size), at);
    const name = `special/${this.#count++}`;
    this.#keep(name, { type: one.type, dims, bytes });
    return name;
  }

  async finish(evaluate: EvaluateConstants): Promise<Specialised> {
    const outputs = this.#source.outputs.map((output) => {
      const made = this.#same.get(output.name);
      if (made !== undefined) this.#nodes.push(identity(made, output.name));
      const { type, dims } = this.dims(made ?? output.name);
      if (made !== undefined) this.table.addInput(output.name, { type, dims });
      return { name: output.name, type, dims };
    });
    await this.#foldConstants(evaluate);
    const used = new Set(this.#nodes.flatMap(({ inputs }) => inputs));
    const [input] = this.#source.inputs as [Graph['inputs'][number]];
    const graph: Graph = {
      name: this.#source.name,
      nodes: this.#nodes,
      constants: new Map([...this.#constants].filter(([name]) => used.has(name))),
      inputs: [{ ...input, dims: this.dims(input.name).dims }],
      outputs,
    };
    return { graph, table: this.table, zeros: this.#zeros };
  }

  /** What depends on no input and is used: computed once, but for weights in half precision, which are only widened. */
  async #foldConstants(evaluate: EvaluateConstants): Promise<void> {
    const used = new Set(this.#nodes.flatMap(({ inputs }) => inputs));
    for (const { name } of this.#source.outputs) used.add(name);
    const producers = new Map(
      this.#constantNodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)),
    );
    const needed = [...used].filter((name) => producers.has(name));
    const widened = needed.filter((name) => {
      const { op, inputs } = producers.get(name)!;
      return op === 'Cast' && this.#constants.has(inputs[0]!);
    });
    this.#nodes.unshift(...widened.map((name) => producers.get(name)!));
    const computed = needed.filter((name) => !widened.includes(name));
    if (computed.length === 0) return;
    this.#requireSmall();
    const found = await evaluate({
      opset: 17,
      graph: {
        name: 'constants',
        nodes: this.#constantNodes,
        constants: this.#constants,
        inputs: [],
        outputs: computed.map((name) => ({ name, ...this.dims(name) })),
      },
    });
    for (const [name, constant] of found) this.#constants.set(name, constant);
  }

  #requireSmall(): void {
    let stored = 0;
    for (const { bytes } of this.#constants.values()) stored += bytes.byteLength;
    let made = 0;
    for (const { outputs } of this.#constantNodes) {
      for (const name of outputs.filter((output) => output !== '')) {
        const { type, dims } = this.dims(name);
        made += countOf(dims.map(Number)) * elementTypes[type].bytes;
      }
    }
    // Written so that a size that is not a number fails too.
    if (!(made <= weightAllowance + weightGrowth * stored)) {
      throw new OnnxModelError(`${(made / 1e9).toFixed(1)} GB would be computed from its constants`);
    }
  }
}

/** A pool whose window is one cell, as an adaptive pool becomes on a map of its own size. */
function isSingleCell(node: Node): boolean {
  const all = (name: string, value: number) =>
    (intsAttribute(node, name) ?? []).every((number) => number === value);
  const pools = node.op === 'AveragePool' || node.op === 'MaxPool';
  return pools && node.outputs.length === 1 && all('kernel_shape', 1) && all('strides', 1) && all('pads', 0);
}

function identity(from: string, to: string): Node {
  return { op: 'Identity', name: to, inputs: [from], outputs: [to], attributes: {} };
}

function without(attributes: Readonly<Record<string, Attribute>>, name: string): Record<string, Attribute> {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => key !== name));
}

const sameDims = (a: readonly Dimension[], b: readonly Dimension[]) =>
  a.length === b.length && a.every((dim, axis) => dim === b[axis]);

/** How a node is written once its sizes are known, for the operators whose arguments are sizes. */
const finishers: Readonly<Record<string, (node: Node, to: Specialising) => void>> = {
  CastLike: (node, to) => {
    const { type } = to.dims(node.inputs[1]!);
    to.emit({
      ...node,
      op: 'Cast',
      inputs: node.inputs.slice(0, 1),
      attributes: { to: { int: elementTypes[type].onnx } },
    });
  },

  ConstantOfShape: (node, to) => {
    const { dims } = to.dims(node.outputs[0]!);
    const { value } = node.attributes;
    const made = to.filled(withBatch(dims, 1), value && 'tensor' in value ? value.tensor : null);
    const axis = dims.findIndex(isNamed);
    if (axis < 0) to.alias(node.outputs[0]!, made);
    else to.overBatch(made, axis, node.outputs[0]);
  },

  Expand: (node, to) => {
    const [input] = node.inputs as [string];
    stretch(node, input, to.dims(node.outputs[0]!).dims, to);
  },

  Pad: (node, to) => {
    const [input, pads, value] = node.inputs as [string, string, string?];
    const { dims } = to.dims(input);
    const axes = node.inputs[3] ? to.table.integers(node.inputs[3]) : null;
    const all = padsOfAll(to.table.integers(pads)!, axes, dims.length);
    if (all.every((pad) => pad === 0)) to.alias(node.outputs[0]!, input);
    else to.emit({ ...node, inputs: [input, to.int64(all), ...(value ? [value] : [])] });
  },

  Reshape: (node, to) => {
    const [input] = node.inputs as [string];
    const before = to.dims(input).dims;
    const after = to.dims(node.outputs[0]!).dims;
    if (sameDims(before, after)) {
      to.alias(node.outputs[0]!, input);
      return;
    }
    const kept = (dim: Dimension, axis: number) => isNamed(dim) && before[axis] === dim;
    const open = after.filter((dim, axis) => isNamed(dim) && !kept(dim, axis)).length;
    if (open > 1) throw new ShapeError(`Reshape ${node.name} has several sizes that are not known`);
    const target = after.map((dim, axis) => (kept(dim, axis) ? 0 : isNamed(dim) ? -1 : dim));
    to.emit({ ...node, inputs: [input, to.int64(target)], attributes: {} });
  },

  Split: (node, to) => {
    const axis = intAttribute(node, 'axis', 0);
    const sizes = node.outputs.map((name) => Number(to.dims(name).dims.at(axis)));
    to.emit({ ...node, inputs: [node.inputs[0]!, to.int64(sizes)] });
  },

  Squeeze: (node, to) => {
    const [input] = node.inputs as [string];
    const { dims } = to.dims(input);
    const axes =
      (node.inputs[1] ? to.table.integers(node.inputs[1]) : null) ??
      dims.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
    to.emit({ ...node, inputs: [input, to.int64(axes)] });
  },

  Tile: (node, to) => {
    const [input] = node.inputs as [string];
    const before = to.dims(input).dims;
    const after = to.dims(node.outputs[0]!).dims;
    const longer = before.flatMap((dim, axis) => (dim !== 1 && dim !== after[axis] ? [axis] : []));
    let value = input;
    for (const axis of longer) {
      const copies = Number(after[axis]) / Number(before[axis]);
      if (!(copies <= mostCopies)) throw new ShapeError(`Tile ${node.name} makes ${copies} copies`);
      value = to.make('Concat', new Array<string>(copies).fill(value), { axis: { int: axis } });
    }
    stretch(node, value, after, to);
  },
};

/** A value stretched to a shape: along its axes of size 1, and along the batch last. */
function stretch(node: Node, input: string, target: readonly Dimension[], to: Specialising): void {
  const before = to.dims(input).dims;
  const aligned = [...new Array<number>(target.length - before.length).fill(1), ...before];
  const named = target.findIndex((dim, axis) => isNamed(dim) && !isNamed(aligned[axis]!));
  const fixed = target.map((dim, axis) => (isNamed(dim) ? aligned[axis]! : dim));
  const [output] = node.outputs as [string];
  const grown = !sameDims(fixed, before);
  if (named < 0 && !grown) {
    to.alias(output, input);
    return;
  }
  const numbers = fixed.map((dim) => (isNamed(dim) ? 1 : dim));
  const value = grown
    ? to.make('Expand', [input, to.int64(numbers)], {}, named < 0 ? output : undefined)
    : input;
  if (named >= 0) to.overBatch(value, named, output);
}
