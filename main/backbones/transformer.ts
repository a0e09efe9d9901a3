// The parts that the transformers of CLIP and of its relatives share, as ONNX nodes: layer norm, activations,
// attention and the pre-norm block. Tensors are named as OpenAI's CLIP names them; other namings are told in these
// names first (vit/namings.ts).
import type { Activation } from '../contract/backbone.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import { addLinear, addVector, addWeight, type LinearLayer, type Weights } from './weights.ts';

/** What all blocks of a transformer have in common. */
export interface TransformerShape {
  readonly width: number;
  readonly heads: number;
  readonly activation: Activation;
  /** Added to the variance in every layer norm. */
  readonly epsilon: number;
}

export function layerNorm(
  graph: GraphBuilder,
  weights: Weights,
  input: string,
  name: string,
  epsilon: number,
): string {
  const parts = [addVector(graph, weights, `${name}.weight`), addVector(graph, weights, `${name}.bias`)];
  return graph.op(
    'LayerNormalization',
    [input, ...parts],
    { axis: -1, epsilon: { float: epsilon } },
    `${name}.out`,
  );
}

/** The activations of published models, one row each. */
const activations: Readonly<
  Record<Activation, (graph: GraphBuilder, input: string, name: string) => string>
> = {
  /** CLIP's: x sigmoid(1.702 x). */
  quickgelu: (graph, input, name) => {
    const scaled = graph.op('Mul', [input, graph.float32('slope', Float32Array.of(1.702), [])]);
    return graph.op('Mul', [input, graph.op('Sigmoid', [scaled])], {}, name);
  },
  /** x (1 + erf(x / sqrt 2)) / 2 */
  gelu: (graph, input, name) => {
    const scaled = graph.op('Mul', [input, graph.float32('root', Float32Array.of(Math.SQRT1_2), [])]);
    return halfTimesOnePlus(graph, input, graph.op('Erf', [scaled]), name);
  },
  /** x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
  gelu_tanh: (graph, input, name) => {
    const square = graph.op('Mul', [input, input]);
    const cubic = graph.op('Mul', [square, graph.float32('cubic', Float32Array.of(0.044715), [])]);
    const one = graph.float32('one', Float32Array.of(1), []);
    const inner = graph.op('Mul', [input, graph.op('Add', [cubic, one])]);
    const slope = graph.float32('slope', Float32Array.of(Math.sqrt(2 / Math.PI)), []);
    return halfTimesOnePlus(graph, input, graph.op('Tanh', [graph.op('Mul', [inner, slope])]), name);
  },
};

function halfTimesOnePlus(graph: GraphBuilder, input: string, gate: string, name: string): string {
  const open = graph.op('Add', [gate, graph.float32('one', Float32Array.of(1), [])]);
  const half = graph.op('Mul', [input, graph.float32('half', Float32Array.of(0.5), [])]);
  return graph.op('Mul', [half, open], {}, name);
}

/** c_fc, activation, c_proj. */
export function perceptron(
  graph: GraphBuilder,
  weights: Weights,
  input: string,
  name: string,
  { activation }: Pick<TransformerShape, 'activation'>,
  linear: LinearLayer = addLinear,
): string {
  const hidden = linear(graph, weights, `${name}.c_fc`, input);
  return linear(graph, weights, `${name}.c_proj`, activations[activation](graph, hidden, `${name}.active`));
}

/** softmax(scale q k^T + mask) v: q [B, H, m, d], k and v [B, H, T, d], mask [m, T] -> [B, H, m, d]. */
export function attend(
  graph: GraphBuilder,
  [query, key, value]: readonly [string, string, string],
  scale: number,
  name: string,
  mask: string | null = null,
): string {
  const scores = graph.op('MatMul', [query, graph.transpose(key, [0, 1, 3, 2])], {}, `${name}.scores`);
  const scaled = graph.op('Mul', [scores, graph.float32('scale', Float32Array.of(scale), [])]);
  const shown = mask === null ? scaled : graph.op('Add', [scaled, mask]);
  return graph.op('MatMul', [graph.op('Softmax', [shown], { axis: -1 }), value], {}, `${name}.mixed`);
}

/** Self-attention of `tokens` tokens, [B, T, W] -> [B, T, W]. */
function selfAttention(
  graph: GraphBuilder,
  weights: Weights,
  input: string,
  name: string,
  { width, heads }: TransformerShape,
  tokens: number,
  mask: string | null,
): string {
  const inWeight = graph.transpose(addWeight(graph, weights, `${name}.in_proj_weight`), [1, 0]);
  const product = graph.op('MatMul', [input, inWeight], {}, `${name}.in_proj`);
  const projected = graph.op('Add', [product, addVector(graph, weights, `${name}.in_proj_bias`)]);
  const split = graph.reshape(projected, [0, tokens, 3, heads, width / heads], `${name}.split`);
  const byPart = graph.transpose(split, [2, 0, 3, 1, 4]);
  const parts = [0, 1, 2].map((part) =>
    graph.op('Gather', [byPart, graph.int64('part', [part], [])], { axis: 0 }, `${name}.part${part}`),
  ) as [string, string, string];
  const mixed = attend(graph, parts, 1 / Math.sqrt(width / heads), name, mask);
  const joined = graph.reshape(graph.transpose(mixed, [0, 2, 1, 3]), [0, tokens, width], `${name}.joined`);
  return addLinear(graph, weights, `${name}.out_proj`, joined);
}

/** One pre-norm block: x + attention(ln_1 x), then x + perceptron(ln_2 x). */
export function transformerBlock(
  graph: GraphBuilder,
  weights: Weights,
  input: string,
  name: string,
  shape: TransformerShape,
  tokens: number,
  mask: string | null = null,
): string {
  const first = layerNorm(graph, weights, input, `${name}.ln_1`, shape.epsilon);
  const attended = graph.op(
    'Add',
    [input, selfAttention(graph, weights, first, `${name}.attn`, shape, tokens, mask)],
    {},
    `${name}.attended`,
  );
  const second = layerNorm(graph, weights, attended, `${name}.ln_2`, shape.epsilon);
  const added = perceptron(graph, weights, second, `${name}.mlp`, shape);
  return graph.op('Add', [attended, added], {}, `${name}.out`);
}
