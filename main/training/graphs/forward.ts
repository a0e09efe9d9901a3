// From cached orbits to class logits, as one graph with a weight network inside: what main/engine/predict.ts computes
// with sessions and loops, in a form that can be differentiated. Pure.
import { gridPermutation } from '../../groups/action.ts';
import type { Group } from '../../groups/groups.ts';
import type { ClassEmbeddings, LogitRule } from '../../equivariance/logits.ts';
import type { Head, Inverse } from '../../contract/settings.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import { inlineGraph } from '../../onnx/compose.ts';
import type { Graph, Model } from '../../onnx/graph.ts';
import { densePlanes } from './dense-planes.ts';
import { dropoutLayers, withDropout } from './dropout.ts';
import type { TrainedNet } from './weight-nets.ts';

/** The frozen parts of a model. */
export interface FrozenParts {
  readonly features: { readonly channels: number; readonly size: number };
  /** M2, pruned to its output `embedding`. */
  readonly pool: Graph;
  readonly classEmbeddings: ClassEmbeddings;
  readonly logits: LogitRule;
}

type FeatureNet = Exclude<TrainedNet, 'lambdaEmbedding'>;

/** The weight network that gives the weights; null: every orientation alike. */
export type WeightNet = { readonly name: TrainedNet; readonly model: Model } | null;

export interface ForwardSpec {
  readonly parts: FrozenParts;
  readonly group: Group;
  readonly net: WeightNet;
  readonly inverse: Inverse;
  readonly head: Head;
  /** Whether the graph asks for dropout masks (embedding level only). */
  readonly dropout: boolean;
}

/** Put before the names of the attention pool's weights. */
export const poolPrefix = 'pool/';

/** Added to probabilities before their logarithm: far below any that matters, and the slope stays finite. */
const smallestProbability = 1e-30;

/**
 * Feature level: `orbit` [n*batch, C, s, s] -> `logits` [batch, K], `weights` [batch, n].
 * Embedding level (net lambdaEmbedding): `orbit` [n*batch, E], normalised embeddings -> `logits`, the logarithms of
 * the class probabilities (whose softmax they are), and `weights`, not normalised.
 */
export function forwardGraph(spec: ForwardSpec): Model {
  const { net } = spec;
  if (net === null) return featureForward(spec, null);
  if (net.name === 'lambdaEmbedding') return embeddingForward(spec, net.model);
  return featureForward(spec, { rule: netWeights[net.name], model: net.model });
}

function featureForward(
  { parts, group, inverse, head }: ForwardSpec,
  net: { readonly rule: WeightRule; readonly model: Model } | null,
): Model {
  const { channels, size } = parts.features;
  const [n, cells] = [group.order, size * size];
  const graph = new GraphBuilder('orbit-classifier');
  const orbit = graph.input('orbit', 'float32', [`${n}*batch`, channels, size, size]);
  const planes = graph.reshape(orbit, [-1, n, channels, cells], 'planes');
  const weights = net?.rule(graph, net.model, orbit, size, n) ?? null;
  const scaled = weights
    ? graph.op(
        'Mul',
        [planes, graph.op('Unsqueeze', [weights, graph.int64('map_axes', [2, 3])])],
        {},
        'scaled',
      )
    : graph.op('Mul', [planes, graph.float32('share', Float32Array.of(1 / n), [])], {}, 'scaled');

  // sum_g w_g F_g: every orientation turned back and added, as one product with a stack of permutations.
  const rows = graph.reshape(graph.transpose(scaled, [0, 2, 1, 3], 'by_channel'), [-1, n * cells], 'rows');
  const combined = graph.op('MatMul', [rows, turnBack(graph, group, size, inverse)], {}, 'combined');
  const m = head === 'orbit' ? n : 1;
  const maps = head === 'orbit' ? headMaps(graph, group, size, combined) : combined;
  const shown = graph.reshape(
    graph.transpose(graph.reshape(maps, [-1, channels, m, cells], 'maps'), [0, 2, 1, 3], 'by_map'),
    [-1, channels, size, size],
    'shown',
  );
  const { embedding } = inlineGraph(graph, parts.pool, { features: shown }, poolPrefix);
  const { width } = parts.classEmbeddings;
  const byHead = graph.reshape(embedding!, [-1, m, width], 'embeddings');
  const mean = graph.op('ReduceMean', [byHead], { axes: [1], keepdims: 0 }, 'embedding');
  addLogits(graph, parts, mean);
  if (weights) graph.output('weights', weights, ['batch', n]);
  return graph.build();
}

