// CLIP's text transformer as an ONNX graph. Source: Radford et al. 2021, section 2.4.
import type { Activation } from '../../contract/backbone.ts';
import type { ClipArchitecture } from '../clip-resnet/architecture.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { layerNorm, transformerBlock } from '../transformer.ts';
import { addWeight, type Weights } from '../weights.ts';

/** Large enough to vanish in the softmax, small enough to stay finite in half precision. */
const masked = -1e4;

/** Sizes of a text tower, and where they differ from OpenAI's, its activation and the epsilon of its norms. */
export interface TextShape extends NonNullable<ClipArchitecture['text']> {
  readonly activation?: Activation;
  readonly epsilon?: number;
}

/**
 * The text tower as a graph: `tokens` int64 [batch, L] -> `text_embedding` [batch, E], not normalised: the last
 * layer's state at the end-of-text token (the largest token number), projected.
 * @throws DermOrbitError CHECKPOINT_SHAPE if a tensor is absent
 */
export function buildTextTower(weights: Weights, text: TextShape, embeddingWidth: number): Model {
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
  const { heads, activation = 'quickgelu', epsilon = 1e-5 } = text;
  const shape = { width, heads, activation, epsilon };
  for (let layer = 0; layer < layers; layer++) {
    const name = `transformer.resblocks.${layer}`;
    value = transformerBlock(graph, weights, value, name, shape, contextLength, mask);
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
  const normalised = layerNorm(graph, weights, value, 'ln_final', epsilon);
  const end = graph.reshape(graph.op('MatMul', [row, normalised], {}, 'end_state'), [-1, width], 'end');
  const projected = graph.op('MatMul', [end, addWeight(graph, weights, 'text_projection')], {}, 'projected');
  graph.output('text_embedding', projected, ['batch', embeddingWidth]);
  return graph.build();
}
