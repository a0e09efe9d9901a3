// The networks that choose one orientation, as ONNX graphs: canonical's image scorer, and the distance to the class
// means that equizero can choose by. (canonical's feature scorer is the lambda net with weights of its own: combiners.ts.)
// Sources: Kaba et al. 2023 and Panigrahi & Mondal 2024 (canonicalisation); Lee et al. 2018 (Mahalanobis distance to the
// class means under one shared covariance).
import { DermOrbitError } from '../contract/errors.ts';
import { GraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { expectDims, expectLinears } from './combiners.ts';
import { addLinear, addVector, addWeight, requireWeight, type Weights } from './weights.ts';

/** Side of the small pictures that the image scorer looks at, in pixels. */
export const pictureSide = 32;

/**
 * The image scorer: `picture` [batch, 3, 32, 32] -> `score` [batch]. Two convolutions 3x3, the second with stride 2, the
 * mean over the map, one linear layer. With more than one output the score is the cosine with a fixed `reference`.
 * @param prefix of the tensors: `canonical_image`, or `canonical_image_vector` with a reference
 * @throws DermOrbitError COMBINERS_INVALID
 */
export function buildImageScorer(weights: Weights, prefix: string): Model {
  const name = (part: string) => `${prefix}.${part}`;
  const [first] = expectDims(weights, name('conv1.weight'), [null, 3, 3, 3]);
  const [second] = expectDims(weights, name('conv2.weight'), [null, first!, 3, 3]);
  expectDims(weights, name('conv1.bias'), [first!]);
  expectDims(weights, name('conv2.bias'), [second!]);
  const outputs = expectLinears(weights, [name('head')], second!, null);
  const graph = new GraphBuilder('canonical-image');
  const picture = graph.input('picture', 'float32', ['batch', 3, pictureSide, pictureSide]);
  const convolved = (input: string, layer: string, stride: number) =>
    graph.op(
      'Relu',
      [
        graph.op(
          'Conv',
          [
            input,
            addWeight(graph, weights, name(`${layer}.weight`)),
            addVector(graph, weights, name(`${layer}.bias`)),
          ],
          { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [stride, stride] },
          name(layer),
        ),
      ],
      {},
      name(`${layer}.active`),
    );
  const map = convolved(convolved(picture, 'conv1', 1), 'conv2', 2);
  const mean = graph.op('ReduceMean', [map], { axes: [2, 3], keepdims: 0 }, name('mean'));
  const vector = addLinear(graph, weights, name('head'), mean);
  graph.output(
    'score',
    weights.has(name('reference'))
      ? cosine(graph, vector, referenceOf(weights, name('reference'), outputs), outputs)
      : graph.reshape(vector, [-1], 'flat'),
    ['batch'],
  );
  if (outputs !== 1 && !weights.has(name('reference'))) {
    throw new DermOrbitError(
      'COMBINERS_INVALID',
      `${name('head')} has ${outputs} outputs and no ${name('reference')} to compare them with.`,
    );
  }
  return graph.build();
}

/** The fixed vector, with length 1. */
function referenceOf(weights: Weights, name: string, width: number): Float32Array {
  expectDims(weights, name, [width]);
  const values = requireWeight(weights, name).float32();
  const length = Math.hypot(...values);
  if (length === 0) throw new DermOrbitError('COMBINERS_INVALID', `${name} has no direction.`);
  return values.map((value) => value / length);
}

/** Below it a vector has no direction, and its cosine is near 0; as in PyTorch's cosine_similarity. */
const shortest = 1e-8;

function cosine(graph: GraphBuilder, vector: string, reference: Float32Array, width: number): string {
  const product = graph.op(
    'MatMul',
    [vector, graph.float32('reference', reference, [width, 1])],
    {},
    'product',
  );
  const squares = graph.op('Mul', [vector, vector], {}, 'squares');
  const sum = graph.op(
    'ReduceSum',
    [squares, graph.int64('width_axis', [1])],
    { keepdims: 1 },
    'squared_length',
  );
  const length = graph.op('Sqrt', [sum], {}, 'length');
  const divisor = graph.op(
    'Max',
    [length, graph.float32('shortest', Float32Array.of(shortest), [])],
    {},
    'divisor',
  );
  return graph.reshape(graph.op('Div', [product, divisor], {}, 'cosine'), [-1], 'flat');
}

/**
 * Squared Mahalanobis distance to the nearest class mean: `embedding` [batch, E] -> `score` [batch], the smallest of
 * (e - m_k)^T P (e - m_k) over the classes k. `feature_distance.means` [K, E], `feature_distance.precision` [E, E].
 * @param classes K
 * @throws DermOrbitError COMBINERS_INVALID
 */
export function buildClassDistance(weights: Weights, embedding: number, classes: number): Model {
  expectDims(weights, 'feature_distance.means', [classes, embedding]);
  expectDims(weights, 'feature_distance.precision', [embedding, embedding]);
  const graph = new GraphBuilder('class-distance');
  const input = graph.input('embedding', 'float32', ['batch', embedding]);
  // In single precision: differences of distances are what is asked for.
  const means = graph.float32('means', requireWeight(weights, 'feature_distance.means').float32(), [
    classes,
    embedding,
  ]);
  const precision = requireWeight(weights, 'feature_distance.precision').float32();
  const each = graph.op('Unsqueeze', [input, graph.int64('class_axis', [1])], {}, 'each');
  const difference = graph.op('Sub', [each, means], {}, 'difference');
  const turned = graph.op(
    'MatMul',
    [difference, graph.float32('precision', precision, [embedding, embedding])],
    {},
    'weighted',
  );
  const products = graph.op('Mul', [turned, difference], {}, 'products');
  const distances = graph.op(
    'ReduceSum',
    [products, graph.int64('width_axis', [2])],
    { keepdims: 0 },
    'distances',
  );
  graph.output('score', graph.op('ReduceMin', [distances], { axes: [1], keepdims: 0 }, 'nearest'), ['batch']);
  return graph.build();
}
