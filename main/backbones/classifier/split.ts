// A network divided at a value into the two graphs of a package: picture -> map and tokens, and map and tokens ->
// embedding. Whatever the order of axes in the file, the map leaves the tower as [batch, C, s, s]. Pure.
import { GraphBuilder } from '../../onnx/builder.ts';
import { inlineGraph } from '../../onnx/compose.ts';
import type { Dimension } from '../../onnx/dimensions.ts';
import type { Specialised } from '../../onnx/foreign/specialise.ts';
import type { Graph, Model, Node } from '../../onnx/graph.ts';
import type { Cut } from './cuts.ts';
import type { PictureInput } from './picture-input.ts';

/** Put before the names of the network's own values. */
const own = 'network/';

export interface SplitSpec {
  readonly specialised: Specialised;
  readonly input: PictureInput;
  /** Side of the picture. */
  readonly size: number;
  /** Null: the whole network is the tower. */
  readonly cut: Cut | null;
  /** What the head answers with, of `width` numbers for each picture. */
  readonly answer: string;
  readonly width: number;
  /** `batch`, or 1 where the graph takes one picture at a time. */
  readonly batch: Dimension;
}

/** `image` [batch, 3, R, R] -> `features` and `invariant`, each where there is such a part. */
export function buildTower(spec: SplitSpec): Model {
  const { specialised, input, size, cut, answer, width, batch } = spec;
  const graph = new GraphBuilder('image-tower');
  const image = graph.input('image', 'float32', [batch, 3, size, size]);
  const picture = input.layout === 'NCHW' ? image : graph.transpose(image, [0, 2, 3, 1], 'channels_last');
  const wanted = cut?.value ?? answer;
  const made = inlineGraph(
    graph,
    part(specialised.graph, [wanted], [input.name]),
    { [input.name]: picture },
    own,
  );
  const value = made[wanted]!;
  if (!cut) {
    graph.output('invariant', graph.reshape(value, [-1, width], 'row'), [batch, width]);
    return graph.build();
  }
  const { channels, size: side, before, behind } = cut;
  const shape = [batch, channels, side, side] as const;
  if (cut.layout === 'NCHW' || cut.layout === 'NHWC') {
    const map = cut.layout === 'NCHW' ? value : graph.transpose(value, [0, 3, 1, 2], 'channels_first');
    graph.output('features', map, shape);
    return graph.build();
  }
  const tokens = cut.layout === 'NTC' ? value : graph.transpose(value, [1, 0, 2], 'batch_first');
  const cells = side * side;
  const slice = (from: number, to: number, name: string) =>
    graph.op(
      'Slice',
      [tokens, graph.int64('from', [from]), graph.int64('to', [to]), graph.int64('along', [1])],
      {},
      name,
    );
  const grid = before + behind === 0 ? tokens : slice(before, before + cells, 'cells');
  const columns = graph.transpose(grid, [0, 2, 1], 'by_channel');
  graph.output('features', graph.reshape(columns, [-1, channels, side, side], 'map'), shape);
  if (before + behind > 0) {
    const parts = [
      ...(before > 0 ? [slice(0, before, 'before')] : []),
      ...(behind > 0 ? [slice(before + cells, before + cells + behind, 'behind')] : []),
    ];
    const beside = parts.length === 1 ? parts[0]! : graph.op('Concat', parts, { axis: 1 }, 'beside');
    const numbers = (before + behind) * channels;
    graph.output('invariant', graph.reshape(beside, [-1, numbers], 'tokens'), [batch, numbers]);
  }
  return graph.build();
}

/** `features` and `invariant`, as the tower gives them -> `embedding` [batch, E]. */
export function buildHead({ specialised, cut, answer, width, batch }: SplitSpec): Model {
  const graph = new GraphBuilder('head');
  if (!cut) {
    graph.output('embedding', graph.input('invariant', 'float32', [batch, width]), [batch, width]);
    return graph.build();
  }
  const { channels, size } = cut;
  const features = graph.input('features', 'float32', [batch, channels, size, size]);
  const value = asInFile(graph, cut, features, batch);
  const stops = [cut.value, ...(specialised.zeros === null ? [] : [specialised.zeros])];
  const rest = part(specialised.graph, [answer], stops);
  const feeds = Object.fromEntries(
    rest.inputs.map(({ name }) => [name, name === cut.value ? value : batchZeros(graph, features)]),
  );
  const made = inlineGraph(graph, rest, feeds, own);
  graph.output('embedding', graph.reshape(made[answer]!, [-1, width], 'row'), [batch, width]);
  return graph.build();
}

/** The value at the cut, in the order of axes that the network has there. */
function asInFile(graph: GraphBuilder, cut: Cut, features: string, batch: Dimension): string {
  const { layout, channels, size, before, behind } = cut;
  if (layout === 'NCHW') return features;
  if (layout === 'NHWC') return graph.transpose(features, [0, 2, 3, 1], 'channels_last');
  const columns = graph.reshape(features, [-1, channels, size * size], 'columns');
  const cells = graph.transpose(columns, [0, 2, 1], 'cells');
  let tokens = cells;
  if (before + behind > 0) {
    const numbers = (before + behind) * channels;
    const beside = graph.input('invariant', 'float32', [batch, numbers]);
    const rows = graph.reshape(beside, [-1, before + behind, channels], 'beside');
    const slice = (from: number, to: number) =>
      graph.op('Slice', [
        rows,
        graph.int64('from', [from]),
        graph.int64('to', [to]),
        graph.int64('along', [1]),
      ]);
    const parts = [
      ...(before > 0 ? [behind === 0 ? rows : slice(0, before)] : []),
      cells,
      ...(behind > 0 ? [before === 0 ? rows : slice(before, before + behind)] : []),
    ];
    tokens = graph.op('Concat', parts, { axis: 1 }, 'tokens');
  }
  return layout === 'NTC' ? tokens : graph.transpose(tokens, [1, 0, 2], 'tokens_first');
}

/** [batch, 1, 1, 1] of zeros, by which constants are stretched along the batch. */
function batchZeros(graph: GraphBuilder, features: string): string {
  const bounds = [
    [0, 0, 0],
    [1, 1, 1],
    [1, 2, 3],
  ].map((values) => graph.int64('bounds', values));
  const first = graph.op('Slice', [features, ...bounds]);
  return graph.op('Mul', [first, graph.float32('zero', Float32Array.of(0), [])], {}, 'zeros');
}

/** The nodes between some values of a graph, which become its inputs, and others, its outputs. */
function part(graph: Graph, outputs: readonly string[], inputs: readonly string[]): Graph {
  const stops = new Set(inputs);
  const needed = new Set(outputs);
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output) && !stops.has(output))) continue;
    nodes.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  const value = (name: string) => ({ name, type: 'float32' as const, dims: [] });
  return {
    name: graph.name,
    nodes: nodes.reverse(),
    constants: new Map([...graph.constants].filter(([name]) => needed.has(name))),
    inputs: inputs.filter((name) => needed.has(name)).map(value),
    outputs: outputs.map(value),
  };
}
