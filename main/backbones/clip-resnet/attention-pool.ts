// CLIP's attention pool (M2 of METHODS.md) as an ONNX graph, with the exact split of its logits over the cells.
// Source: Radford et al. 2021, section 2.4 ("attention pooling": one query, the mean token).
//
// Only the mean token asks, so the keys and values of the N + 1 tokens never need to be formed. Per head h, with
// tokens x_i (position added), query q_h, and key/value matrices K_h, V_h:
//   q_h . (K_h x_i + b_k)      = (K_h^T q_h) . x_i + const     the constant drops out of the softmax
//   sum_i a_hi (V_h x_i + b_v) = V_h (sum_i a_hi x_i) + b_v    the a_hi sum to 1
// This is the same function for about 1/30 of the multiplications at RN50's size.
import type { ClipArchitecture } from './architecture.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { addLinear, addVector, addWeight, type Weights } from '../weights.ts';

/** Put before the names of the pool's weights. */
export const poolPrefix = 'visual.attnpool';

/**
 * The attention pool as a graph.
 * Inputs: `features` [batch, C, s, s]; `class_embeddings` T [E, K].
 * Outputs: `embedding` [batch, E];
 * `evidence` [batch, K, s*s] and `evidence_constant` [batch, K]: for every class, evidence summed over the cells
 * plus the constant equals embedding . T. A cell's share is what its content adds through its own value token and
 * through the mean token, of which it is 1/N; positional terms and biases belong to no content and make up the
 * constant. The two need `class_embeddings`; pruned to `embedding` the graph does not have that input.
 * @throws DermOrbitError CHECKPOINT_SHAPE if a tensor is absent
 */
export function buildAttentionPool(weights: Weights, { visual }: ClipArchitecture): Model {
  const { featureChannels: channels, featureSize: size, heads, embeddingWidth } = visual;
  const cells = size * size;
  const width = channels / heads;
  const graph = new GraphBuilder('attention-pool');
  const features = graph.input('features', 'float32', ['batch', channels, size, size]);
  const classEmbeddings = graph.input('class_embeddings', 'float32', [embeddingWidth, 'classes']);

  // Tokens: the mean of the cells, then the cells. [batch, N + 1, C]
  const content = graph.transpose(graph.reshape(features, [0, channels, cells]), [0, 2, 1], 'content');
  const mean = graph.op('ReduceMean', [content], { axes: [1], keepdims: 1 }, 'mean_token');
  const position = addWeight(graph, weights, `${poolPrefix}.positional_embedding`, [1, cells + 1, channels]);
  const tokens = graph.op(
    'Add',
    [graph.op('Concat', [mean, content], { axis: 1 }, 'content_tokens'), position],
    {},
    'tokens',
  );

  // Attention of the mean token. a [batch, H, N + 1]
  const scale = graph.float32('scale', Float32Array.of(1 / Math.sqrt(width)), []);
  const asker = graph.op('Gather', [tokens, graph.int64('first', [0], [])], { axis: 1 }, 'asker');
  const query = graph.op(
    'Mul',
    [addLinear(graph, weights, `${poolPrefix}.q_proj`, asker), scale],
    {},
    'query',
  );
  const queryByHead = graph.transpose(graph.reshape(query, [-1, heads, width]), [1, 0, 2], 'query_by_head');
  const key = addWeight(graph, weights, `${poolPrefix}.k_proj.weight`, [heads, width, channels]);
  const probe = graph.transpose(
    graph.op('MatMul', [queryByHead, key], {}, 'probe_by_head'),
    [1, 0, 2],
    'probe',
  );
  const scores = graph.op('MatMul', [probe, graph.transpose(tokens, [0, 2, 1])], {}, 'scores');
  const attention = graph.op('Softmax', [scores], { axis: -1 }, 'attention');

  // Value of the attended mixture of tokens, per head, then the output projection.
  const mixture = graph.op('MatMul', [attention, tokens], {}, 'mixture');
  const value = addWeight(graph, weights, `${poolPrefix}.v_proj.weight`, [heads, width, channels]);
  const valueTransposed = graph.transpose(value, [0, 2, 1], 'value.T');
  const attended = graph.op(
    'MatMul',
    [graph.transpose(mixture, [1, 0, 2]), valueTransposed],
    {},
    'attended_by_head',
  );
  const joined = graph.reshape(graph.transpose(attended, [1, 0, 2]), [-1, channels], 'joined');
  const biased = graph.op(
    'Add',
    [joined, addVector(graph, weights, `${poolPrefix}.v_proj.bias`)],
    {},
    'attended',
  );
  const embedding = addLinear(graph, weights, `${poolPrefix}.c_proj`, biased);
  graph.output('embedding', embedding, ['batch', embeddingWidth]);

  // Evidence: u_kh = V_h^T (W_c^T t_k)_h says what class k reads from a token through head h.  [1, H, C, K]
  const outputWeight = addWeight(graph, weights, `${poolPrefix}.c_proj.weight`);
  const classQuery = graph.op(
    'MatMul',
    [graph.transpose(outputWeight, [1, 0]), classEmbeddings],
    {},
    'class_query',
  );
  const reader = graph.op(
    'MatMul',
    [valueTransposed, graph.reshape(classQuery, [heads, width, -1])],
    {},
    'reader',
  );
  // What tokens with the given attention add to each logit: sum_h a_hi (x_i . u_kh).  [batch, tokens, K]
  const shareOf = (source: string, weighting: string, name: string) => {
    const perHead = graph.op('MatMul', [
      graph.op('Unsqueeze', [source, graph.int64('head_axis', [1])]),
      reader,
    ]);
    const weight = graph.op('Unsqueeze', [weighting, graph.int64('class_axis', [3])]);
    const weighted = graph.op('Mul', [perHead, weight], {}, `${name}_by_head`);
    return graph.op('ReduceSum', [weighted, graph.int64('heads_axis', [1])], { keepdims: 0 }, name);
  };
  // The mean token's attention is spread over the cells it is the mean of: a_hi + a_h0 / N.
  const slice = (from: number, to: number, name: string) =>
    graph.op(
      'Slice',
      [attention, graph.int64('from', [from]), graph.int64('to', [to]), graph.int64('axis', [2])],
      {},
      name,
    );
  const reciprocal = graph.float32('cell_share', Float32Array.of(1 / cells), []);
  const spread = graph.op('Mul', [slice(0, 1, 'mean_attention'), reciprocal]);
  const cellAttention = graph.op('Add', [slice(1, cells + 1, 'own_attention'), spread], {}, 'cell_attention');
  const cellShares = shareOf(content, cellAttention, 'cell_shares');
  graph.output('evidence', graph.transpose(cellShares, [0, 2, 1]), ['batch', 'classes', cells]);

  const positionShares = shareOf(position, attention, 'position_shares');
  const positional = graph.op('ReduceSum', [positionShares, graph.int64('tokens_axis', [1])], {
    keepdims: 0,
  });
  const biasRow = graph.op(
    'MatMul',
    [graph.reshape(addVector(graph, weights, `${poolPrefix}.v_proj.bias`), [1, channels]), classQuery],
    {},
    'value_bias_share',
  );
  const outputBias = graph.op(
    'MatMul',
    [
      graph.reshape(addVector(graph, weights, `${poolPrefix}.c_proj.bias`), [1, embeddingWidth]),
      classEmbeddings,
    ],
    {},
    'output_bias_share',
  );
  const constant = graph.op('Add', [graph.op('Add', [positional, biasRow]), outputBias], {}, 'constant');
  graph.output('evidence_constant', constant, ['batch', 'classes']);
  return graph.build();
}
