// Any network whose package is a tower and a head in ONNX: its stored weights are what learns. Exports have their batch
// norms folded into the convolutions; live ones are put behind them again.
import {
  convolutionsOf,
  foldedNorms,
  normEpsilon,
  normName,
  scaledFilters,
  withBatchNorms,
} from '../../autodiff/batch-norm-of-convolutions.ts';
import type { BatchNorm } from '../../autodiff/unfold-batch-norm.ts';
import type { ImportedBackbone } from '../../backbones/imported.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { encodeModel } from '../../onnx/codec.ts';
import type { Constant, Graph, Model } from '../../onnx/graph.ts';
import { floatsOf, inSinglePrecision, storedInHalf, withValues } from '../../onnx/single-precision.ts';
import { poolPrefix } from '../graphs/forward.ts';
import type { State } from '../step.ts';
import { momentsOf } from './moments.ts';
import type { BatchNormMode, LearnedNames, TrainableNetwork, TrainedNetwork } from './trainable.ts';

/** What a package says of a network, without its graphs. */
export interface NetworkFacts extends Omit<ImportedBackbone, 'tower' | 'headGraph' | 'text' | 'logitScale'> {
  readonly features: NonNullable<ImportedBackbone['features']>;
}

interface OnnxParts {
  readonly facts: NetworkFacts;
  /** `image` -> `features`, weights in single precision. */
  readonly tower: Model;
  /** `features` -> `embedding`. */
  readonly head: Model;
  /** By the name of the kernel that each belongs to; null until they are calibrated. */
  readonly norms: ReadonlyMap<string, BatchNorm> | null;
}

/** @throws DermOrbitError TRAINING_UNSUPPORTED where a head takes more than a map */
export function onnxNetwork(facts: NetworkFacts, tower: Model, head: Model): TrainableNetwork {
  const inputs = head.graph.inputs.map(({ name }) => name);
  if (facts.invariantPart > 0 || inputs.join() !== 'features') {
    throw new DermOrbitError(
      'TRAINING_UNSUPPORTED',
      `Its head takes ${inputs.join(' and ')}; networks learn whose head takes a map alone.`,
    );
  }
  return network({ facts, tower: inSinglePrecision(tower), head: inSinglePrecision(head), norms: null });
}

function network(parts: OnnxParts): TrainableNetwork {
  const { facts, tower, head } = parts;
  return {
    size: facts.input.size,
    features: facts.features,
    embedding: facts.embedding,
    summary: facts.architecture.name,
    atSize: (size) => network(atSize(parts, size)),
    resized: (state) => state,
    tower: (batchNorm, statistics) =>
      batchNorm === 'live' ? withBatchNorms(tower, requireNorms(parts), { statistics }) : tower,
    head: head.graph,
    learned: (batchNorm) => learnedNames(parts, batchNorm),
    calibrated: async (batches, provider) => {
      const convolutions = convolutionsOf(tower.graph);
      const values = convolutions.map(({ kernel, output }) => ({ name: kernel, output }));
      return network(calibrated(parts, await momentsOf(tower.graph, values, batches, provider)));
    },
    trained: (state) => trained(parts, state),
  };
}

function requireNorms({ norms }: OnnxParts): ReadonlyMap<string, BatchNorm> {
  if (!norms) throw new Error('live batch norm was asked for before it was calibrated');
  return norms;
}

/** Inputs of an operation that are weights, where they are stored as constants. */
const weightInputs: Readonly<Record<string, readonly number[]>> = {
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  Gemm: [1, 2],
  MatMul: [0, 1],
  Add: [0, 1],
  LayerNormalization: [1, 2],
  BatchNormalization: [1, 2],
  PRelu: [1],
};

/** Stored weights of a graph, in order. An addend of no dimension is a number of the network's rule, not a weight. */
function weightsOf({ nodes, constants }: Graph): string[] {
  const names = nodes.flatMap(({ op, inputs }) =>
    (weightInputs[op] ?? []).flatMap((index) => {
      const constant = constants.get(inputs[index] ?? '');
      return constant?.type === 'float32' && constant.dims.length > 0 ? [inputs[index]!] : [];
    }),
  );
  return [...new Set(names)];
}

function learnedNames({ tower, head, norms }: OnnxParts, batchNorm: BatchNormMode): LearnedNames {
  const own = weightsOf(tower.graph);
  const ofHead = weightsOf(head.graph).map((name) => poolPrefix + name);
  if (batchNorm === 'frozen' || !norms) return { parameters: [...own, ...ofHead], statistics: [] };
  const dropped = new Set(
    convolutionsOf(tower.graph).flatMap(({ kernel, bias }) =>
      norms.has(kernel) && bias !== null ? [bias] : [],
    ),
  );
  const kernels = [...norms.keys()];
  return {
    parameters: [
      ...own.filter((name) => !dropped.has(name)),
      ...kernels.flatMap((kernel) => [normName(kernel, 'weight'), normName(kernel, 'bias')]),
      ...ofHead,
    ],
    statistics: kernels.flatMap((kernel) => [
      normName(kernel, 'running_mean'),
      normName(kernel, 'running_var'),
    ]),
  };
}