/** The weights [batch, n] that a network gives the orientations. */
type WeightRule = (graph: GraphBuilder, net: Model, orbit: string, size: number, n: number) => string;
const netWeights: Readonly<Record<FeatureNet, WeightRule>> = {
  lambda: (graph, net, orbit, size, n) =>
    graph.op('Softmax', [orbitScores(graph, net, orbit, size, n)], { axis: 1 }, 'orbit_weights'),
  canonical: (graph, net, orbit, size, n) =>
    straightThrough(graph, orbitScores(graph, net, orbit, size, n), n),
  /** The column means of A = softmax(Q K^T / sqrt(d)). */
  attention: (graph, net, orbit, size, n) => {
    const dense = densePlanes(net, size).graph;
    const d = Number(dense.outputs.find(({ name }) => name === 'key')!.dims[1]);
    const { query, key } = inlineGraph(graph, dense, { features: orbit });
    const queries = graph.reshape(query!, [-1, n, d], 'queries');
    const keys = graph.transpose(graph.reshape(key!, [-1, n, d], 'keys'), [0, 2, 1], 'keys.T');
    const products = graph.op('MatMul', [queries, keys], {}, 'attention_products');
    const scale = graph.float32('attention_scale', Float32Array.of(1 / Math.sqrt(d)), []);
    const attention = graph.op('Softmax', [graph.op('Mul', [products, scale])], { axis: -1 }, 'attention');
    return graph.op('ReduceMean', [attention], { axes: [1], keepdims: 0 }, 'orbit_weights');
  },
};

/** A score for every orientation, [batch, n]. */
function orbitScores(graph: GraphBuilder, net: Model, orbit: string, size: number, n: number): string {
  const { score } = inlineGraph(graph, densePlanes(net, size).graph, { features: orbit });
  return graph.reshape(score!, [-1, n], 'scores');
}

/** Steps in which a softmax is told without its gradient: finer than single precision resolves. */
const quanta = 2 ** 24;

/**
 * The choice of the best score, with the gradient of a softmax in its place (straight-through; Bengio et al. 2013): the
 * value is 1 for the first of the largest scores and 0 for the others, up to a rounding of 6e-8. No gradient passes whole
 * numbers, so a softmax that went through them is the same softmax without one.
 */
export function straightThrough(graph: GraphBuilder, scores: string, n: number): string {
  const best = graph.op('ArgMax', [scores], { axis: 1, keepdims: 1 }, 'best');
  const elements = graph.int64(
    'elements',
    Array.from({ length: n }, (_, g) => g),
    [1, n],
  );
  const chosen = graph.op('Cast', [graph.op('Equal', [elements, best])], { to: 1 }, 'chosen');
  const soft = graph.op('Softmax', [scores], { axis: 1 }, 'soft');
  const scale = graph.float32('quanta', Float32Array.of(quanta), []);
  const whole = graph.op('Cast', [graph.op('Mul', [soft, scale])], { to: 7 }, 'whole');
  const detached = graph.op('Div', [graph.op('Cast', [whole], { to: 1 }), scale], {}, 'detached');
  const slope = graph.op('Sub', [soft, detached], {}, 'slope');
  return graph.op('Add', [chosen, slope], {}, 'orbit_weights');
}

/** [n * cells, cells]: row (g, c) says which cell of the combined map cell c of orientation g is. */
function turnBack(graph: GraphBuilder, group: Group, size: number, inverse: Inverse): string {
  const cells = size * size;
  const matrix = new Float32Array(group.order * cells * cells);
  group.elements.forEach((_, g) => {
    const element = inverse === 'on' ? group.elements[group.inverse[g]!]! : group.elements[0]!;
    gridPermutation(element, size).forEach((from, to) => (matrix[(g * cells + from) * cells + to] = 1));
  });
  return graph.float32('turn_back', matrix, [group.order * cells, cells]);
}

