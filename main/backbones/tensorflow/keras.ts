// Reads the topology of a Keras model in TensorFlow.js ("layers-model"): layers by name with the layers they take, and
// what each kind of layer does, one row each. Pure.
import { z } from 'zod';
import type { Tensor } from '../../contract/tensor.ts';
import {
  batchNorm,
  invalid,
  unsupported,
  type Activation,
  type Layer,
  type Network,
  type Padding,
  type Pads,
  type Pair,
  type Step,
} from './network.ts';
import type { TfjsWeights } from './tfjs-weights.ts';

const layerSchema = z.looseObject({
  class_name: z.string(),
  name: z.string().optional(),
  config: z.record(z.string(), z.unknown()),
  inbound_nodes: z.array(z.unknown()).optional(),
});
type KerasEntry = z.infer<typeof layerSchema>;

const modelSchema = z.looseObject({
  class_name: z.string(),
  config: z.union([
    z.array(layerSchema),
    z.looseObject({ layers: z.array(layerSchema), output_layers: z.unknown().optional() }),
  ]),
});

/** A topology as model.json has it; the outer object may hold the model's configuration or be it. */
const topologySchema = z.union([
  z.looseObject({ model_config: modelSchema }).transform((topology) => topology.model_config),
  modelSchema,
]);

/** A place in the model: a layer's name, which of its uses, which of its results. */
const referenceSchema = z.tuple([z.string(), z.int(), z.int()]).rest(z.unknown());

/** A layer with what its row reads. */
class KerasLayer {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly #weights: TfjsWeights;

  constructor(name: string, config: Readonly<Record<string, unknown>>, weights: TfjsWeights) {
    this.name = name;
    this.config = config;
    this.#weights = weights;
  }

