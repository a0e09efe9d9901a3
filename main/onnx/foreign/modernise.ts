// A graph of any operator set from 7 on in the words of operator set 17, which everything here is written for, and in
// single precision: what changed between the sets is rewritten, one row per operator; half and double precision become
// single (weights keep their stored bits), and pictures of bytes become pictures of numbers. Pure.
import { floatAttribute, intAttribute, intsAttribute, stringAttribute } from '../attributes.ts';
import { OnnxModelError } from '../codec.ts';
import { int64Bytes } from '../data-rules.ts';
import { float16ToFloat32 } from '../float16.ts';
import {
  elementTypes,
  type Attribute,
  type Constant,
  type ElementType,
  type Model,
  type Node,
  type ValueInfo,
} from '../graph.ts';

/** Operator sets that are understood: before 7, sums stretched their operands by another rule. */
const operatorSets = { from: 7, to: 25 } as const;

/** Half-precision constants of fewer numbers are kept in single precision. */
const fewNumbers = 1024;

/** Nodes and constants of the graph that is being written. */
class Rewriting {
  readonly opset: number;
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, Constant>();
  /** Values that are only other names for one. */
  readonly same = new Map<string, string>();
  #count = 0;

  constructor(opset: number) {
    this.opset = opset;
  }

  resolve(name: string): string {
    return this.same.get(name) ?? name;
  }

  fresh(part: string): string {
    return `modern/${this.#count++}/${part}`;
  }

  int64(values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.constant('integers', { type: 'int64', dims, bytes: int64Bytes(values) });
  }

  float32(values: readonly number[], dims: readonly number[] = []): string {
    return this.constant('numbers', {
      type: 'float32',
      dims,
      bytes: new Uint8Array(Float32Array.from(values).buffer),
    });
  }

  constant(part: string, constant: Constant): string {
    const name = this.fresh(part);
    this.constants.set(name, constant);
    return name;
  }

  /**
   * Keeps a constant under its name in single precision; a weight in half precision keeps its bits under another name,
   * and is widened where it is used.
   */
  store(name: string, stored: Constant): void {
    const count = stored.dims.reduce((all, dim) => all * dim, 1);
    if (stored.type !== 'float16' || count < fewNumbers) {
      this.constants.set(name, inSingle(stored));
      return;
    }
    this.constants.set(`${name}.float16`, stored);
    this.op('Cast', [`${name}.float16`], { to: { int: elementTypes.float32.onnx } }, [name]);
  }

  /** Adds a node; without outputs given, one new value. */
  op(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    outputs?: readonly string[],
  ) {
    const made = outputs ?? [this.fresh(op)];
    this.nodes.push({ op, name: made[0]!, inputs, outputs: made, attributes });
    return made[0]!;
  }

  /** Adds a node as it stands, with some attributes replaced (undefined: taken away) and other inputs. */
  keep(node: Node, changes: Record<string, Attribute | undefined> = {}, inputs = node.inputs): void {
    const attributes = Object.fromEntries(
      Object.entries({ ...node.attributes, ...changes }).filter(
        (entry): entry is [string, Attribute] => entry[1] !== undefined,
      ),
    );
    this.nodes.push({ ...node, inputs, attributes });
  }
}

type Rewrite = (node: Node, to: Rewriting) => void;

/** Lists of whole numbers that were attributes and are inputs now. */
const attributesToInputs =
  (names: readonly string[]): Rewrite =>
  (node, to) => {
    const lists = names.map((name) => intsAttribute(node, name));
    if (lists.every((list) => list === null)) {
      to.keep(node);
      return;
    }
    const inputs = [...node.inputs.slice(0, 1), ...lists.map((list) => (list ? to.int64(list) : ''))];
    while (inputs.at(-1) === '') inputs.pop();
    to.keep(node, Object.fromEntries(names.map((name) => [name, undefined])), inputs);
  };

/** Axes of a reduction: an input from set 18 on, an attribute in 17. */
const reductionAxes: Rewrite = (node, to) => {
  const axes = node.inputs[1] ?? '';
  if (axes === '') {
    const nothing =
      intAttribute(node, 'noop_with_empty_axes', 0) === 1 && intsAttribute(node, 'axes') === null;
    if (nothing) to.same.set(node.outputs[0]!, node.inputs[0]!);
    else to.keep(node, { noop_with_empty_axes: undefined }, node.inputs.slice(0, 1));
    return;
  }
  const constant = to.constants.get(axes);
  if (constant?.type !== 'int64')
    throw new OnnxModelError(`${node.op} ${node.name}: its axes must be constants`);
  to.keep(
    node,
    { axes: { ints: integersOf(constant) }, noop_with_empty_axes: undefined },
    node.inputs.slice(0, 1),
  );
};

function integersOf({ bytes }: Constant): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 8 }, (_, i) => Number(view.getBigInt64(i * 8, true)));
}

