// The lambda net on cached readings of a frozen language model, as a graph that can be differentiated: what
// methods.ts computes position by position, for a batch. Pure.
import { GraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import type { LambdaWeights } from './net.ts';

/** Names of the weights that learn; matrices are [in, out] here. */
export const lambdaParameters = ['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias'] as const;

/**
 * `hidden` [batch, d, W], the last hidden states of the orbit, and `turned` [batch, d, V], its logits read back, ->
 * `logits` [batch, V], sum_k softmax_k(lambda(h_k)) b_k.
 */
export function lambdaGraph(weights: LambdaWeights, order: number, vocabulary: number): Model {
  const { width, hidden, first, firstBias, second, secondBias } = weights;
  const graph = new GraphBuilder('lambda-language');
  const states = graph.input('hidden', 'float32', ['batch', order, width]);
  const turned = graph.input('turned', 'float32', ['batch', order, vocabulary]);
  const [w1, b1, w2, b2] = lambdaParameters;
  const rows = graph.reshape(states, [-1, width], 'rows');
  const one = graph.op('MatMul', [rows, graph.float32(w1, exchanged(first, hidden, width), [width, hidden])]);
  const open = graph.op('Relu', [graph.op('Add', [one, graph.float32(b1, firstBias, [hidden])])]);
  const two = graph.op('MatMul', [open, graph.float32(w2, second, [hidden, 1])]);
  const score = graph.op('Add', [two, graph.float32(b2, secondBias, [1])]);
  const share = graph.op('Softmax', [graph.reshape(score, [-1, order], 'scores')], { axis: -1 }, 'share');
  const mixed = graph.op('MatMul', [graph.reshape(share, [-1, 1, order], 'row'), turned], {}, 'mixed');
  graph.output('logits', graph.reshape(mixed, [-1, vocabulary], 'combined'), ['batch', vocabulary]);
  return graph.build();
}

/** A matrix [rows, columns] with rows and columns exchanged. */
export function exchanged(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j]!;
  return out;
}
