// The weight networks that can be trained: their layers, random initial weights, and the way from trained numbers back
// to the graph that a package holds. Sizes: METHODS.md, "Combination methods".
import {
  buildAttentionNet,
  buildCanonicalNet,
  buildEmbeddingLambdaNet,
  buildLambdaNet,
} from '../../backbones/combiners.ts';
import type { Weights, WeightTensor } from '../../backbones/weights.ts';
import { mapOf, type Manifest } from '../../contract/manifest.ts';
import type { CombinerName, Settings } from '../../contract/settings.ts';
import { combinerOf } from '../../equivariance/settings.ts';
import type { Model } from '../../onnx/graph.ts';
import { randomFor, uniform } from '../random.ts';

type Shapes = Pick<Manifest, 'features' | 'embedding'>;
type Layer = readonly [name: string, dims: readonly number[]];

const filters = 32;
const kernel = 3;
const keptPerChannel = 8;
const hidden = 128;
const embeddingHidden = 100;

/** The per-channel front: a convolution over every channel by itself, then a few numbers of each. */
function front(convolution: string, projection: string, { features }: Shapes): Layer[] {
  const valid = mapOf({ features }).size - kernel + 1;
  return [
    [convolution, [filters, 1, kernel, kernel]],
    [projection, [keptPerChannel, filters * valid * valid]],
  ];
}

/** The networks that learn from the answers: those whose weights or choice a loss can see through a combined map. */
export type TrainedNet = Exclude<CombinerName, 'canonicalImage' | 'distance'>;

/** The network of a method that learns so; null where it has none. */
export function trainedNetOf(combination: Pick<Settings, 'method' | 'level'>): TrainedNet | null {
  const net = combinerOf(combination);
  return net === 'canonicalImage' || net === 'distance' ? null : net;
}

/** The layers of a lambda net under a prefix. */
const scoreNet =
  (prefix: 'lambda' | 'canonical') =>
  (shapes: Shapes): Layer[] => [
    ...front(`${prefix}.per_channel_preprocessing.0`, `${prefix}.pre_projection.0`, shapes),
    [`${prefix}.main.0`, [hidden, mapOf(shapes).channels * keptPerChannel]],
    [`${prefix}.main.2`, [hidden, hidden]],
    [`${prefix}.main.4`, [1, hidden]],
  ];

interface WeightNetRow {
  readonly layers: (shapes: Shapes) => Layer[];
  readonly build: (weights: Weights, shapes: Shapes) => Model;
}

export const weightNets: Readonly<Record<TrainedNet, WeightNetRow>> = {
  lambda: {
    layers: scoreNet('lambda'),
    build: (weights, { features }) => buildLambdaNet(weights, mapOf({ features })),
  },
  canonical: {
    layers: scoreNet('canonical'),
    build: (weights, { features }) => buildCanonicalNet(weights, mapOf({ features })),
  },
  attention: {
    layers: (shapes) =>
      (['query', 'key'] as const).flatMap((part) => [
        ...front(
          `attention.per_channel_${part}_preprocessing.0`,
          `attention.pre_${part}_projection.0`,
          shapes,
        ),
        [`attention.${part[0]!}.0`, [hidden, mapOf(shapes).channels * keptPerChannel]] as const,
        [`attention.${part[0]!}.2`, [hidden, hidden]] as const,
      ]),
    build: (weights, { features }) => buildAttentionNet(weights, mapOf({ features })),
  },
  lambdaEmbedding: {
    layers: ({ embedding }) => [
      ['lambda_embedding.fc1', [embeddingHidden, embedding]],
      ['lambda_embedding.fc2', [embeddingHidden, embeddingHidden]],
      ['lambda_embedding.fc3', [1, embeddingHidden]],
    ],
    build: (weights, { embedding }) => buildEmbeddingLambdaNet(weights, embedding),
  },
};

/** Names of a network's weights and biases. */
export function parameterNames(name: TrainedNet, shapes: Shapes): string[] {
  return weightNets[name].layers(shapes).flatMap(([layer]) => [`${layer}.weight`, `${layer}.bias`]);
}

/**
 * Random initial weights: uniform within 1 / sqrt(fan-in), for weights and biases, as PyTorch initialises its
 * convolutions and linear layers.
 */
export function freshWeights(name: TrainedNet, shapes: Shapes, seed: number): Map<string, WeightTensor> {
  const random = randomFor(seed, 'weights');
  const draw = (dims: readonly number[], bound: number): WeightTensor => {
    const count = dims.reduce((product, dim) => product * dim, 1);
    return weightTensor(
      dims,
      Float32Array.from({ length: count }, () => bound * (2 * uniform(random) - 1)),
    );
  };
  return new Map(
    weightNets[name].layers(shapes).flatMap(([layer, dims]) => {
      const bound = dims.slice(1).reduce((product, dim) => product * dim, 1) ** -0.5;
      return [
        [`${layer}.weight`, draw(dims, bound)] as const,
        [`${layer}.bias`, draw(dims.slice(0, 1), bound)] as const,
      ];
    }),
  );
}

export function weightTensor(dims: readonly number[], values: Float32Array): WeightTensor {
  return { dims, float32: () => values };
}