/**
 * Batch norms that leave the function as it is. Behind them the length of a filter has no effect but on how fast it
 * learns: every one becomes 1 long, so that all turn alike under one learning rate.
 */
function calibrated(parts: OnnxParts, moments: Awaited<ReturnType<typeof momentsOf>>): OnnxParts {
  const { graph } = parts.tower;
  const constants = new Map(graph.constants);
  const norms = new Map<string, BatchNorm>();
  for (const { kernel: name, bias, filters } of convolutionsOf(graph)) {
    const kernel = constants.get(name)!;
    const values = floatsOf(kernel)!;
    const shift = bias === null ? new Float32Array(filters) : floatsOf(constants.get(bias)!)!;
    const { mean, variance } = moments.get(name)!;
    const lengths = lengthsOf(values, filters);
    constants.set(
      name,
      withValues(
        kernel,
        scaledFilters(
          values,
          lengths.map((length) => 1 / length),
        ),
      ),
    );
    // y = length * z + shift, where z is what the filter of length 1 makes.
    const running_mean = shift.map((b, filter) => (mean[filter]! - b) / lengths[filter]!);
    const running_var = lengths.map((length, filter) => variance[filter]! / length ** 2);
    const weight = lengths.map((length, filter) => length * Math.sqrt(running_var[filter]! + normEpsilon));
    const own = shift.map((b, filter) => b + lengths[filter]! * running_mean[filter]!);
    norms.set(name, { weight, bias: own, running_mean, running_var });
  }
  return { ...parts, tower: { ...parts.tower, graph: { ...graph, constants } }, norms };
}

/** Below this a filter is shut: it is left as it is. */
const shortest = 1e-4;

/** Euclidean length of every filter of a kernel [filters, ...]; 1 where it is shut. */
function lengthsOf(kernel: Float32Array, filters: number): Float32Array {
  const size = kernel.length / filters;
  return Float32Array.from({ length: filters }, (_, filter) => {
    let sum = 0;
    for (let index = filter * size; index < (filter + 1) * size; index++) sum += kernel[index]! ** 2;
    const length = Math.sqrt(sum);
    return length < shortest ? 1 : length;
  });
}

/** The same weights for another input: nothing in such a tower depends on the size but its declaration. */
function atSize(parts: OnnxParts, size: number): OnnxParts {
  const { facts, tower, head } = parts;
  if (size === facts.input.size) return parts;
  const cells = (facts.features.size * size) / facts.input.size;
  const resized = ({ graph, opset }: Model, sides: Readonly<Record<string, number>>): Model => ({
    opset,
    graph: {
      ...graph,
      inputs: graph.inputs.map((value) => withSides(value, sides)),
      outputs: graph.outputs.map((value) => withSides(value, sides)),
    },
  });
  return {
    ...parts,
    facts: {
      ...facts,
      input: { ...facts.input, size },
      features: { ...facts.features, size: cells },
    },
    tower: resized(tower, { image: size, features: cells }),
    head: resized(head, { features: cells }),
  };
}

function withSides<T extends Graph['inputs'][number]>(value: T, sides: Readonly<Record<string, number>>): T {
  const side = sides[value.name];
  return side === undefined ? value : { ...value, dims: [...value.dims.slice(0, 2), side, side] };
}

function trained(parts: OnnxParts, state: State): TrainedNetwork {
  const { facts, norms } = parts;
  const values = (name: string, before: Float32Array) => state.get(name)?.data ?? before;
  const towerGraph = learnedConstants(parts.tower.graph, (name) => state.get(name)?.data);
  const headGraph = learnedConstants(parts.head.graph, (name) => state.get(poolPrefix + name)?.data);
  const learned =
    norms &&
    new Map(
      [...norms].map(([kernel, norm]): [string, BatchNorm] => [
        kernel,
        {
          weight: values(normName(kernel, 'weight'), norm.weight),
          bias: values(normName(kernel, 'bias'), norm.bias),
          running_mean: values(normName(kernel, 'running_mean'), norm.running_mean),
          running_var: values(normName(kernel, 'running_var'), norm.running_var),
        },
      ]),
    );
  const open = { ...parts.tower, graph: towerGraph };
  const tower = learned ? foldedNorms(open, learned) : open;
  const head = { ...parts.head, graph: headGraph };
  const bytes = encodeModel(tower);
  return {
    file: { name: 'image-tower.onnx', format: 'onnx', bytes },
    backbone: {
      ...facts,
      tower: () => storedInHalf(tower),
      headGraph: () => storedInHalf(head),
      text: null,
      logitScale: null,
    },
  };
}

function learnedConstants(graph: Graph, learned: (name: string) => Float32Array | undefined): Graph {
  const constants = [...graph.constants].map(([name, constant]): [string, Constant] => {
    const values = learned(name);
    return [name, values ? withValues(constant, values) : constant];
  });
  return { ...graph, constants: new Map(constants) };
}