/** Before set 13, softmax ran over all axes from one on. */
const softmax: Rewrite = (node, to) => {
  if (to.opset >= 13 || intAttribute(node, 'axis', 1) === -1) {
    to.keep(node, { axis: { int: intAttribute(node, 'axis', -1) } });
    return;
  }
  const [input] = node.inputs as [string];
  const flat = to.op('Flatten', [input], { axis: { int: intAttribute(node, 'axis', 1) } });
  const shares = to.op(node.op, [flat], { axis: { int: -1 } });
  to.op('Reshape', [shares, to.op('Shape', [input])], {}, node.outputs);
};

const clip: Rewrite = (node, to) => {
  if (to.opset >= 11) {
    to.keep(node);
    return;
  }
  const bound = (name: string) =>
    name in node.attributes ? to.float32([floatAttribute(node, name, 0)]) : '';
  to.keep(node, { min: undefined, max: undefined }, [node.inputs[0]!, bound('min'), bound('max')]);
};

const pad: Rewrite = (node, to) => {
  const pads = intsAttribute(node, 'pads');
  if (!pads) {
    to.keep(node);
    return;
  }
  const value = to.float32([floatAttribute(node, 'value', 0)]);
  to.keep(node, { pads: undefined, value: undefined }, [node.inputs[0]!, to.int64(pads), value]);
};

/** Only the first output is of use in a network that no longer learns. */
const batchNormalization: Rewrite = (node, to) => {
  if (intAttribute(node, 'training_mode', 0) === 1) {
    throw new OnnxModelError(
      `BatchNormalization ${node.name} works with the statistics of its batch: export the model for evaluation`,
    );
  }
  const { epsilon } = node.attributes;
  to.nodes.push({
    ...node,
    outputs: node.outputs.slice(0, 1),
    attributes: epsilon ? { epsilon } : {},
  });
};

const dropout: Rewrite = (node, to) => {
  to.same.set(node.outputs[0]!, node.inputs[0]!);
};

const constant: Rewrite = (node, to) => {
  const { value } = node.attributes;
  const [output] = node.outputs as [string];
  const floats = node.attributes.value_floats;
  const ints = node.attributes.value_ints;
  if (value && 'tensor' in value) to.store(output, value.tensor);
  else if ('value_int' in node.attributes) {
    to.same.set(output, to.int64([intAttribute(node, 'value_int', 0)], []));
  } else if (ints && 'ints' in ints) to.same.set(output, to.int64(ints.ints));
  else if ('value_float' in node.attributes) {
    to.same.set(output, to.float32([floatAttribute(node, 'value_float', 0)]));
  } else if (floats && 'floats' in floats) {
    to.same.set(output, to.float32(floats.floats, [floats.floats.length]));
  } else throw new OnnxModelError(`the constant ${output} is no tensor of numbers`);
};

const gelu: Rewrite = (node, to) => {
  const [x] = node.inputs as [string];
  const times = (a: string, number: number) => to.op('Mul', [a, to.float32([number])]);
  const one = to.float32([1]);
  const gate =
    stringAttribute(node, 'approximate', 'none') === 'tanh'
      ? to.op('Tanh', [
          times(
            to.op('Mul', [x, to.op('Add', [times(to.op('Mul', [x, x]), 0.044715), one])]),
            Math.sqrt(2 / Math.PI),
          ),
        ])
      : to.op('Erf', [times(x, Math.SQRT1_2)]);
  to.op('Mul', [times(x, 0.5), to.op('Add', [gate, one])], {}, node.outputs);
};

const mish: Rewrite = (node, to) => {
  const [x] = node.inputs as [string];
  to.op('Mul', [x, to.op('Tanh', [to.op('Softplus', [x])])], {}, node.outputs);
};

const swish: Rewrite = (node, to) => {
  const [x] = node.inputs as [string];
  const slope = floatAttribute(node, 'alpha', 1);
  const inner = slope === 1 ? x : to.op('Mul', [x, to.float32([slope])]);
  to.op('Mul', [x, to.op('Sigmoid', [inner])], {}, node.outputs);
};

const groupNormalization: Rewrite = (node, to) => {
  const [x, scale, bias] = node.inputs as [string, string, string];
  const groups = intAttribute(node, 'num_groups', 1);
  const rows = to.op('Reshape', [x, to.int64([0, groups, -1])]);
  const ones = to.float32(new Array<number>(groups).fill(1), [groups]);
  const zeros = to.float32(new Array<number>(groups).fill(0), [groups]);
  const perGroup = to.opset < 21;
  const parts = perGroup ? [scale, bias] : [ones, zeros];
  const normalised = to.op('InstanceNormalization', [rows, ...parts], {
    epsilon: { float: floatAttribute(node, 'epsilon', 1e-5) },
  });
  const back = to.op('Reshape', [normalised, to.op('Shape', [x])], {}, perGroup ? node.outputs : undefined);
  if (perGroup) return;
  const column = (value: string) => to.op('Reshape', [value, to.int64([1, -1, 1, 1])]);
  to.op('Add', [to.op('Mul', [back, column(scale)]), column(bias)], {}, node.outputs);
};

