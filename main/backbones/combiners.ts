// The weight networks of METHODS.md as ONNX graphs: lambda net (feature and embedding level), QNet and KNet; and
// canonical's feature scorer, which is a lambda net too.
// Parameter names are those of the reference implementation. Sources: Basu et al. 2023 (lambda-equitune);
// Vlasenko et al. (feature-level lambda, equiattention).
import { DermOrbitError } from '../contract/errors.ts';
import { GraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { addLinear, addVector, addWeight, requireWeight, type Weights } from './weights.ts';

interface FeatureShape {
  readonly channels: number;
  readonly size: number;
}

/** @throws DermOrbitError COMBINERS_INVALID unless the tensor is there and has this shape (null: any size) */
export function expectDims(
  weights: Weights,
  name: string,
  expected: readonly (number | null)[],
): readonly number[] {
  const { dims } = requireCombinerWeight(weights, name);
  const fits = dims.length === expected.length && dims.every((dim, axis) => (expected[axis] ?? dim) === dim);
  if (!fits) {
    const wanted = expected.map((dim) => dim ?? 'any').join(', ');
    throw new DermOrbitError('COMBINERS_INVALID', `${name} is [${dims.join(', ')}], expected [${wanted}].`);
  }
  return dims;
}

function requireCombinerWeight(weights: Weights, name: string) {
  if (!weights.has(name)) throw new DermOrbitError('COMBINERS_INVALID', `The tensor ${name} is missing.`);
  return requireWeight(weights, name);
}

/** Shapes of a stack of Linear layers, each [out, in], the first with `inputs` columns. */
export function expectLinears(
  weights: Weights,
  names: readonly string[],
  inputs: number,
  outputs: number | null,
): number {
  let columns = inputs;
  names.forEach((name, index) => {
    const rows = index === names.length - 1 ? outputs : null;
    columns = expectDims(weights, `${name}.weight`, [rows, columns])[0]!;
    expectDims(weights, `${name}.bias`, [columns]);
  });
  return columns;
}

/** The front that both feature-level networks share: one small convolution for all channels, then 8 numbers each. */
function perChannelFront(
  graph: GraphBuilder,
  weights: Weights,
  features: string,
  { channels, size }: FeatureShape,
  convolution: string,
  projection: string,
): { value: string; width: number } {
  const [filters, , kernel] = expectDims(weights, `${convolution}.weight`, [null, 1, null, null]) as [
    number,
    number,
    number,
  ];
  expectDims(weights, `${convolution}.weight`, [filters, 1, kernel, kernel]);
  expectDims(weights, `${convolution}.bias`, [filters]);
  const valid = size - kernel + 1;
  if (valid < 1) {
    throw new DermOrbitError(
      'COMBINERS_INVALID',
      `${convolution} needs at least ${kernel} x ${kernel} cells, not ${size} x ${size}.`,
    );
  }
  const kept = expectLinears(weights, [projection], filters * valid * valid, null);
  const planes = graph.reshape(features, [-1, 1, size, size], `${convolution}.planes`);
  const kernelWeight = addWeight(graph, weights, `${convolution}.weight`);
  const convolved = graph.op(
    'Conv',
    [planes, kernelWeight, addVector(graph, weights, `${convolution}.bias`)],
    {},
    convolution,
  );
  const flat = graph.reshape(
    graph.op('Relu', [convolved]),
    [-1, filters * valid * valid],
    `${convolution}.flat`,
  );
  const projected = graph.op('Relu', [addLinear(graph, weights, projection, flat)], {}, `${projection}.relu`);
  return {
    value: graph.reshape(projected, [-1, channels * kept], `${projection}.joined`),
    width: channels * kept,
  };
}

/** Linear layers one after the other, with a ReLU behind those in `active`. */
function linearStack(
  graph: GraphBuilder,
  weights: Weights,
  input: string,
  names: readonly string[],
  active = names.slice(0, -1),
): string {
  return names.reduce((value, name) => {
    const out = addLinear(graph, weights, name, value);
    return active.includes(name) ? graph.op('Relu', [out], {}, `${name}.relu`) : out;
  }, input);
}

/**
 * lambda net at feature level: `features` [batch, C, s, s] -> `score` [batch]; softmax over the orbit comes later.
 * @throws DermOrbitError COMBINERS_INVALID
 */
export function buildLambdaNet(weights: Weights, shape: FeatureShape): Model {
  return buildScoreNet(weights, shape, 'lambda');
}

/**
 * canonical's feature scorer, a lambda net with weights of its own: `features` [batch, C, s, s] -> `score` [batch].
 * @throws DermOrbitError COMBINERS_INVALID
 */
export function buildCanonicalNet(weights: Weights, shape: FeatureShape): Model {
  return buildScoreNet(weights, shape, 'canonical');
}

function buildScoreNet(weights: Weights, shape: FeatureShape, prefix: 'lambda' | 'canonical'): Model {
  const graph = new GraphBuilder(prefix);
  const features = graph.input('features', 'float32', ['batch', shape.channels, shape.size, shape.size]);
  const front = perChannelFront(
    graph,
    weights,
    features,
    shape,
    `${prefix}.per_channel_preprocessing.0`,
    `${prefix}.pre_projection.0`,
  );
  const layers = [0, 2, 4].map((layer) => `${prefix}.main.${layer}`);
  expectLinears(weights, layers, front.width, 1);
  graph.output('score', graph.reshape(linearStack(graph, weights, front.value, layers), [-1]), ['batch']);
  return graph.build();
}

/**
 * QNet and KNet: `features` [batch, C, s, s] -> `query` [batch, d], `key` [batch, d].
 * @throws DermOrbitError COMBINERS_INVALID
 */
export function buildAttentionNet(weights: Weights, shape: FeatureShape): Model {
  const graph = new GraphBuilder('attention');
  const features = graph.input('features', 'float32', ['batch', shape.channels, shape.size, shape.size]);
  const widths = (['query', 'key'] as const).map((part) => {
    const front = perChannelFront(
      graph,
      weights,
      features,
      shape,
      `attention.per_channel_${part}_preprocessing.0`,
      `attention.pre_${part}_projection.0`,
    );
    const letter = part[0]!;
    const layers = [`attention.${letter}.0`, `attention.${letter}.2`];
    const width = expectLinears(weights, layers, front.width, null);
    graph.output(part, linearStack(graph, weights, front.value, layers), ['batch', width]);
    return width;
  });
  if (widths[0] !== widths[1]) {
    throw new DermOrbitError(
      'COMBINERS_INVALID',
      `Queries have ${widths[0]!} numbers, keys ${widths[1]!}; they must agree.`,
    );
  }
  return graph.build();
}

/**
 * lambda net at embedding level (Basu et al.): `embedding` [batch, E] -> `score` [batch]. Dropout acts in training only.
 * @throws DermOrbitError COMBINERS_INVALID
 */
export function buildEmbeddingLambdaNet(weights: Weights, embeddingWidth: number): Model {
  const graph = new GraphBuilder('lambda-embedding');
  const embedding = graph.input('embedding', 'float32', ['batch', embeddingWidth]);
  const layers = ['lambda_embedding.fc1', 'lambda_embedding.fc2', 'lambda_embedding.fc3'];
  expectLinears(weights, layers, embeddingWidth, 1);
  // The reference has no activation between its second and third layer.
  const score = linearStack(graph, weights, embedding, layers, ['lambda_embedding.fc1']);
  graph.output('score', graph.reshape(score, [-1]), ['batch']);
  return graph.build();
}
