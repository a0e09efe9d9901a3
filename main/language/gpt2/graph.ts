// GPT-2 (Radford et al. 2019) as ONNX graphs with a cache of keys and values. A batch holds the elements of an orbit:
// one prefix each, all of one length, with a cache each. Pure.
import { attend, layerNorm, perceptron, type TransformerShape } from '../../backbones/transformer.ts';
import { addConv1D, addWeight, type Weights } from '../../backbones/weights.ts';
import type { LanguageArchitecture } from '../../contract/language.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';

/** A run of layers, `from` to `to` (exclusive). */
export interface LayerRange {
  readonly from: number;
  readonly to: number;
}

/** Names of a layer's cache as inputs and outputs of its graph; each is [batch, heads, tokens, width / heads]. */
export function cacheNames(layer: number): { past: [string, string]; present: [string, string] } {
  const names = (when: string): [string, string] => [`${when}.${layer}.key`, `${when}.${layer}.value`];
  return { past: names('past'), present: names('present') };
}

/**
 * The layers of a range as a graph. Inputs: `ids` [batch, length] and `positions` [length] (int64) for the first layers,
 * `states` [batch, length, W] for the others; `mask` [length, total], added to the scores; the cache of every layer;
 * and for the last layers `rows` [wanted] (int64), the positions of the input that are asked for. Outputs: `states`, or
 * for the last layers `hidden` [batch, wanted, W] (behind ln_f) and `logits` [batch, wanted, V]; the new caches.
 */
export function gpt2Graph(weights: Weights, shape: LanguageArchitecture, range: LayerRange): Model {
  const { width, layers, epsilon, vocabulary } = shape;
  const graph = new GraphBuilder(`gpt2-${range.from}-${range.to}`);
  const embeds = range.from === 0;
  const ends = range.to === layers;
  const table = embeds || (ends && shape.tied) ? addWeight(graph, weights, 'wte.weight') : '';
  const start = embeds
    ? embed(graph, weights, table)
    : graph.input('states', 'float32', ['batch', 'length', width]);
  const mask = graph.input('mask', 'float32', ['length', 'total']);
  const rows = ends ? graph.input('rows', 'int64', ['wanted']) : '';
  // The graph's own outputs have these names: values on the way must not.
  const caches: [string, string][] = [];
  let states = start;
  for (let layer = range.from; layer < range.to; layer++) {
    states = block(graph, weights, states, layer, shape, mask, caches);
  }
  const cacheDims = ['batch', shape.heads, 'total', width / shape.heads];
  if (ends) {
    const asked = graph.op('Gather', [states, rows], { axis: 1 }, 'asked');
    const hidden = layerNorm(graph, weights, asked, 'ln_f', epsilon);
    const last = shape.tied ? table : addWeight(graph, weights, 'lm_head.weight');
    const logits = graph.op('MatMul', [hidden, graph.transpose(last, [1, 0], 'head')], {}, 'head.out');
    graph.output('hidden', hidden, ['batch', 'wanted', width]);
    graph.output('logits', logits, ['batch', 'wanted', vocabulary]);
  } else {
    graph.output('states_out', states, ['batch', 'length', width]);
  }
  for (const [name, value] of caches) graph.output(name, value, cacheDims);
  return graph.build();
}

function embed(graph: GraphBuilder, weights: Weights, table: string): string {
  const ids = graph.input('ids', 'int64', ['batch', 'length']);
  const positions = graph.input('positions', 'int64', ['length']);
  const words = graph.op('Gather', [table, ids], { axis: 0 }, 'words');
  const places = addWeight(graph, weights, 'wpe.weight');
  return graph.op(
    'Add',
    [words, graph.op('Gather', [places, positions], { axis: 0 }, 'places')],
    {},
    'embedded',
  );
}

/** x + attention(ln_1 x), then x + perceptron(ln_2 x). */
function block(
  graph: GraphBuilder,
  weights: Weights,
  input: string,
  layer: number,
  shape: LanguageArchitecture,
  mask: string,
  caches: [string, string][],
): string {
  const name = `h.${layer}`;
  const first = layerNorm(graph, weights, input, `${name}.ln_1`, shape.epsilon);
  const attention = cachedAttention(graph, weights, first, layer, shape, mask, caches);
  const attended = graph.op('Add', [input, attention], {}, `${name}.attended`);
  const second = layerNorm(graph, weights, attended, `${name}.ln_2`, shape.epsilon);
  const kind: Pick<TransformerShape, 'activation'> = shape;
  const added = perceptron(graph, weights, second, `${name}.mlp`, kind, addConv1D);
  return graph.op('Add', [attended, added], {}, `${name}.out`);
}

function cachedAttention(
  graph: GraphBuilder,
  weights: Weights,
  input: string,
  layer: number,
  { width, heads, attentionScales }: LanguageArchitecture,
  mask: string,
  caches: [string, string][],
): string {
  const name = `h.${layer}.attn`;
  const size = width / heads;
  const projected = addConv1D(graph, weights, `${name}.c_attn`, input);
  const parts = graph.ops('Split', [projected, graph.int64('sizes', [width, width, width])], { axis: -1 }, [
    `${name}.query`,
    `${name}.key`,
    `${name}.value`,
  ]);
  const [query, key, value] = parts.map((part) =>
    graph.transpose(graph.reshape(part, [0, 0, heads, size], `${part}.split`), [0, 2, 1, 3], `${part}.heads`),
  ) as [string, string, string];
  const { past, present } = cacheNames(layer);
  const [keys, values] = [key, value].map((added, i) => {
    const before = graph.input(past[i]!, 'float32', ['batch', heads, 'past', size]);
    const all = graph.op('Concat', [before, added], { axis: 2 }, `${name}.${i === 0 ? 'keys' : 'values'}`);
    caches.push([present[i]!, all]);
    return all;
  }) as [string, string];
  const mixed = attend(graph, [query, keys, values], attentionScales[layer]!, name, mask);
  const joined = graph.reshape(graph.transpose(mixed, [0, 2, 1, 3]), [0, 0, width], `${name}.joined`);
  return addConv1D(graph, weights, `${name}.c_proj`, joined);
}

/**
 * The layers as runs whose files stay below a size.
 * @param largest bytes of weights in a part
 */
export function layerRanges(
  weights: Weights,
  { layers, tied }: LanguageArchitecture,
  largest: number,
): LayerRange[] {
  const bytesOf = (prefix: string) => {
    let bytes = 0;
    for (const [name, weight] of weights) {
      if (!name.startsWith(prefix)) continue;
      bytes += weight.dims.reduce((product, dim) => product * dim, 1) * (weight.float16Bits ? 2 : 4);
    }
    return bytes;
  };
  const head = bytesOf(tied ? 'wte.' : 'lm_head.');
  const ranges: LayerRange[] = [];
  let [from, size] = [0, bytesOf('wte.') + bytesOf('wpe.')];
  for (let layer = 0; layer < layers; layer++) {
    const own = bytesOf(`h.${layer}.`);
    const room = layer === layers - 1 && from > 0 ? head : 0;
    if (layer > from && size + own + room > largest) {
      ranges.push({ from, to: layer });
      [from, size] = [layer, 0];
    }
    size += own;
  }
  return [...ranges, { from, to: layers }];
}
