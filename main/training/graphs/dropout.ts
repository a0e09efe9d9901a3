// Dropout in the embedding-level lambda net, as masks that every step is fed with: the graph stays a pure function, and
// the seed decides. METHODS.md gives the share, 0.5; here it acts behind both hidden layers. Pure.
import type { Tensor } from '../../contract/tensor.ts';
import type { Random } from '../../evaluation/metrics/random.ts';
import type { Graph, Node, ValueInfo } from '../../onnx/graph.ts';
import { uniform } from '../random.ts';

/** Values of the network that are silenced at random, and the inputs that say where. */
export const dropoutLayers = [
  { value: 'lambda_embedding.fc1.relu', mask: 'dropout_1', units: 100 },
  { value: 'lambda_embedding.fc2.out', mask: 'dropout_2', units: 100 },
] as const;

/** The network with its hidden values multiplied by masks [batch, units]. */
export function withDropout(graph: Graph): Graph {
  const masked = (value: string) => `${value}.kept`;
  const layers = new Map<string, string>(dropoutLayers.map(({ value, mask }) => [value, mask]));
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const inputs = node.inputs.map((input) => (layers.has(input) ? masked(input) : input));
    const [output] = node.outputs as [string];
    const mask = layers.get(output);
    const kept = { ...node, inputs };
    if (mask === undefined) return [kept];
    const name = masked(output);
    return [kept, { op: 'Mul', name, inputs: [output, mask], outputs: [name], attributes: {} }];
  });
  const masks = dropoutLayers.map(({ mask, units }): ValueInfo => {
    return { name: mask, type: 'float32', dims: ['batch', units] };
  });
  return { ...graph, nodes, inputs: [...graph.inputs, ...masks] };
}

/**
 * What the inputs of {@link withDropout} are fed with; nothing where nothing is silenced.
 * @param rows embeddings of a batch
 */
export function dropoutFeeds(random: Random, rows: number, silenced: number): Record<string, Tensor> {
  if (silenced === 0) return {};
  return Object.fromEntries(
    dropoutLayers.map(({ mask, units }) => [
      mask,
      { data: dropoutMask(random, rows * units, silenced), dims: [rows, units] },
    ]),
  );
}

/** A mask of `count` units: 0 for a silenced one, and what keeps the mean for the others. */
function dropoutMask(random: Random, count: number, silenced: number): Float32Array {
  const kept = 1 / (1 - silenced);
  return Float32Array.from({ length: count }, () => (uniform(random) < silenced ? 0 : kept));
}
