// CLIP's text transformer as an ONNX graph. Source: Radford et al. 2021, section 2.4.
import type { ClipArchitecture } from '../clip-resnet/architecture.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { addLinear, addVector, addWeight, type Weights } from '../weights.ts';

const layerNormEpsilon = 1e-5;
/** Large enough to vanish in the softmax, small enough to stay finite in half precision. */
const masked = -1e4;

type TextArchitecture = NonNullable<ClipArchitecture['text']>;

function layerNorm(graph: GraphBuilder, weights: Weights, input: string, name: string): string {
  const parts = [addVector(graph, weights, `${name}.weight`), addVector(graph, weights, `${name}.bias`)];
  return graph.op(
    'LayerNormalization',
    [input, ...parts],
    { axis: -1, epsilon: { float: layerNormEpsilon } },
    `${name}.out`,
  );
}

/** CLIP's activation: x sigmoid(1.702 x). */
function quickGelu(graph: GraphBuilder, input: string, name: string): string {
  const scaled = graph.op('Mul', [input, graph.float32('slope', Float32Array.of(1.702), [])]);
  return graph.op('Mul', [input, graph.op('Sigmoid', [scaled])], {}, name);
}

function attention(
  graph: GraphBuilder,
  weights: Weights,
  input: string,
  name: string,
  text: TextArchitecture,
  mask: string,
) {
  const { width, heads, contextLength } = text;
  const inWeight = graph.transpose(addWeight(graph, weights, `${name}.in_proj_weight`), [1, 0]);
  const product = graph.op('MatMul', [input, inWeight], {}, `${name}.in_proj`);
  const projected = graph.op('Add', [product, addVector(graph, weights, `${name}.in_proj_bias`)]);
  const split = graph.reshape(projected, [0, contextLength, 3, heads, width / heads], `${name}.split`);
  const byPart = graph.transpose(split, [2, 0, 3, 1, 4]);
  const [query, key, value] = [0, 1, 2].map((part) =>
    graph.op('Gather', [byPart, graph.int64('part', [part], [])], { axis: 0 }, `${name}.part${part}`),
  ) as [string, string, string];
  const scores = graph.op('MatMul', [query, graph.transpose(key, [0, 1, 3, 2])], {}, `${name}.scores`);
  const scale = graph.float32('scale', Float32Array.of(1 / Math.sqrt(width / heads)), []);
  const causal = graph.op('Add', [graph.op('Mul', [scores, scale]), mask]);
  const mixed = graph.op('MatMul', [graph.op('Softmax', [causal], { axis: -1 }), value], {}, `${name}.mixed`);
  const joined = graph.reshape(
    graph.transpose(mixed, [0, 2, 1, 3]),
    [0, contextLength, width],
    `${name}.joined`,
  );
  return addLinear(graph, weights, `${name}.out_proj`, joined);
}

/**
 * The text tower as a graph: `tokens` int64 [batch, L] -> `text_embedding` [batch, E], not normalised: the last
 * layer's state at the end-of-text token (the largest token number), projected.
 * @throws DermOrbitError CHECKPOINT_SHAPE if a tensor is absent
 */
export function buildTextTower(weights: Weights, text: TextArchitecture, embeddingWidth: number): Model {
  const { contextLength, layers, width } = text;
  const graph = new GraphBuilder('text-tower');
  const tokens = graph.input('tokens', 'int64', ['batch', contextLength]);
  const embedded = graph.op('Gather', [addWeight(graph, weights, 'token_embedding.weight'), tokens], {
    axis: 0,
  });
  let value = graph.op('Add', [embedded, addWeight(graph, weights, 'positional_embedding')], {}, 'embedded');

  const maskValues = new Float32Array(contextLength * contextLength);
  for (let row = 0; row < contextLength; row++) {
    maskValues.fill(masked, row * contextLength + row + 1, (row + 1) * contextLength);
  }
  const mask = graph.float32('causal_mask', maskValues, [contextLength, contextLength]);
  for (let layer = 0; layer < layers; layer++) {
    const name = `transformer.resblocks.${layer}`;
    const attended = attention(
      graph,
      weights,
      layerNorm(graph, weights, value, `${name}.ln_1`),
      `${name}.attn`,
      text,
      mask,
    );
    value = graph.op('Add', [value, attended], {}, `${name}.attended`);
    const hidden = addLinear(
      graph,
      weights,
      `${name}.mlp.c_fc`,
      layerNorm(graph, weights, value, `${name}.ln_2`),
    );
    const mlp = addLinear(graph, weights, `${name}.mlp.c_proj`, quickGelu(graph, hidden, `${name}.mlp.gelu`));
    value = graph.op('Add', [value, mlp], {}, `${name}.out`);
  }

  // Pick the end-of-text row with a one-hot product: ArgMax and batched gathers of int64 are not everywhere.
  const numbers = graph.op('Cast', [tokens], { to: 1 }, 'token_numbers');
  const largest = graph.op('ReduceMax', [numbers], { axes: [1], keepdims: 1 }, 'largest');
  const isEnd = graph.op('Cast', [graph.op('Equal', [numbers, largest])], { to: 1 }, 'is_end');
  // Later repeats of the end token (padding of some tokenizers) do not count: divide by nothing, keep the first.
  const earlier = graph.op(
    'CumSum',
    [isEnd, graph.int64('token_axis', [1], [])],
    { exclusive: 1 },
    'ends_before',
  );
  const first = graph.op('Mul', [
    isEnd,
    graph.op('Cast', [graph.op('Less', [earlier, graph.float32('half', Float32Array.of(0.5), [])])], {
      to: 1,
    }),
  ]);
  const row = graph.op('Unsqueeze', [first, graph.int64('row_axis', [1])], {}, 'end_row');
  const normalised = layerNorm(graph, weights, value, 'ln_final');
  const end = graph.reshape(graph.op('MatMul', [row, normalised], {}, 'end_state'), [-1, width], 'end');
  const projected = graph.op('MatMul', [end, addWeight(graph, weights, 'text_projection')], {}, 'projected');
  graph.output('text_embedding', projected, ['batch', embeddingWidth]);
  return graph.build();
}
