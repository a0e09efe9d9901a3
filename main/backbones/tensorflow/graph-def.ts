// Reads the topology of a TensorFlow graph in TensorFlow.js ("graph-model"): a GraphDef as JSON, and what each operator
// does, one row each. Pure.
import { Buffer } from 'node:buffer';
import { z } from 'zod';
import {
  batchNorm,
  invalid,
  unsupported,
  type Activation,
  type Layer,
  type Network,
  type Padding,
  type Pair,
  type Step,
} from './network.ts';
import {
  arithmetic,
  constantAt,
  integersAt,
  mapPads,
  optionalConstant,
  overPixels,
  reshaped,
  valueIds,
  type Operand,
} from './operands.ts';
import type { TfjsWeights } from './tfjs-weights.ts';

/** Numbers of protocol buffers are texts in JSON. */
const integer = z.union([z.int(), z.string().regex(/^-?[0-9]{1,15}$/)]).transform(Number);
/** Bytes in base64, or as a list of numbers. */
const text = z.union([z.string(), z.array(z.int())]);

const attributeSchema = z.looseObject({
  b: z.boolean().optional(),
  i: integer.optional(),
  f: z.number().optional(),
  s: text.optional(),
  type: z.union([z.string(), z.number()]).optional(),
  list: z.looseObject({ i: z.array(integer).optional(), s: z.array(text).optional() }).optional(),
  shape: z.looseObject({ dim: z.array(z.looseObject({ size: integer.optional() })).optional() }).optional(),
});

const nodeSchema = z.looseObject({
  name: z.string().min(1),
  op: z.string(),
  input: z.array(z.string()).optional(),
  attr: z.record(z.string(), attributeSchema).optional(),
});
type GraphNode = z.infer<typeof nodeSchema>;

const topologySchema = z.looseObject({ node: z.array(nodeSchema) });

const outputsSchema = z.looseObject({
  signature: z.looseObject({ outputs: z.record(z.string(), z.unknown()) }),
});

/** An operator with what its row reads. */
class GraphOperator {
  readonly label: string;
  readonly operands: readonly Operand[];
  readonly #attributes: NonNullable<GraphNode['attr']>;

  constructor({ name, attr }: GraphNode, operands: readonly Operand[]) {
    this.label = name;
    this.operands = operands;
    this.#attributes = attr ?? {};
  }

  flag(name: string): boolean {
    return this.#attributes[name]?.b ?? false;
  }

  number(name: string, fallback: number): number {
    return this.#attributes[name]?.f ?? fallback;
  }

  integers(name: string): readonly number[] {
    return this.#attributes[name]?.list?.i ?? [];
  }

  text(name: string, fallback: string): string {
    const value = this.#attributes[name]?.s;
    return value === undefined ? fallback : decoded(value);
  }

  texts(name: string): string[] {
    return (this.#attributes[name]?.list?.s ?? []).map(decoded);
  }

  /** Height and width of a list [batch, height, width, channels]. */
  pair(name: string): Pair {
    const values = this.integers(name);
    if (values.length === 0) return [1, 1];
    const [batch, height, width, channels] = values;
    if (values.length !== 4 || batch !== 1 || channels !== 1) {
      throw unsupported(`${this.label} has ${name} [${values.join(', ')}].`);
    }
    return [height!, width!];
  }

  padding(): Padding {
    const value = this.text('padding', 'VALID');
    if (value === 'SAME') return 'same';
    if (value === 'VALID') return 'valid';
    if (value === 'EXPLICIT') return mapPads(this.label, this.integers('explicit_paddings'));
    throw invalid(`${this.label} has the padding ${value.slice(0, 60)}.`);
  }

  requireChannelsLast(): void {
    if (this.text('data_format', 'NHWC') !== 'NHWC') {
      throw unsupported(`${this.label} has its channels first.`);
    }
  }
}

const decoded = (value: string | readonly number[]) =>
  typeof value === 'string'
    ? Buffer.from(value, 'base64').toString()
    : String.fromCharCode(...value.slice(0, 200));

type Row = (operator: GraphOperator) => Layer;

const activation =
  (of: Activation): Row =>
  () => ({ kind: 'activation', activation: of });

const relu6: Activation = { of: 'clippedRelu', most: 6 };

function conv(operator: GraphOperator, depthwise: boolean): Layer {
  operator.requireChannelsLast();
  const { label, operands } = operator;
  const fused = operator.texts('fused_ops');
  return {
    kind: 'conv',
    kernel: constantAt(label, operands, 1),
    bias: fused[0] === 'BiasAdd' ? constantAt(label, operands, 2) : null,
    depthwise,
    strides: operator.pair('strides'),
    dilations: operator.pair('dilations'),
    padding: operator.padding(),
  };
}

const pool =
  (of: 'max' | 'average'): Row =>
  (operator) => {
    operator.requireChannelsLast();
    const [window, strides] = [operator.pair('ksize'), operator.pair('strides')];
    return { kind: 'pool', of, window, strides, padding: operator.padding() };
  };

const normalized: Row = (operator) => {
  operator.requireChannelsLast();
  const { label, operands } = operator;
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => constantAt(label, operands, index));
  if (operator.flag('is_training')) throw unsupported(`${label} is a batch norm that is still learning.`);
  return batchNorm(label, {
    ...{ gamma: gamma!, beta: beta!, mean: mean!, variance: variance! },
    epsilon: operator.number('epsilon', 1e-4),
  });
};

