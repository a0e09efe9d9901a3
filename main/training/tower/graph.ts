// From pixels to class logits as one graph: every view of an image through the image tower, then what the method makes of
// the orbit. Pure.
import type { BatchNorm } from '../../autodiff/unfold-batch-norm.ts';
import { unfoldBatchNorm } from '../../autodiff/unfold-batch-norm.ts';
import { buildAttentionPool } from '../../backbones/clip-resnet/attention-pool.ts';
import { expectedTensors } from '../../backbones/clip-resnet/architecture.ts';
import { buildImageTower } from '../../backbones/clip-resnet/image-tower.ts';
import type { FinetuneConfig } from '../../contract/training.ts';
import type { Group } from '../../groups/groups.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import { inlineGraph } from '../../onnx/compose.ts';
import { pruneToOutputs, type Graph, type Model } from '../../onnx/graph.ts';
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
  const { visual, weights, classEmbeddings, logits } = start;
  const architecture = { visual, text: null, logitScale: null };
  const { featureChannels: channels, featureSize: size, resolution } = visual;
  const folded = buildImageTower(weights, architecture);
  const tower = batchNorm === 'live' ? unfoldBatchNorm(folded, batchNorms(start), { statistics }) : folded;
  const pool = pruneToOutputs(buildAttentionPool(weights, architecture).graph, ['embedding']);
  const parts = { features: { channels, size }, pool, classEmbeddings, logits };
  const { inverse, head, group, net } = rule;
  const rest = forwardGraph({ parts, group, net, inverse, head, dropout: masked });

  const graph = new GraphBuilder('classifier');
  const views = graph.input('views', 'float32', [`${group.order}*batch`, 3, resolution, resolution]);
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

function batchNorms({ weights }: StartingPoint): Map<string, BatchNorm> {
  const suffix = '.running_mean';
  const part = (name: string) => weights.get(name)!.float32();
  return new Map(
    [...weights.keys()].flatMap((name): [string, BatchNorm][] => {
      if (!name.endsWith(suffix)) return [];
      const norm = name.slice(0, -suffix.length);
      return [
        [
          norm,
          {
            weight: part(`${norm}.weight`),
            bias: part(`${norm}.bias`),
            running_mean: part(`${norm}.running_mean`),
            running_var: part(`${norm}.running_var`),
          },
        ],
      ];
    }),
  );
}

/** Of a tensor in a checkpoint: its name in the graph. */
export function nameInGraph(name: string): string {
  return name.startsWith('visual.attnpool.') ? poolPrefix + name : name;
}

export interface LearnedNames {
  /** Tensors that the optimizer changes. */
  readonly parameters: readonly string[];
  /** Running statistics, which live batch norm changes. */
  readonly statistics: readonly string[];
}

/** Tensors of image tower, attention pool and class embeddings that learn, by their names in the graph. */
export function learnedNames(
  { visual }: StartingPoint,
  batchNorm: FinetuneConfig['batchNorm'],
  classEmbeddings: FinetuneConfig['classEmbeddings'],
): LearnedNames {
  // The bias of the keys drops out of the softmax (backbones/clip-resnet/attention-pool.ts).
  const names = [...expectedTensors(visual, null).keys()].filter((name) => !name.endsWith('k_proj.bias'));
  const isStatistic = (name: string) => /\.running_(mean|var)$/.test(name);
  const isNorm = (name: string) => isStatistic(name) || /(bn\d|downsample\.1)\.(weight|bias)$/.test(name);
  const kept = batchNorm === 'live' ? names : names.filter((name) => !isNorm(name));
  return {
    parameters: [
      ...kept.filter((name) => !isStatistic(name)).map(nameInGraph),
      ...(classEmbeddings === 'trainable' ? ['class_embeddings'] : []),
    ],
    statistics: kept.filter(isStatistic),
  };
}
