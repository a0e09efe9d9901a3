// Asking a model by a method: what comes next, how probable a continuation is, what is written behind a prompt. The
// elements of an orbit are one batch; a token that is chosen is moved by g^k for the k-th of them.
import { DermOrbitError } from '../contract/errors.ts';
import type {
  GeneratedText,
  NextAnswer,
  ScoreAnswer,
  ScoredContinuation,
  StopReason,
} from '../contract/language.ts';
import { drawToken, logProbability, logSumExp, topIds, type SamplingOptions } from './distribution.ts';
import {
  combineReading,
  languageMethods,
  type Combined,
  type MethodOptions,
  type OrbitReading,
} from './methods.ts';
import { readSequences, type Cache, type LoadedLanguageModel } from './model.ts';
import { actOnTokens, orbitOfTokens, type TokenGroup } from './token-group.ts';

/** A model with the way it is asked. */
export interface Asking {
  readonly model: LoadedLanguageModel;
  /** Null for the plain method only. */
  readonly tokens: TokenGroup | null;
  readonly options: MethodOptions;
  /** Equizero: the element is chosen anew at every token, or once by the context, for the whole continuation. */
  readonly choose: 'token' | 'context';
}

/**
 * The ids of a prompt.
 * @throws DermOrbitError PROMPT_EMPTY, PROMPT_TOO_LONG
 */
export function promptIds({ tokenizer, manifest }: LoadedLanguageModel, prompt: string): number[] {
  const ids = tokenizer.encode(prompt);
  requirePrompt(ids, manifest.architecture.positions);
  return ids;
}

/** @throws DermOrbitError PROMPT_EMPTY, PROMPT_TOO_LONG */
export function requirePrompt(ids: readonly number[], positions: number): void {
  if (ids.length === 0)
    throw new DermOrbitError('PROMPT_EMPTY', 'An empty prompt has no prefix to go on from.');
  if (ids.length > positions) {
    const message = `The prompt has ${ids.length} tokens; the model has ${positions} positions.`;
    throw new DermOrbitError('PROMPT_TOO_LONG', message);
  }
}

/** The sequences that the method reads for one: its orbit, or itself alone. */
function batchOf({ tokens, options }: Asking, ids: readonly number[]): readonly (readonly number[])[] {
  return tokens && languageMethods[options.method].readsOrbit ? orbitOfTokens(tokens, ids) : [ids];
}

/** A text that has been read, and what the method says behind it. */
interface ReadText {
  readonly cache: Cache;
  readonly last: OrbitReading;
}

async function readPrefix(asking: Asking, ids: readonly number[]): Promise<ReadText> {
  let last: OrbitReading | null = null;
  const cache = await readSequences(
    asking.model,
    batchOf(asking, ids),
    null,
    ids.length - 1,
    (_, reading) => {
      last = reading;
    },
  );
  return { cache, last: last! };
}

const combine = ({ tokens, options }: Asking, reading: OrbitReading, kept: readonly number[] | null = null) =>
  combineReading(tokens, reading, options, kept);

/** Weights that the context fixes for what follows; null where each token has its own. */
function keptWeights(asking: Asking, reading: OrbitReading): readonly number[] | null {
  const fixed = asking.choose === 'context' && languageMethods[asking.options.method].chooses;
  return fixed ? combine(asking, reading).weights : null;
}

/**
 * The method's logits behind every position of a text from `from` on.
 * @param visit called in order
 */
export async function readLogits(
  asking: Asking,
  ids: readonly number[],
  from: number,
  visit: (position: number, combined: Combined) => void,
): Promise<void> {
  await readSequences(asking.model, batchOf(asking, ids), null, from, (position, reading) => {
    visit(position, combine(asking, reading));
  });
}

/** The method's logits behind a prefix. */
export async function nextLogits(asking: Asking, ids: readonly number[]): Promise<Combined> {
  return combine(asking, (await readPrefix(asking, ids)).last);
}

/** The `top` likeliest tokens behind a prefix. */
export async function nextTokens(asking: Asking, ids: readonly number[], top: number): Promise<NextAnswer> {
  const { logits, weights, element } = await nextLogits(asking, ids);
  const total = logSumExp(logits);
  return {
    tokens: topIds(logits, top).map((id) => ({
      id,
      text: asking.model.tokenizer.decode([id]),
      logit: logits[id]!,
      probability: Math.exp(logits[id]! - total),
    })),
    ...(element === null ? {} : { element }),
    ...(weights === null ? {} : { weights }),
  };
}

