// Vision transformers in two graphs (METHODS.md, "Backbones"). With a class token the tower ends before the last
// block: the patches are the map, the class token is the part that does not turn. With a pooling head (SigLIP) the
// tower ends behind the last block and norm, and the map is all there is. Sources: Dosovitskiy et al. 2021; Radford
// et al. 2021, section 2.4; Zhai et al. 2023 (SigLIP).
import { GraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { attend, layerNorm, perceptron, transformerBlock, type TransformerShape } from '../transformer.ts';
import { addLinear, addVector, addWeight, requireWeight, rowsOf, type Weights } from '../weights.ts';

/** Numbers of a vision transformer, whatever its naming. */
export interface VitShape extends TransformerShape {
  readonly layers: number;
  readonly patch: number;
  /** Patches along a side. */
  readonly grid: number;
  readonly embedding: number;
  readonly pooling: 'class-token' | 'map-pool';
}

const block = (layer: number) => `visual.transformer.resblocks.${layer}`;

/** The tower: `image` [batch, 3, R, R] -> `features` [batch, W, s, s], and `invariant` [batch, W] with a class token. */
export function buildVitTower(weights: Weights, shape: VitShape): Model {
  const { width, patch, grid, layers, epsilon, pooling } = shape;
  const side = grid * patch;
  const withToken = pooling === 'class-token';
  const cells = grid * grid;
  const tokens = cells + (withToken ? 1 : 0);
  const graph = new GraphBuilder('image-tower');
  const image = graph.input('image', 'float32', ['batch', 3, side, side]);
  const bias = weights.has('visual.conv1.bias') ? [addVector(graph, weights, 'visual.conv1.bias')] : [];
  const patches = graph.op(
    'Conv',
    [image, addWeight(graph, weights, 'visual.conv1.weight'), ...bias],
    { strides: [patch, patch], kernel_shape: [patch, patch] },
    'patches',
  );
  const rows = graph.transpose(graph.reshape(patches, [0, width, cells]), [0, 2, 1], 'patch_tokens');
  // The class token is added with the positions: a row of zeros makes room for it.
  const room = withToken
    ? graph.op('Pad', [rows, graph.int64('room', [0, 1, 0, 0, 0, 0])], {}, 'room')
    : rows;
  const places = graph.float32('positions', positionsOf(weights, width), [1, tokens, width]);
  let value = graph.op('Add', [room, places], {}, 'embedded');
  if (weights.has('visual.ln_pre.weight')) value = layerNorm(graph, weights, value, 'visual.ln_pre', epsilon);
  for (let layer = 0; layer < layers - (withToken ? 1 : 0); layer++) {
    value = transformerBlock(graph, weights, value, block(layer), shape, tokens);
  }
  if (!withToken) value = layerNorm(graph, weights, value, 'visual.ln_post', epsilon);
  const ofCells = withToken
    ? graph.op('Slice', [
        value,
        graph.int64('first_cell', [1]),
        graph.int64('behind', [tokens]),
        graph.int64('token_axis', [1]),
      ])
    : value;
  const map = graph.reshape(graph.transpose(ofCells, [0, 2, 1]), [0, width, grid, grid], 'map');
  graph.output('features', map, ['batch', width, grid, grid]);
  if (withToken) {
    const token = graph.op('Gather', [value, graph.int64('token', [0], [])], { axis: 1 }, 'class_token');
    graph.output('invariant', token, ['batch', width]);
  }
  return graph.build();
}

/** Positions in single precision, the class token added to its own. */
function positionsOf(weights: Weights, width: number): Float32Array {
  const positions = Float32Array.from(requireWeight(weights, 'visual.positional_embedding').float32());
  const token = weights.get('visual.class_embedding')?.float32();
  if (token) for (let i = 0; i < width; i++) positions[i]! += token[i]!;
  return positions;
}

/** The graph of a head, with the signature of its row in heads.ts. */
export function buildVitHead(weights: Weights, shape: VitShape): Model {
  return shape.pooling === 'class-token' ? classTokenHead(weights, shape) : mapPoolHead(weights, shape);
}

/** `features` -> cells [batch, N, W]. */
function cellsOf(graph: GraphBuilder, { width, grid }: VitShape): string {
  const features = graph.input('features', 'float32', ['batch', width, grid, grid]);
  return graph.transpose(graph.reshape(features, [0, width, grid * grid]), [0, 2, 1], 'cells');
}

/** Only the class token is read behind the last block, so only it asks. */
function classTokenHead(weights: Weights, shape: VitShape): Model {
  const { width, heads, grid, layers, epsilon, embedding } = shape;
  const tokens = grid * grid + 1;
  const name = block(layers - 1);
  const graph = new GraphBuilder('head');
  const cells = cellsOf(graph, shape);
  const invariant = graph.input('invariant', 'float32', ['batch', width]);
  const token = graph.op('Unsqueeze', [invariant, graph.int64('token_axis', [1])], {}, 'token');
  const all = graph.op('Concat', [token, cells], { axis: 1 }, 'tokens');
  const normed = layerNorm(graph, weights, all, `${name}.ln_1`, epsilon);
  const asker = graph.op('Gather', [normed, graph.int64('first', [0], [])], { axis: 1 }, 'asker');
  const parts = partsOf(weights, `${name}.attn`, width);
  const query = graph.reshape(
    addLinear(graph, parts, 'query', asker),
    [-1, heads, 1, width / heads],
    'query',
  );
  const mixed = attend(
    graph,
    [query, ...keysAndValues(graph, parts, normed, shape, tokens)],
    1 / Math.sqrt(width / heads),
    name,
  );
  const joined = graph.reshape(mixed, [-1, width], 'joined');
  const attended = graph.op(
    'Add',
    [invariant, addLinear(graph, weights, `${name}.attn.out_proj`, joined)],
    {},
    'attended',
  );
  const second = layerNorm(graph, weights, attended, `${name}.ln_2`, epsilon);
  const out = graph.op('Add', [attended, perceptron(graph, weights, second, `${name}.mlp`, shape)]);
  const final = layerNorm(graph, weights, out, 'visual.ln_post', epsilon);
  const projected = graph.op('MatMul', [final, addWeight(graph, weights, 'visual.proj')], {}, 'projected');
  graph.output('embedding', projected, ['batch', embedding]);
  return graph.build();
}

/** A learned query over the cells, then a perceptron beside it. */
function mapPoolHead(weights: Weights, shape: VitShape): Model {
  const { width, heads, grid, epsilon, embedding } = shape;
  const name = 'visual.pool';
  const graph = new GraphBuilder('head');
  const cells = cellsOf(graph, shape);
  const parts = partsOf(weights, `${name}.attn`, width);
  const probe = graph.float32('probe', requireWeight(weights, `${name}.probe`).float32(), [1, width]);
  const query = graph.reshape(addLinear(graph, parts, 'query', probe), [1, heads, 1, width / heads], 'query');
  const mixed = attend(
    graph,
    [query, ...keysAndValues(graph, parts, cells, shape, grid * grid)],
    1 / Math.sqrt(width / heads),
    name,
  );
  const attended = addLinear(
    graph,
    weights,
    `${name}.attn.out_proj`,
    graph.reshape(mixed, [-1, width], 'joined'),
  );
  const normed = layerNorm(graph, weights, attended, `${name}.ln`, epsilon);
  const out = graph.op(
    'Add',
    [attended, perceptron(graph, weights, normed, `${name}.mlp`, shape)],
    {},
    'out',
  );
  graph.output('embedding', out, ['batch', embedding]);
  return graph.build();
}

/** The fused input projection as two linear layers: the query's, and that of keys and values. */
function partsOf(weights: Weights, name: string, width: number): Weights {
  const weight = requireWeight(weights, `${name}.in_proj_weight`);
  const bias = requireWeight(weights, `${name}.in_proj_bias`);
  return new Map([
    ['query.weight', rowsOf(weight, 0, width)],
    ['query.bias', rowsOf(bias, 0, width)],
    ['key_value.weight', rowsOf(weight, width, 3 * width)],
    ['key_value.bias', rowsOf(bias, width, 3 * width)],
  ]);
}

/** [batch, T, W] -> keys and values [batch, H, T, d]. */
function keysAndValues(
  graph: GraphBuilder,
  parts: Weights,
  input: string,
  { width, heads }: VitShape,
  tokens: number,
): [string, string] {
  const both = addLinear(graph, parts, 'key_value', input);
  const split = graph.reshape(both, [0, tokens, 2, heads, width / heads], 'key_value_split');
  const byPart = graph.transpose(split, [2, 0, 3, 1, 4], 'key_value_by_part');
  const part = (index: number, name: string) =>
    graph.op('Gather', [byPart, graph.int64('part', [index], [])], { axis: 0 }, name);
  return [part(0, 'keys'), part(1, 'values')];
}
