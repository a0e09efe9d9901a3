// Values of a network that are a map over a square grid of cells, and how their axes are ordered. Pure.
import { intAttribute, intsAttribute } from '../../onnx/attributes.ts';
import type { Dimension } from '../../onnx/dimensions.ts';
import { passages, type GraphReader } from './find-head.ts';

/** A value at which a network can be divided. */
export interface Cut {
  readonly value: string;
  readonly layout: CutLayout;
  readonly channels: number;
  /** Cells along a side. */
  readonly size: number;
  /** Tokens before and behind the cells, which are none of them. */
  readonly before: number;
  readonly behind: number;
}

/** Axes of a map: batch, channels, rows and columns; or tokens, with the batch first or second. */
export type CutLayout = 'NCHW' | 'NHWC' | 'NTC' | 'TNC';

/** The largest grid that packages hold (contract/manifest.ts). */
const largestGrid = 64;
const mostChannels = 65_536;

/**
 * Every value of which all of the answer is made and that is a map, the last first.
 * @param target what the head answers with
 * @param side of the picture: what is as large as it is no map of it yet
 */
export function cutsOf(reader: GraphReader, target: string, side: number): Cut[] {
  return passages(reader, target).flatMap((value) => {
    const cut = cutAt(reader, value);
    return cut && cut.size >= 2 && cut.size <= Math.min(largestGrid, side / 2) && cut.channels <= mostChannels
      ? [cut]
      : [];
  });
}

function cutAt(reader: GraphReader, value: string): Cut | null {
  const dims = reader.dims(value);
  if (dims.length === 4) return gridAt(reader, value, dims);
  return dims.length === 3 ? tokensAt(reader, value, dims) : null;
}

const isBatch = (dim: Dimension | undefined) => typeof dim === 'string' || dim === 1;

function gridAt(reader: GraphReader, value: string, dims: readonly Dimension[]): Cut | null {
  const [batch, a, b, c] = dims;
  if (!isBatch(batch) || typeof a !== 'number' || typeof b !== 'number' || typeof c !== 'number') return null;
  const first = b === c;
  const last = a === b;
  if (!first && !last) return null;
  const layout = first && last ? orderOf(reader, value) : first ? 'NCHW' : 'NHWC';
  const [channels, size] = layout === 'NCHW' ? [a, b] : [c, a];
  return { value, layout, channels, size, before: 0, behind: 0 };
}

/** Operators that work on maps with their channels on the second axis. */
const channelsSecond: ReadonlySet<string> = new Set([
  ...[
    'AveragePool',
    'BatchNormalization',
    'Conv',
    'ConvTranspose',
    'InstanceNormalization',
    'LRN',
    'MaxPool',
  ],
]);

/** The order of axes of equal length, by the nearest operator that has one. */
function orderOf(reader: GraphReader, value: string): 'NCHW' | 'NHWC' {
  const node = reader.producer(value);
  if (!node || channelsSecond.has(node.op)) return 'NCHW';
  if (node.op === 'LayerNormalization') return 'NHWC';
  const input = node.inputs.find((name) => name !== '' && !reader.isConstant(name));
  if (input === undefined || reader.dims(input).length !== 4) return 'NCHW';
  const order = orderOf(reader, input);
  if (node.op !== 'Transpose') return order;
  const turned = intsAttribute(node, 'perm')?.[1] === (order === 'NCHW' ? 1 : 3);
  return turned ? 'NCHW' : 'NHWC';
}

const rootOf = (cells: number) => {
  const root = Math.round(Math.sqrt(cells));
  return root >= 2 && root * root === cells ? root : null;
};

function tokensAt(reader: GraphReader, value: string, dims: readonly Dimension[]): Cut | null {
  // The same numbers as a map with rows and columns, which is found before it.
  if (reader.dims(reader.shown(value)).length === 4) return null;
  const [first, second, channels] = dims;
  if (typeof channels !== 'number') return null;
  const batchFirst = isBatch(first) && typeof second === 'number';
  const tokens = batchFirst ? second : first;
  if (typeof tokens !== 'number' || (!batchFirst && !isBatch(second))) return null;
  const place = joinedTokens(reader, tokens) ?? { cells: tokens, before: 0 };
  const size = rootOf(place.cells);
  if (size === null) return null;
  return {
    value,
    layout: batchFirst ? 'NTC' : 'TNC',
    channels,
    size,
    before: place.before,
    behind: tokens - place.cells - place.before,
  };
}

/** Where the cells stand among this many tokens, by how the tokens were joined; null if they never were. */
function joinedTokens(reader: GraphReader, tokens: number): { cells: number; before: number } | null {
  for (const node of reader.graph.nodes) {
    if (node.op !== 'Concat' || reader.dims(node.outputs[0]!).length !== 3) continue;
    const axis = intAttribute(node, 'axis', 0);
    if (reader.dims(node.outputs[0]!).at(axis) !== tokens) continue;
    const parts = node.inputs.map((name) => Number(reader.dims(name).at(axis)));
    const grids = parts.flatMap((part, index) => (rootOf(part) === null ? [] : [index]));
    const largest = grids.toSorted((a, b) => parts[b]! - parts[a]!)[0];
    if (largest === undefined) continue;
    return { cells: parts[largest]!, before: parts.slice(0, largest).reduce((sum, part) => sum + part, 0) };
  }
  return null;
}
