// From pixels to class logits as one graph: every view of an image through the image tower, then what the method makes of
// the orbit. Pure.
import type { FinetuneConfig } from '../../contract/training.ts';
import type { Group } from '../../groups/groups.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import { inlineGraph } from '../../onnx/compose.ts';
import type { Graph, Model } from '../../onnx/graph.ts';
import { forwardGraph, poolPrefix, type WeightNet } from '../graphs/forward.ts';
import type { StartingPoint } from './starting-point.ts';

/** How the orbit of an image becomes one answer. */
export interface OrbitRule extends Pick<FinetuneConfig, 'inverse' | 'head'> {
  readonly group: Group;
  readonly net: WeightNet;
}

export interface TowerGraphSpec {
  readonly start: StartingPoint;
  readonly rule: OrbitRule;
  /** Frozen: folded into the convolutions, where it cannot learn. Live: as nodes of their own. */
  readonly batchNorm: FinetuneConfig['batchNorm'];
  /** Live batch norm by the batch's own statistics, or by the running ones. */
  readonly statistics: 'batch' | 'running';
  /** Whether the graph asks for dropout masks (embedding level only). */
  readonly masked?: boolean;
}

/**
 * `views` [n*batch, 3, R, R], image by image -> `logits` [batch, K]; `weights` [batch, n] where a network gives them.
 * At the embedding level the pool sees every orientation by itself, and its embeddings are combined.
 */
export function towerGraph({ start, rule, batchNorm, statistics, masked = false }: TowerGraphSpec): Model {
  const { network, classEmbeddings, logits } = start;
  const { features: shape, size, head: pool } = network;
  const tower = network.tower(batchNorm, statistics);
  const parts = { features: shape, pool, classEmbeddings, logits };
  const { inverse, head, group, net } = rule;
  const rest = forwardGraph({ parts, group, net, inverse, head, dropout: masked });

  const graph = new GraphBuilder('classifier');
  const views = graph.input('views', 'float32', [`${group.order}*batch`, 3, size, size]);
  const { features } = inlineGraph(graph, tower.graph, { image: views });
  const masks = rest.graph.inputs
    .filter(({ name }) => name !== 'orbit')
    .map(({ name, dims }) => [name, graph.input(name, 'float32', dims)] as const);
  const orbit = net?.name === 'lambdaEmbedding' ? embeddings(graph, pool, features!) : features!;
  inlineGraph(graph, rest.graph, { orbit, ...Object.fromEntries(masks) });
  const built = graph.build();
  // They keep their names: nothing in an image tower is called logits or weights.
  return { ...built, graph: { ...built.graph, outputs: rest.graph.outputs } };
}

/** The normalised embedding of every view, [n*batch, E]. */
function embeddings(graph: GraphBuilder, pool: Graph, features: string): string {
  const { embedding } = inlineGraph(graph, pool, { features }, poolPrefix);
  const squares = graph.op('Mul', [embedding!, embedding!], {}, 'view_squares');
  const sum = graph.op('ReduceSum', [squares, graph.int64('view_axis', [1])], { keepdims: 1 }, 'view_sum');
  const length = graph.op('Sqrt', [sum], {}, 'view_length');
  return graph.op('Div', [embedding!, length], {}, 'view_embeddings');
}