/** Pools with dilated windows came with set 19. */
const averagePool: Rewrite = (node, to) => {
  const dilations = intsAttribute(node, 'dilations');
  if (dilations?.some((dilation) => dilation !== 1)) {
    throw new OnnxModelError(`AveragePool ${node.name} has a dilated window`);
  }
  to.keep(node, { dilations: undefined });
};

const without =
  (...names: readonly string[]): Rewrite =>
  (node, to) => {
    to.keep(node, Object.fromEntries(names.map((name) => [name, undefined])));
  };

function withoutAttribute(attributes: Node['attributes'], name: string): Node['attributes'] {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => key !== name));
}

/** Set 18 says how many parts there are, which the outputs say as well. */
const split: Rewrite = (node, to) => {
  attributesToInputs(['split'])(
    { ...node, attributes: withoutAttribute(node.attributes, 'num_outputs') },
    to,
  );
};

const floats: ReadonlySet<number> = new Set([
  elementTypes.float16.onnx,
  elementTypes.float64.onnx,
  /* bfloat16 */ 16,
]);

/** All arithmetic is in single precision. */
const cast: Rewrite = (node, to) => {
  const target = intAttribute(node, 'to', 0);
  to.keep(node, {
    saturate: undefined,
    to: { int: floats.has(target) ? elementTypes.float32.onnx : target },
  });
};

const constantOfShape: Rewrite = (node, to) => {
  const { value } = node.attributes;
  to.keep(node, value && 'tensor' in value ? { value: { tensor: inSingle(value.tensor) } } : {});
};

const rewrites: ReadonlyMap<string, Rewrite> = new Map<string, Rewrite>([
  ['AveragePool', averagePool],
  ['BatchNormalization', batchNormalization],
  ['Cast', cast],
  ['Clip', clip],
  ['Constant', constant],
  ['ConstantOfShape', constantOfShape],
  ['Dropout', dropout],
  ['Gelu', gelu],
  ['GroupNormalization', groupNormalization],
  ['Identity', dropout],
  ['LogSoftmax', softmax],
  ['Mish', mish],
  ['Pad', pad],
  ['Reshape', without('allowzero')],
  ['Slice', attributesToInputs(['starts', 'ends', 'axes'])],
  ['Softmax', softmax],
  ['Split', split],
  ['Squeeze', attributesToInputs(['axes'])],
  ['Swish', swish],
  ['Unsqueeze', attributesToInputs(['axes'])],
  ['ReduceSum', attributesToInputs(['axes'])],
  ...[
    ...['ReduceL1', 'ReduceL2', 'ReduceLogSum', 'ReduceLogSumExp', 'ReduceMax', 'ReduceMean', 'ReduceMin'],
    ...['ReduceProd', 'ReduceSumSquare'],
  ].map((op): [string, Rewrite] => [op, reductionAxes]),
]);

/** Operators that set 17 does not need to know, as they are written in others. */
export const rewrittenOperators: ReadonlySet<string> = new Set(rewrites.keys());

/** Half precision of few numbers and double precision in single; whole numbers stay as they are. */
function inSingle(from: Constant): Constant {
  const bytes = from.bytes.slice();
  const values =
    from.type === 'float16'
      ? float16ToFloat32(new Uint16Array(bytes.buffer))
      : from.type === 'float64'
        ? Float32Array.from(new Float64Array(bytes.buffer))
        : null;
  return values ? { type: 'float32', dims: from.dims, bytes: new Uint8Array(values.buffer) } : from;
}

const singleTypes: Readonly<Partial<Record<ElementType, ElementType>>> = {
  float16: 'float32',
  float64: 'float32',
  uint8: 'float32',
};

/**
 * The same network in operator set 17 and single precision; its inputs and outputs keep their names.
 * @throws OnnxModelError for an operator set that is not understood, or an operator in a form that set 17 has not
 */
export function modernise({ graph, opset }: Model): Model {
  if (opset < operatorSets.from || opset > operatorSets.to) {
    throw new OnnxModelError(
      `it is written in operator set ${opset}: export it with one from 9 to 21 (${operatorSets.from} to ${operatorSets.to} are read)`,
    );
  }
  const to = new Rewriting(opset);
  for (const [name, stored] of graph.constants) to.store(name, stored);
  for (const node of graph.nodes) {
    const resolved = { ...node, inputs: node.inputs.map((name) => to.resolve(name)) };
    const rewrite = rewrites.get(node.op);
    if (rewrite) rewrite(resolved, to);
    else to.keep(resolved);
  }
  for (const { name } of graph.outputs) {
    if (to.same.has(name)) to.op('Identity', [to.resolve(name)], {}, [name]);
  }
  const single = ({ type, ...value }: ValueInfo): ValueInfo => ({
    ...value,
    type: singleTypes[type] ?? type,
  });
  return {
    opset: 17,
    graph: {
      name: graph.name,
      nodes: to.nodes,
      constants: to.constants,
      inputs: graph.inputs.map(single),
      outputs: graph.outputs.map(single),
    },
  };
}