const product: Row = (operator) => {
  const { label, operands } = operator;
  if (operator.flag('transpose_a') || operator.flag('transpose_b')) {
    throw unsupported(`${label} multiplies with a matrix that is turned over.`);
  }
  const bias = operator.texts('fused_ops')[0] === 'BiasAdd' ? optionalConstant(label, operands, 2) : null;
  return { kind: 'dense', kernel: constantAt(label, operands, 1), bias };
};

const reduced =
  (of: 'max' | 'average'): Row =>
  (operator) =>
    overPixels(
      operator.label,
      of,
      integersAt(operator.label, operator.operands, 1),
      operator.flag('keep_dims'),
    );

const sums =
  (op: 'Add' | 'Sub' | 'Mul'): Row =>
  ({ label, operands }) =>
    arithmetic(label, op, operands);

/** What each operator does; functions that are fused behind it are steps of their own. */
const rows: Readonly<Record<string, Row>> = {
  Conv2D: (operator) => conv(operator, false),
  _FusedConv2D: (operator) => conv(operator, false),
  DepthwiseConv2dNative: (operator) => conv(operator, true),
  FusedDepthwiseConv2dNative: (operator) => conv(operator, true),
  BiasAdd: sums('Add'),
  Add: sums('Add'),
  AddV2: sums('Add'),
  Sub: sums('Sub'),
  Mul: sums('Mul'),
  FusedBatchNorm: normalized,
  FusedBatchNormV2: normalized,
  FusedBatchNormV3: normalized,
  Relu: activation({ of: 'relu' }),
  Relu6: activation(relu6),
  Sigmoid: activation({ of: 'sigmoid' }),
  Tanh: activation({ of: 'tanh' }),
  Softmax: activation({ of: 'softmax' }),
  Elu: activation({ of: 'elu', alpha: 1 }),
  LeakyRelu: (operator) => ({
    kind: 'activation',
    activation: { of: 'leakyRelu', alpha: operator.number('alpha', 0.2) },
  }),
  MaxPool: pool('max'),
  AvgPool: pool('average'),
  Mean: reduced('average'),
  Max: reduced('max'),
  ConcatV2({ label, operands }) {
    const last = integersAt(label, operands, operands.length - 1);
    if (operands.slice(0, -1).some((operand) => 'constant' in operand)) {
      throw unsupported(`${label} joins a constant.`);
    }
    if (last.length !== 1 || (last[0] !== 3 && last[0] !== -1)) {
      throw unsupported(`${label} joins along axis ${last.join(', ')}.`);
    }
    return { kind: 'concat' };
  },
  Pad: ({ label, operands }) => ({ kind: 'pad', pads: mapPads(label, integersAt(label, operands, 1)) }),
  Reshape: ({ label, operands }) => reshaped(label, integersAt(label, operands, 1)),
  Squeeze(operator) {
    const axes = operator.integers('squeeze_dims');
    if (String(axes) !== '1,2') throw unsupported(`${operator.label} drops the axes ${axes.join(', ')}.`);
    return { kind: 'squeeze' };
  },
  MatMul: product,
  _FusedMatMul: product,
  Identity: () => ({ kind: 'identity' }),
};

/** Functions that are fused behind an operator, by their names in `fused_ops`. */
const fusedActivations: Readonly<Record<string, (operator: GraphOperator) => Activation>> = {
  Relu: () => ({ of: 'relu' }),
  Relu6: () => relu6,
  Elu: () => ({ of: 'elu', alpha: 1 }),
  Sigmoid: () => ({ of: 'sigmoid' }),
  Tanh: () => ({ of: 'tanh' }),
  LeakyRelu: (operator) => ({ of: 'leakyRelu', alpha: operator.number('leakyrelu_alpha', 0.2) }),
};

/**
 * The network of a graph.
 * @param topology `modelTopology` of model.json
 * @param about all of model.json, which names the results
 * @throws DermOrbitError TENSORFLOW_INVALID, TENSORFLOW_UNSUPPORTED
 */