  /** A weight by its own name, which may stand behind the scopes of the program that saved it. */
  weight(part: string): Tensor {
    const own = `${this.name}/${part}`;
    const exact = this.#weights.get(own);
    if (exact) return exact();
    const scoped = [...this.#weights].filter(([name]) => name.endsWith(`/${own}`));
    if (scoped.length === 1) return scoped[0]![1]();
    throw invalid(`The layer ${this.name} has no weight ${own}.`);
  }

  weightIf(wanted: boolean, part: string): Tensor | null {
    return wanted ? this.weight(part) : null;
  }

  number(key: string, fallback: number): number {
    const value = this.config[key] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw invalid(`The layer ${this.name} has a ${key} that is no number.`);
  }

  /** True where it is not said otherwise. */
  yes(key: string): boolean {
    return this.config[key] !== false;
  }

  pair(key: string): Pair {
    const value = this.config[key];
    const parsed = z.union([z.number(), z.tuple([z.number(), z.number()])]).safeParse(value ?? 1);
    if (!parsed.success) throw invalid(`The layer ${this.name} has a ${key} that is no pair of numbers.`);
    return typeof parsed.data === 'number' ? [parsed.data, parsed.data] : parsed.data;
  }

  padding(): Padding {
    const value = this.config.padding ?? 'valid';
    if (value === 'same' || value === 'valid') return value;
    throw unsupported(`The layer ${this.name} has the padding ${JSON.stringify(value).slice(0, 60)}.`);
  }

  /** @throws DermOrbitError TENSORFLOW_UNSUPPORTED for a layer whose maps have their channels first */
  requireChannelsLast(): void {
    const format = this.config.data_format ?? 'channels_last';
    if (format !== 'channels_last') throw unsupported(`The layer ${this.name} has its channels first.`);
  }

  activation(name: unknown = this.config.activation): Activation | null {
    if (name === undefined || name === null || name === 'linear') return null;
    const found =
      typeof name === 'string' && Object.hasOwn(activations, name) ? activations[name] : undefined;
    if (found) return found;
    throw unsupported(`The layer ${this.name} has the activation ${JSON.stringify(name).slice(0, 60)}.`);
  }
}

const activations: Readonly<Record<string, Activation>> = {
  relu: { of: 'relu' },
  relu6: { of: 'clippedRelu', most: 6 },
  sigmoid: { of: 'sigmoid' },
  tanh: { of: 'tanh' },
  softmax: { of: 'softmax' },
  swish: { of: 'swish' },
  elu: { of: 'elu', alpha: 1 },
  // TensorFlow.js computes clip(0.2 x + 0.5, 0, 1) in every version; Keras 3 has another slope and no layers-model.
  hardSigmoid: { of: 'hardSigmoid', slope: 0.2 },
  hard_sigmoid: { of: 'hardSigmoid', slope: 0.2 },
};

type Row = (layer: KerasLayer) => Layer;

const conv = (layer: KerasLayer, depthwise: boolean): Layer => {
  layer.requireChannelsLast();
  return {
    kind: 'conv',
    kernel: layer.weight(depthwise ? 'depthwise_kernel' : 'kernel'),
    bias: layer.weightIf(layer.yes('use_bias'), 'bias'),
    depthwise,
    strides: layer.pair('strides'),
    dilations: layer.pair('dilation_rate'),
    padding: layer.padding(),
  };
};

const pool =
  (of: 'max' | 'average'): Row =>
  (layer) => {
    layer.requireChannelsLast();
    const window = layer.pair('pool_size');
    const strides = layer.config.strides == null ? window : layer.pair('strides');
    return { kind: 'pool', of, window, strides, padding: layer.padding() };
  };

const globalPool =
  (of: 'max' | 'average'): Row =>
  (layer) => {
    layer.requireChannelsLast();
    return { kind: 'globalPool', of, keepDims: layer.config.keepdims === true };
  };

const identity: Row = () => ({ kind: 'identity' });
const elementwise =
  (op: 'Add' | 'Sub' | 'Mul'): Row =>
  () => ({ kind: 'elementwise', op });

/** How the channels are said, the last of four axes, if they are said. */
const lastAxis = new Set<string | undefined>([undefined, '-1', '3', '[3]', '[-1]']);

const padsSchema = z.tuple([z.tuple([z.number(), z.number()]), z.tuple([z.number(), z.number()])]);

/** What each kind of layer does; its activation is a step of its own. */
const rows: Readonly<Record<string, Row>> = {
  Conv2D: (layer) => conv(layer, false),
  DepthwiseConv2D: (layer) => conv(layer, true),
  BatchNormalization(layer) {
    if (!lastAxis.has(JSON.stringify(layer.config.axis))) {
      throw unsupported(`The layer ${layer.name} is a batch norm along another axis than the channels.`);
    }
    return batchNorm(layer.name, {
      gamma: layer.weightIf(layer.yes('scale'), 'gamma'),
      beta: layer.weightIf(layer.yes('center'), 'beta'),
      mean: layer.weight('moving_mean'),
      variance: layer.weight('moving_variance'),
      epsilon: layer.number('epsilon', 1e-3),
    });
  },
  ReLU(layer) {
    if (layer.number('threshold', 0) !== 0) {
      throw unsupported(`The layer ${layer.name} is a ReLU with a threshold.`);
    }
    const slope = layer.number('negative_slope', 0);
    const most = layer.config.max_value ?? null;
    if (most === null) {
      const of = slope === 0 ? ({ of: 'relu' } as const) : ({ of: 'leakyRelu', alpha: slope } as const);
      return { kind: 'activation', activation: of };
    }
    if (slope !== 0) throw unsupported(`The layer ${layer.name} is a clipped ReLU with a slope.`);
    return { kind: 'activation', activation: { of: 'clippedRelu', most: layer.number('max_value', 0) } };
  },
  LeakyReLU: (layer) => ({
    kind: 'activation',
    activation: { of: 'leakyRelu', alpha: layer.number('alpha', 0.3) },
  }),
  ELU: (layer) => ({ kind: 'activation', activation: { of: 'elu', alpha: layer.number('alpha', 1) } }),
  Softmax: () => ({ kind: 'activation', activation: { of: 'softmax' } }),
  Activation: identity,
  ZeroPadding2D(layer) {
    layer.requireChannelsLast();
    const value = layer.config.padding ?? 1;
    const parsed = padsSchema.safeParse(value);
    const [vertical, horizontal] = parsed.success ? [null, null] : layer.pair('padding');
    const pads: Pads = parsed.success
      ? [parsed.data[0][0], parsed.data[1][0], parsed.data[0][1], parsed.data[1][1]]
      : [vertical!, horizontal!, vertical!, horizontal!];
    return { kind: 'pad', pads };
  },
  MaxPooling2D: pool('max'),
  AveragePooling2D: pool('average'),
  GlobalMaxPooling2D: globalPool('max'),
  GlobalAveragePooling2D: globalPool('average'),
  Add: elementwise('Add'),
  Subtract: elementwise('Sub'),
  Multiply: elementwise('Mul'),
  Concatenate(layer) {
    if (!lastAxis.has(JSON.stringify(layer.config.axis))) {
      throw unsupported(`The layer ${layer.name} joins along another axis than the channels.`);
    }
    return { kind: 'concat' };
  },
  Flatten(layer) {
    layer.requireChannelsLast();
    return { kind: 'flatten', length: null };
  },
  Dense: (layer) => ({
    kind: 'dense',
    kernel: layer.weight('kernel'),
    bias: layer.weightIf(layer.yes('use_bias'), 'bias'),
  }),
  // What is only done while training.
  Dropout: identity,
  SpatialDropout2D: identity,
  GaussianNoise: identity,
  GaussianDropout: identity,
};

/** Kinds whose `activation` is a function behind what they do. */
const activated = new Set(['Conv2D', 'DepthwiseConv2D', 'Dense', 'Activation']);

/**
 * The network of a Keras topology.
 * @param topology `modelTopology` of model.json
 * @throws DermOrbitError TENSORFLOW_INVALID, TENSORFLOW_UNSUPPORTED (a model inside the model, several inputs, shared layers)
 */
export function readKeras(topology: unknown, weights: TfjsWeights): Network {
  const parsed = topologySchema.safeParse(topology);
  if (!parsed.success) throw invalid('Its topology is none of Keras: layers and their configurations.');
  const { config } = parsed.data;
  const sequential = Array.isArray(config) || parsed.data.class_name === 'Sequential';
  const layers = Array.isArray(config) ? config : config.layers;
  const input = inputOf(layers, sequential);
  const steps = new Map<string, Step>();
  let previous = input.id;
  for (const entry of layers) {
    if (entry.class_name === 'InputLayer') continue;
    const name = nameOf(entry);
    if (steps.has(name) || name === input.id) throw invalid(`It has two layers named ${name}.`);
    const inputs = sequential ? [previous] : inboundOf(name, entry);
    for (const step of stepsOf(name, entry, inputs, weights)) steps.set(step.id, step);
    previous = name;
  }
  const outputs = sequential ? [previous] : outputsOf((config as { output_layers?: unknown }).output_layers);
  return { input, steps, outputs };
}

/** The one input layer; a Sequential model may leave it out and say the shape at its first layer. */
function inputOf(layers: readonly KerasEntry[], sequential: boolean): Network['input'] {
  const inputs = layers.filter(({ class_name: kind }) => kind === 'InputLayer');
  if (inputs.length > 1) throw unsupported(`A model of ${inputs.length} inputs; pictures are one.`);
  const entry = inputs[0] ?? (sequential ? layers[0] : undefined);
  if (!entry) throw invalid('It has no input layer.');
  const name = nameOf(entry);
  const shape = entry.config.batch_input_shape ?? entry.config.batch_shape;
  return { id: inputs[0] ? name : `${name}.input`, dims: inputDims(name, shape) };
}

function nameOf({ name, config }: KerasEntry): string {
  const found = config.name ?? name;
  if (typeof found !== 'string' || found === '') throw invalid('It has a layer without a name.');
  return found;
}

function inputDims(name: string, shape: unknown): Network['input']['dims'] {
  const parsed = z.tuple([z.int().nullable(), z.int().nullable(), z.int().nullable(), z.int().min(1)]);
  const found = parsed.safeParse(shape);
  if (!found.success)
    throw unsupported(`The input ${name} takes no pictures [batch, height, width, channels].`);
  return [found.data[1], found.data[2], found.data[3]];
}

/** The layers that a layer takes. */
function inboundOf(name: string, { inbound_nodes: nodes = [] }: KerasEntry): string[] {
  if (nodes.length !== 1) throw unsupported(`The layer ${name} is used ${nodes.length} times.`);
  const parsed = z.array(referenceSchema).safeParse(nodes[0]);
  if (!parsed.success) throw invalid(`The layer ${name} does not say which layers it takes.`);
  return parsed.data.map(resultOf);
}

function resultOf([layer, use, result]: z.infer<typeof referenceSchema>): string {
  if (use !== 0 || result !== 0) throw unsupported(`Another than the first result of the layer ${layer}.`);
  return layer;
}

function outputsOf(output: unknown): string[] {
  const parsed = z.array(referenceSchema).safeParse(output);
  if (!parsed.success) throw invalid('It does not say which layers are its results.');
  return parsed.data.map(resultOf);
}

/** A layer as one step, or as two where an activation is behind it. */
function stepsOf(name: string, entry: KerasEntry, inputs: string[], weights: TfjsWeights): Step[] {
  const layer = new KerasLayer(name, entry.config, weights);
  const kind = entry.class_name;
  const row = Object.hasOwn(rows, kind) ? rows[kind] : undefined;
  const read = () => {
    if (row) return row(layer);
    throw unsupported(`The layer ${name} is of the kind ${kind.slice(0, 60)}.`);
  };
  const plain = !activated.has(kind) || (entry.config.activation ?? 'linear') === 'linear';
  if (plain) return [{ id: name, label: name, inputs, layer: read }];
  const made = `${name}.made`;
  return [
    { id: made, label: name, inputs, layer: read },
    {
      ...{ id: name, label: name, inputs: [made] },
      layer: () => ({ kind: 'activation', activation: layer.activation()! }),
    },
  ];
}
