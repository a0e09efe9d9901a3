// A language model that is open: its graphs on a provider, its tokenizer, its lambda net. What it is asked for are
// logits and hidden states behind every position of a batch of sequences, one cache of keys and values for each.
import { DermOrbitError } from '../contract/errors.ts';
import type { LanguageManifest } from '../contract/language.ts';
import type { Provider } from '../contract/settings.ts';
import { tensor, type Tensor } from '../contract/tensor.ts';
import type { Feed, RuntimeSession } from '../engine/runtime.ts';
import { cacheNames, type LayerRange } from './gpt2/graph.ts';
import type { LambdaNet } from './lambda/net.ts';
import type { OrbitReading } from './methods.ts';
import type { TextTokenizer } from './text/tokenizer.ts';

/** A run of layers, loaded. */
export interface LoadedPart {
  readonly range: LayerRange;
  readonly session: RuntimeSession;
}

/** Keys and values of every layer behind `length` tokens; never written to, so that several texts may go on from it. */
export interface Cache {
  readonly length: number;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** Numbers of one run of the graphs that logits may take, in float32: long texts are read in pieces. */
const largestLogits = 2 ** 25;
/** Tokens of a piece at most: a mask of length times total is made for it. */
const longestPiece = 512;

/** What is not to be shown to attention: its exponential is 0. */
const hiddenFromAttention = -1e9;

export interface LoadedLanguageModel {
  readonly manifest: LanguageManifest;
  readonly sha256: string;
  readonly provider: Provider;
  readonly tokenizer: TextTokenizer;
  readonly lambda: LambdaNet | null;
  readonly parts: readonly LoadedPart[];
}

/** A cache of nothing. */
function emptyCache({ manifest }: LoadedLanguageModel, batch: number): Cache {
  const { layers, heads, width } = manifest.architecture;
  const none = tensor(new Float32Array(), [batch, heads, 0, width / heads]);
  const names = Array.from({ length: layers }, (_, layer) => cacheNames(layer).past).flat();
  return { length: 0, tensors: Object.fromEntries(names.map((name) => [name, none])) };
}

/**
 * Reads sequences, all of one length, behind what a cache holds.
 * @param batch one sequence for each element of an orbit
 * @param visit called for each position from `from` on, in order, with what the model says behind it
 * @returns the cache behind them
 * @throws DermOrbitError PROMPT_TOO_LONG if the model has not so many positions; INFERENCE_FAILED, OUT_OF_MEMORY
 */
export async function readSequences(
  model: LoadedLanguageModel,
  batch: readonly (readonly number[])[],
  before: Cache | null,
  from: number,
  visit: (position: number, reading: OrbitReading) => void,
): Promise<Cache> {
  const { positions, vocabulary } = model.manifest.architecture;
  let cache = before ?? emptyCache(model, batch.length);
  const length = batch[0]!.length;
  if (cache.length + length > positions) {
    const message = `The text has ${cache.length + length} tokens; the model has ${positions} positions.`;
    throw new DermOrbitError('PROMPT_TOO_LONG', message);
  }
  const piece = Math.max(1, Math.min(longestPiece, Math.floor(largestLogits / (batch.length * vocabulary))));
  const first = cache.length;
  for (let start = 0; start < length; start += piece) {
    const ids = batch.map((sequence) => sequence.slice(start, start + piece));
    const wanted = ids[0]!.map((_, i) => i).filter((i) => first + start + i >= from);
    // The last layers want a row at least; one that nobody asked for is not shown.
    const rows = wanted.length > 0 ? wanted : [ids[0]!.length - 1];
    const { outputs, next } = await runPiece(model, ids, cache, rows);
    cache = next;
    const row = (of: Tensor, k: number, r: number) => {
      const width = of.dims[2]!;
      return of.data.subarray((k * rows.length + r) * width, (k * rows.length + r + 1) * width);
    };
    for (const [r, i] of wanted.entries()) {
      visit(first + start + i, {
        logits: batch.map((_, k) => row(outputs.logits, k, r)),
        hidden: batch.map((_, k) => row(outputs.hidden, k, r)),
      });
    }
  }
  return cache;
}

async function runPiece(
  { parts }: LoadedLanguageModel,
  ids: readonly (readonly number[])[],
  cache: Cache,
  rows: readonly number[],
): Promise<{ outputs: { logits: Tensor; hidden: Tensor }; next: Cache }> {
  const length = ids[0]!.length;
  const tensors: Record<string, Tensor> = {};
  let states: Feed = integers(ids.flat(), [ids.length, length]);
  let last: Record<string, Tensor> = {};
  for (const { range, session } of parts) {
    const feeds: Record<string, Feed> = { mask: causalMask(length, cache.length) };
    feeds[range.from === 0 ? 'ids' : 'states'] = states;
    if (range.from === 0)
      feeds.positions = integers(
        ids[0]!.map((_, i) => cache.length + i),
        [length],
      );
    if (range === parts.at(-1)!.range) feeds.rows = integers(rows, [rows.length]);
    const layers = Array.from({ length: range.to - range.from }, (_, i) => cacheNames(range.from + i));
    for (const { past } of layers) for (const name of past) feeds[name] = cache.tensors[name]!;
    last = await session.run(feeds);
    for (const { past, present } of layers) past.forEach((name, i) => (tensors[name] = last[present[i]!]!));
    if (last.states_out) states = last.states_out;
  }
  return {
    outputs: { logits: last.logits!, hidden: last.hidden! },
    next: { length: cache.length + length, tensors },
  };
}

function integers(values: readonly number[], dims: readonly number[]): Feed {
  return { data: BigInt64Array.from(values, BigInt), dims };
}

/** [length, past + length]: every token sees those before it and itself. */
function causalMask(length: number, past: number): Tensor {
  const total = past + length;
  const mask = new Float32Array(length * total);
  for (let i = 0; i < length; i++) mask.fill(hiddenFromAttention, i * total + past + i + 1, (i + 1) * total);
  return tensor(mask, [length, total]);
}