export function readGraph(topology: unknown, about: unknown, weights: TfjsWeights): Network {
  const parsed = topologySchema.safeParse(topology);
  if (!parsed.success) throw invalid('Its topology is no graph of TensorFlow.');
  const nodes = new Map<string, GraphNode>();
  for (const node of parsed.data.node) {
    if (nodes.has(node.name)) throw invalid(`It has two nodes named ${node.name}.`);
    nodes.set(node.name, node);
  }
  const inputs = [...nodes.values()].filter(({ op }) => op === 'Placeholder');
  if (inputs.length !== 1) throw unsupported(`A graph of ${inputs.length} inputs; pictures are one.`);
  const steps = new Map<string, Step>();
  for (const node of nodes.values()) {
    if (node.op === 'Const' || node.op === 'Placeholder') continue;
    for (const step of stepsOf(node, nodes, weights)) steps.set(step.id, step);
  }
  return {
    input: { id: inputs[0]!.name, dims: inputDims(inputs[0]!) },
    steps,
    outputs: outputsOf(about, nodes),
  };
}

function inputDims({ name, attr }: GraphNode): Network['input']['dims'] {
  const dims = (attr?.shape?.shape?.dim ?? []).map(({ size = -1 }) => size);
  if (dims.length !== 4 || !(dims[3]! >= 1)) {
    throw unsupported(`The input ${name} takes no pictures [batch, height, width, channels].`);
  }
  const open = (size: number) => (size === -1 ? null : size);
  return [open(dims[1]!), open(dims[2]!), dims[3]!];
}

/** What the signature names, which stands in one of two places; without one, what no node takes. */
function outputsOf(about: unknown, nodes: ReadonlyMap<string, GraphNode>): string[] {
  const places = z.looseObject({ userDefinedMetadata: z.unknown().optional() }).safeParse(about);
  for (const place of [about, places.success ? places.data.userDefinedMetadata : null]) {
    const signature = outputsSchema.safeParse(place);
    if (!signature.success) continue;
    return Object.entries(signature.data.signature.outputs).map(([name, value]) => {
      const told = z.looseObject({ name: z.string() }).safeParse(value);
      return nodeNamed(told.success ? told.data.name : name);
    });
  }
  const taken = new Set([...nodes.values()].flatMap(({ input }) => (input ?? []).map(nodeNamed)));
  return [...nodes.keys()].filter((name) => !taken.has(name));
}

/** "name:0" is the first result of a node, "^name" only says that it comes first. */
function nodeNamed(reference: string): string {
  return reference.replace(/:0$/, '');
}

function operandOf(reference: string, nodes: ReadonlyMap<string, GraphNode>, weights: TfjsWeights): Operand {
  let name = nodeNamed(reference);
  // An Identity of a constant is how variables are frozen; a chain of them ends after as many nodes as there are.
  for (let count = 0; count <= nodes.size; count++) {
    const node = nodes.get(name);
    if (!node) throw invalid(`A node takes ${reference.slice(0, 200)}, which is not there.`);
    if (node.op === 'Const') {
      return {
        constant() {
          const found = weights.get(name);
          if (!found) throw invalid(`The weights of ${name} are in no file.`);
          return found();
        },
      };
    }
    if (node.op !== 'Identity' || node.input?.length !== 1) break;
    name = nodeNamed(node.input[0]!);
  }
  return { value: nodeNamed(reference) };
}

/** A node as one step, or as two where a function is fused behind it. */
function stepsOf(node: GraphNode, nodes: ReadonlyMap<string, GraphNode>, weights: TfjsWeights): Step[] {
  const { name, op } = node;
  const data = (node.input ?? []).filter((reference) => !reference.startsWith('^'));
  const operands = data.map((reference) => operandOf(reference, nodes, weights));
  const operator = new GraphOperator(node, operands);
  const row = Object.hasOwn(rows, op) ? rows[op] : undefined;
  const fused = operator.texts('fused_ops').filter((name) => name !== 'BiasAdd');
  const layer = () => {
    if (!row) throw unsupported(`${name} is made by the operator ${op.slice(0, 60)}.`);
    return row(operator);
  };
  const inputs = valueIds(operands);
  if (fused.length === 0) return [{ id: name, label: name, inputs, layer }];
  const made = `${name}.made`;
  const behind = (): Layer => {
    const [first] = fused as [string];
    const found = Object.hasOwn(fusedActivations, first) ? fusedActivations[first] : undefined;
    if (fused.length > 1 || !found)
      throw unsupported(`${name} applies ${fused.join(' and ').slice(0, 120)}.`);
    return { kind: 'activation', activation: found(operator) };
  };
  return [
    { id: made, label: name, inputs, layer },
    { id: name, label: name, inputs: [made], layer: behind },
  ];
}