/** A reader of log P(. | X1) that reads X1 once. */
async function scorerBehind(
  asking: Asking,
  prefix: readonly number[],
): Promise<(continuation: readonly number[]) => Promise<number>> {
  const { cache, last } = await readPrefix(asking, prefix);
  const kept = keptWeights(asking, last);
  return async (continuation) => {
    const [first, ...rest] = continuation;
    let sum = logProbability(combine(asking, last, kept).logits, first!);
    // The last token is never read: nothing is asked behind it.
    const read = continuation.slice(0, -1);
    if (read.length > 0) {
      await readSequences(asking.model, batchOf(asking, read), cache, prefix.length, (position, reading) => {
        sum += logProbability(combine(asking, reading, kept).logits, rest[position - prefix.length]!);
      });
    }
    return sum;
  };
}

/**
 * log P(X2 | X1) of continuations; with `orbit` also those of every g-image, each by runs of its own, and the gaps.
 * @param prefix ids of X1
 * @param continuations texts with their ids, none empty
 * @param over the group whose images are measured; null for none
 * @throws DermOrbitError PROMPT_TOO_LONG if a continuation does not fit the positions
 */
export async function scoreContinuations(
  asking: Asking,
  prefix: readonly number[],
  continuations: readonly { readonly text: string; readonly ids: readonly number[] }[],
  over: TokenGroup | null,
): Promise<ScoreAnswer> {
  const powers = over ? over.powers.map((_, k) => k) : [0];
  const rows: number[][] = continuations.map(() => []);
  for (const k of powers) {
    const move = (ids: readonly number[]) => (over ? actOnTokens(over, k, ids) : ids);
    const score = await scorerBehind(asking, move(prefix));
    for (const [at, { ids }] of continuations.entries()) rows[at]!.push(await score(move(ids)));
  }
  const scored: ScoredContinuation[] = continuations.map(({ text }, at) => {
    const [plain, ...others] = rows[at] as [number, ...number[]];
    if (!over) return { text, logProbability: plain };
    const gap = Math.max(...others.map((other) => Math.abs(other - plain)));
    return { text, logProbability: plain, orbit: rows[at]!, gap };
  });
  if (!over) return { continuations: scored };
  return { continuations: scored, gap: Math.max(...scored.map(({ gap }) => gap ?? 0)) };
}

export interface GenerationOptions extends SamplingOptions {
  /** Tokens at most. */
  readonly length: number;
  /** Ends the text at a line break, which is not part of it (the papers' protocol). */
  readonly stopAtNewline?: boolean;
  /** Ends the text at the end-of-text token, which is not part of it. */
  readonly stopAtEnd?: boolean;
  /** Uniform numbers in [0, 1); greedy generation asks for none. */
  readonly random: () => number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A writer behind a prompt, which reads the prompt once.
 * @throws DermOrbitError PROMPT_FILLS_POSITIONS if no position is left
 */
export async function writerBehind(
  asking: Asking,
  prompt: readonly number[],
): Promise<(options: GenerationOptions) => Promise<GeneratedText>> {
  const { positions } = asking.model.manifest.architecture;
  if (prompt.length >= positions) {
    const message = `The prompt fills all ${positions} positions of the model.`;
    throw new DermOrbitError('PROMPT_FILLS_POSITIONS', message);
  }
  const read = await readPrefix(asking, prompt);
  return (options) => write(asking, read, positions - prompt.length, options);
}

/** Writes on behind a prompt. @throws DermOrbitError PROMPT_FILLS_POSITIONS, CANCELLED */
export async function generateText(
  asking: Asking,
  prompt: readonly number[],
  options: GenerationOptions,
): Promise<GeneratedText> {
  const writer = await writerBehind(asking, prompt);
  return writer(options);
}

/** @param room positions that are left */
async function write(
  asking: Asking,
  read: ReadText,
  room: number,
  options: GenerationOptions,
): Promise<GeneratedText> {
  const { tokenizer } = asking.model;
  const kept = keptWeights(asking, read.last);
  const longest = Math.min(options.length, room);
  let { cache, last } = read;
  const ids: number[] = [];
  const elements: number[] = [];
  const end = (stopped: StopReason): GeneratedText => ({
    ids,
    text: tokenizer.decode(ids),
    stopped,
    ...(elements.length === ids.length && ids.length > 0 ? { elements } : {}),
  });
  while (ids.length < longest) {
    options.signal?.throwIfAborted();
    const { logits, element } = combine(asking, last, kept);
    const id = drawToken(logits, options, options.temperature === 0 ? 0 : options.random());
    if (options.stopAtEnd && id === tokenizer.endToken) return end('end');
    if (options.stopAtNewline && tokenizer.bytesOf(id).includes(newline)) return end('newline');
    ids.push(id);
    if (element !== null) elements.push(element);
    // Nothing is asked behind the last one.
    if (ids.length === longest) break;
    cache = await readSequences(asking.model, batchOf(asking, [id]), cache, 0, (_, reading) => {
      last = reading;
    });
  }
  return end(longest < options.length ? 'positions' : 'length');
}

const newline = 0x0a;
