// Which output of a network its answer is, by what the file says and what is reached from what.
import { DermOrbitError } from '../../contract/errors.ts';
import type { ForeignModel } from '../../onnx/foreign/read.ts';
import type { Graph } from '../../onnx/graph.ts';
import { shapeText } from './picture-input.ts';

/** Shapes that one number per class can have: [batch, K], and ones behind or between. */
export function classCount(dims: readonly (number | string)[]): number | null {
  const rest = dims.slice(1).filter((dim) => dim !== 1);
  if (dims.length < 2 || dims.length > 4 || rest.length > 1) return null;
  const [count] = rest.length === 0 ? [1] : rest;
  return typeof count === 'number' ? count : null;
}

/** Values that an answer may be, by name, the likeliest last where they say so. */
const telling = [/feature|embed|hidden|pool/i, /./, /prob|softmax|score/i, /logit|class|predict/i];
const rankOf = (name: string) =>
  Math.max(...telling.map((pattern, rank) => (pattern.test(name) ? rank : -1)));

export interface ChosenOutput {
  readonly name: string;
  /** The others that could have been meant. */
  readonly passedOver: readonly string[];
}

/**
 * Outputs of numbers that the file declares, or the one that a person names (any value of the graph).
 * @throws DermOrbitError ONNX_OUTPUT
 */
export function answerCandidates(
  { model, outputs, labels }: ForeignModel,
  wanted: string | undefined,
): string[] {
  const { graph } = model;
  const made = new Set(graph.nodes.flatMap(({ outputs: values }) => values));
  if (wanted !== undefined) {
    if (made.has(wanted)) return [wanted];
    throw new DermOrbitError(
      'ONNX_OUTPUT',
      `This model has no value "${wanted}"; its outputs are ${outputs.map(({ name }) => `"${name}"`).join(', ')}.`,
    );
  }
  const numbers = outputs.flatMap(({ name, info }) =>
    info?.type.startsWith('float') && made.has(name) ? [name] : [],
  );
  // A table of probabilities is made of a tensor of them.
  const behind = labels.flatMap(({ value }) => (made.has(value) ? [value] : []));
  const names = [...new Set([...numbers, ...behind])];
  if (names.length > 0) return names;
  throw new DermOrbitError(
    'ONNX_OUTPUT',
    `None of the outputs of this model (${outputs.map(({ name }) => `"${name}"`).join(', ')}) is a tensor of numbers.`,
  );
}

/**
 * The answer among several: what other candidates only lead to, then what its name says.
 * @param dimsOf the size of each candidate
 * @throws DermOrbitError ONNX_OUTPUT
 */
export function chooseOutput(
  graph: Graph,
  candidates: readonly string[],
  dimsOf: (name: string) => readonly (number | string)[],
): ChosenOutput {
  const fitting = candidates.filter((name) => classCount(dimsOf(name)) !== null);
  if (fitting.length === 0) {
    const [first] = candidates as [string];
    const dims = dimsOf(first);
    const what =
      dims.length === 4
        ? `marks areas of a picture (its output "${first}" has the shape ${shapeText(dims)})`
        : `answers with "${first}" of the shape ${shapeText(dims)}`;
    throw new DermOrbitError(
      'ONNX_OUTPUT',
      `This model ${what}. DermOrbit needs a classifier: one number per class.`,
    );
  }
  const behind = new Map(fitting.map((name) => [name, ancestors(graph, name)]));
  const last = fitting.filter(
    (name) => !fitting.some((other) => other !== name && behind.get(other)!.has(name)),
  );
  const best = Math.max(...last.map(rankOf));
  const likely = last.filter((name) => rankOf(name) === best);
  if (likely.length > 1) {
    throw new DermOrbitError(
      'ONNX_OUTPUT',
      `This model has several outputs that could be its answer: ${likely.map((name) => `"${name}" (${shapeText(dimsOf(name))})`).join(', ')}.`,
    );
  }
  const name = likely[0]!;
  return { name, passedOver: fitting.filter((other) => other !== name) };
}

/** Values that a value is made of. */
function ancestors(graph: Graph, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const needed = new Set([name]);
  for (const { inputs, outputs } of [...graph.nodes].reverse()) {
    if (!outputs.some((output) => needed.has(output))) continue;
    for (const input of inputs) {
      needed.add(input);
      found.add(input);
    }
  }
  return found;
}
