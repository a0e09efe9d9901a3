// The weight networks that can be trained: their layers, random initial weights, and the way from trained numbers back
// to the graph that a package holds. Sizes: METHODS.md, "Combination methods".
import { buildAttentionNet, buildEmbeddingLambdaNet, buildLambdaNet } from '../../backbones/combiners.ts';
import type { Weights, WeightTensor } from '../../backbones/weights.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { CombinerName } from '../../contract/settings.ts';
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
  const valid = features.size - kernel + 1;
  return [
    [convolution, [filters, 1, kernel, kernel]],
    [projection, [keptPerChannel, filters * valid * valid]],
  ];
}

interface WeightNetRow {
  readonly layers: (shapes: Shapes) => Layer[];
  readonly build: (weights: Weights, shapes: Shapes) => Model;
}

export const weightNets: Readonly<Record<CombinerName, WeightNetRow>> = {
  lambda: {
    layers: (shapes) => [
      ...front('lambda.per_channel_preprocessing.0', 'lambda.pre_projection.0', shapes),
      ['lambda.main.0', [hidden, shapes.features.channels * keptPerChannel]],
      ['lambda.main.2', [hidden, hidden]],
      ['lambda.main.4', [1, hidden]],
    ],
    build: (weights, { features }) => buildLambdaNet(weights, features),
  },
  attention: {
    layers: (shapes) =>
      (['query', 'key'] as const).flatMap((part) => [
        ...front(
          `attention.per_channel_${part}_preprocessing.0`,
          `attention.pre_${part}_projection.0`,
          shapes,
        ),
        [`attention.${part[0]!}.0`, [hidden, shapes.features.channels * keptPerChannel]] as const,
        [`attention.${part[0]!}.2`, [hidden, hidden]] as const,
      ]),
    build: (weights, { features }) => buildAttentionNet(weights, features),
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
export function parameterNames(name: CombinerName, shapes: Shapes): string[] {
  return weightNets[name].layers(shapes).flatMap(([layer]) => [`${layer}.weight`, `${layer}.bias`]);
}

/**
 * Random initial weights: uniform within 1 / sqrt(fan-in), for weights and biases, as PyTorch initialises its
 * convolutions and linear layers.
 */
export function freshWeights(name: CombinerName, shapes: Shapes, seed: number): Map<string, WeightTensor> {
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
