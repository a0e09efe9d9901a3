// The attention pool of a package in two halves, for many turns of few maps. Pure.
//
// What the mean token asks, as a probe of the tokens' content (attention-pool.ts), depends on the mean of the cells
// alone: it is the same however the map is turned, and affine in the map. A combined map sum_g w_g F_g with weights
// that sum to 1 is therefore asked with sum_g w_g probe(f_g), and the first half, with the query and key matrices,
// runs for the orbit only. Nor need a map be turned: attention knows no order of its tokens, so M2(hF) is the pool
// over F with its positions turned by h^-1, and what positions add to values is known before any image.
import { GraphBuilder } from '../../onnx/builder.ts';
import { OnnxModelError } from '../../onnx/codec.ts';
import { pruneToOutputs, type Graph, type Model } from '../../onnx/graph.ts';
import { poolPrefix } from './attention-pool.ts';

/** A pool in halves. */
export interface PoolHalves {
  /** `features` [B, C, s, s] -> `probe` [B, H, C]. */
  readonly probe: Model;
  /**
   * `features` [B, C, s, s], `asked` [B, H, C] (probes) and `positions` [m, s*s + 1] (of each turn the position that
   * each token of the map as it is has then; int64) -> `embedding` [B*m, E], the turns of the first map first.
   */
  readonly turned: Model;
}

/**
 * Splits the graph that attention-pool.ts builds.
 * @throws OnnxModelError if it is another graph
 */
export function splitPool({ graph, opset }: Model): PoolHalves {
  const [, tokens, channels] = dimsOf(graph, `${poolPrefix}.positional_embedding`, 3);
  const [heads, width] = dimsOf(graph, `${poolPrefix}.v_proj.weight`, 3);
  const [embedding] = dimsOf(graph, `${poolPrefix}.c_proj.bias`, 1);
  const probe = partOf(graph, ['probe']);
  const turned = turnedHalf(graph, { heads, width, channels, tokens, embedding });
  return {
    probe: {
      opset,
      graph: { ...probe, outputs: [{ name: 'probe', type: 'float32', dims: ['batch', heads, channels] }] },
    },
    turned: { opset, graph: turned },
  };
}

interface PoolShape {
  readonly heads: number;
  /** Channels of one head. */
  readonly width: number;
  readonly channels: number;
  /** Cells and the mean token. */
  readonly tokens: number;
  readonly embedding: number;
}

function turnedHalf(graph: Graph, { heads, width, channels, tokens, embedding }: PoolShape): Graph {
  const values = {
    content: 'content_tokens',
    position: `${poolPrefix}.positional_embedding`,
    value: 'value.T',
    valueBias: `${poolPrefix}.v_proj.bias`,
    output: `${poolPrefix}.c_proj.weight.T`,
    outputBias: `${poolPrefix}.c_proj.bias`,
  };
  const builder = new GraphBuilder('turned-pool', partOf(graph, Object.values(values)));
  const asked = builder.input('asked', 'float32', ['batch', heads, channels]);
  const positions = builder.input('positions', 'int64', ['turns', tokens]);
  const position = builder.reshape(values.position, [tokens, channels], 'position_table');

  // Attention [B, H, m, N + 1]: content is asked once, positions once, and only their sum depends on the turn.
  const contentTurned = builder.transpose(values.content, [0, 2, 1], 'content_tokens.T');
  const contentScores = builder.op('MatMul', [asked, contentTurned], {}, 'content_scores');
  const rows = builder.reshape(asked, [-1, channels], 'asked_rows');
  const positionScores = builder.reshape(
    builder.op('MatMul', [rows, builder.transpose(position, [1, 0], 'position.T')], {}, 'position_products'),
    [-1, heads, tokens],
    'position_scores',
  );
  const scores = builder.op(
    'Add',
    [
      builder.op('Gather', [positionScores, positions], { axis: 2 }, 'turned_position_scores'),
      builder.op(
        'Unsqueeze',
        [contentScores, builder.int64('turn_axis', [2])],
        {},
        'content_scores_per_turn',
      ),
    ],
    {},
    'turned_scores',
  );
  const attention = builder.op('Softmax', [scores], { axis: -1 }, 'turned_attention');

  // Values by head, [H, B*m, width]: of the attended content through V, and of the attended positions, each of whose
  // values is a constant.
  const mixture = builder.op(
    'MatMul',
    [builder.reshape(attention, [0, -1, tokens], 'attention_rows'), values.content],
    {},
    'content_mixture',
  );
  const byHead = builder.reshape(
    builder.transpose(
      // -1 is the number of turns; batch is kept.
      builder.reshape(mixture, [0, heads, -1, channels], 'mixture_by_map'),
      [1, 0, 2, 3],
      'mixture_by_head',
    ),
    [heads, -1, channels],
    'mixture_rows',
  );
  const contentValues = builder.op('MatMul', [byHead, values.value], {}, 'content_values');
  const positionValues = builder.op('MatMul', [position, values.value], {}, 'position_values');
  const turnedValues = builder.op(
    'Gather',
    [positionValues, positions],
    { axis: 1 },
    'turned_position_values',
  );
  const attendedPositions = builder.op(
    'MatMul',
    [builder.transpose(attention, [1, 2, 0, 3], 'attention_by_turn'), turnedValues],
    {},
    'attended_positions',
  );
  const positionPart = builder.reshape(
    builder.transpose(attendedPositions, [0, 2, 1, 3], 'attended_positions_by_map'),
    [heads, -1, width],
    'attended_position_rows',
  );
  const attended = builder.op('Add', [contentValues, positionPart], {}, 'turned_attended');
  const joined = builder.reshape(
    builder.transpose(attended, [1, 0, 2], 'turned_attended_by_map'),
    [-1, channels],
    'turned_joined',
  );
  const biased = builder.op('Add', [joined, values.valueBias], {}, 'turned_biased');
  const product = builder.op('MatMul', [biased, values.output], {}, 'turned_product');
  const sum = builder.op('Add', [product, values.outputBias], {}, 'turned_embedding');
  builder.output('embedding', sum, ['rows', embedding]);
  return builder.build().graph;
}

/** What computes some inner values of a graph; without outputs of its own. */
function partOf(graph: Graph, names: readonly string[]): Graph {
  const made = new Set([...graph.constants.keys(), ...graph.nodes.flatMap(({ outputs }) => outputs)]);
  const missing = names.find((name) => !made.has(name));
  if (missing !== undefined) throw new OnnxModelError(`it has no value ${missing}`);
  const asOutputs = names.map((name) => ({ name, type: 'float32' as const, dims: [] }));
  return { ...pruneToOutputs({ ...graph, outputs: asOutputs }, names), outputs: [] };
}

/** Dimensions of a weight, stored as itself or in half precision behind a Cast. */
function dimsOf(graph: Graph, name: string, rank: 1 | 3): readonly [number, number, number] {
  const cast = graph.nodes.find(({ op, outputs }) => op === 'Cast' && outputs[0] === name);
  const dims = graph.constants.get(cast?.inputs[0] ?? name)?.dims;
  if (dims?.length !== rank) throw new OnnxModelError(`it has no weight ${name} of ${rank} dimensions`);
  const [first = 1, second = 1, third = 1] = dims;
  return [first, second, third];
}