/** hF for every h: [..., cells] -> [..., n * cells]. */
function headMaps(graph: GraphBuilder, group: Group, size: number, combined: string): string {
  const cells = size * size;
  const columns = group.order * cells;
  const matrix = new Float32Array(cells * columns);
  group.elements.forEach((element, h) => {
    gridPermutation(element, size).forEach((from, to) => (matrix[from * columns + h * cells + to] = 1));
  });
  return graph.op('MatMul', [combined, graph.float32('head', matrix, [cells, columns])], {}, 'head_maps');
}

/** scale * (normalize ? e / |e| : e) T + b; `class_embeddings` and `class_bias` hold T and b, so that they can learn. */
function addLogits(graph: GraphBuilder, { classEmbeddings, logits }: FrozenParts, embedding: string): void {
  const { width, classes, data } = classEmbeddings;
  const matrix = graph.float32('class_embeddings', data, [width, classes]);
  const product = graph.op('MatMul', [embedding, matrix], {}, 'products');
  const scale = graph.float32('logit_scale', Float32Array.of(logits.scale), []);
  const scaled = logits.scale === 1 ? product : graph.op('Mul', [product, scale], {}, 'scaled_products');
  const { bias } = classEmbeddings;
  const shifted = (value: string) =>
    bias ? graph.op('Add', [value, graph.float32('class_bias', bias, [classes])], {}, 'shifted') : value;
  if (!logits.normalize) {
    graph.output('logits', shifted(scaled), ['batch', classes]);
    return;
  }
  const squares = graph.op('Mul', [embedding, embedding], {}, 'embedding_squares');
  const sum = graph.op('ReduceSum', [squares, graph.int64('width_axis', [1])], { keepdims: 1 });
  const length = graph.op('Sqrt', [sum], {}, 'embedding_length');
  graph.output('logits', shifted(graph.op('Div', [scaled, length], {}, 'normalised')), ['batch', classes]);
}

/** softmax(w_g e_g T), averaged over g; Basu et al.'s lambda-equitune for CLIP. */
function embeddingForward({ parts, group, dropout }: ForwardSpec, net: Model): Model {
  const { width, classes, data } = parts.classEmbeddings;
  const n = group.order;
  const graph = new GraphBuilder('orbit-classifier');
  const orbit = graph.input('orbit', 'float32', [`${n}*batch`, width]);
  const masks: [string, string][] = dropout
    ? dropoutLayers.map(({ mask, units }) => [mask, graph.input(mask, 'float32', [`${n}*batch`, units])])
    : [];
  const network = dropout ? withDropout(net.graph) : net.graph;
  const { score } = inlineGraph(graph, network, { embedding: orbit, ...Object.fromEntries(masks) });
  const matrix = graph.float32('class_embeddings', data, [width, classes]);
  const products = graph.op('MatMul', [orbit, matrix], {}, 'products');
  const weighted = graph.op(
    'Mul',
    [products, graph.reshape(score!, [-1, 1], 'score_column')],
    {},
    'weighted',
  );
  const scale = graph.float32('logit_scale', Float32Array.of(parts.logits.scale), []);
  const scaled = graph.op('Mul', [weighted, scale], {}, 'scaled');
  const each = graph.op('Softmax', [scaled], { axis: -1 }, 'probabilities_by_orientation');
  const byImage = graph.reshape(each, [-1, n, classes], 'probabilities_by_image');
  const mean = graph.op('ReduceMean', [byImage], { axes: [1], keepdims: 0 }, 'probabilities');
  const least = graph.float32('least', Float32Array.of(smallestProbability), []);
  graph.output('logits', graph.op('Log', [graph.op('Add', [mean, least])], {}, 'log'), ['batch', classes]);
  graph.output('weights', graph.reshape(score!, [-1, n], 'weights_by_image'), ['batch', n]);
  return graph.build();
}
