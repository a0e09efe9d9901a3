// Pre-finetuning of lambda-EquiLM: the language model is frozen and read once, the small net learns on what was read.
// What is minimised is the cross entropy of the next token of a text under the combined logits.
import { adamW } from '../../autodiff/optimizers.ts';
import { trainingGraph } from '../../autodiff/training-graph.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { openSession, type Feed, type RuntimeSession } from '../../engine/runtime.ts';
import { below, seededRandom } from '../../evaluation/metrics/random.ts';
import { encodeModel } from '../../onnx/codec.ts';
import { bindDimensions } from '../../onnx/shapes.ts';
import { softmax } from '../../equivariance/logits.ts';
import { logProbability } from '../distribution.ts';
import type { OrbitReading } from '../methods.ts';
import { readSequences, type LoadedLanguageModel } from '../model.ts';
import { combineLogits, isMoved, orbitOfTokens, type TokenGroup } from '../token-group.ts';
import { exchanged, lambdaGraph, lambdaParameters } from './graph.ts';
import { lambdaNet, type LambdaNet, type LambdaWeights } from './net.ts';

export interface LambdaTraining {
  /** Units between the two layers. */
  readonly hidden: number;
  readonly rounds: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onRound?: ((round: LambdaRound) => void) | undefined;
}

/** Cross entropies in nats per token. */
export interface LambdaRound {
  readonly round: number;
  readonly training: number;
  readonly validation: number;
}

export interface LambdaResult {
  readonly net: LambdaNet;
  /** Positions that were learned from, and that the rounds were compared on. */
  readonly positions: { readonly training: number; readonly validation: number };
  /** Of the plain model, of equal weights (EquiLM), and of the net that is kept, on the positions for comparison. */
  readonly validation: { readonly plain: number; readonly equal: number; readonly lambda: number };
  /** The round that is kept; 0 is the net before any step. */
  readonly bestRound: number;
  readonly rounds: readonly LambdaRound[];
}

/** A position of the text: what the model said of the orbit there, and the token that came. */
interface Example {
  /** [d, W] */
  readonly hidden: Float32Array;
  /** b_k, [d, V] */
  readonly turned: Float32Array;
  readonly plain: Float32Array;
  readonly next: number;
}

/** Numbers of cached readings in single precision, 1 GB: more text is drawn from. */
const largestCache = 2 ** 28;
/** Tokens of a window of the text. */
const longestWindow = 256;
/** Of the windows, so that no window is in both. */
const validationShare = 0.2;

/**
 * Trains a lambda net. Only positions behind an equality word are learned from: elsewhere the elements agree.
 * @param ids of the text
 * @throws DermOrbitError LANGUAGE_TEXT_SHORT if too few positions are left, CANCELLED
 */
export async function trainLambda(
  model: LoadedLanguageModel,
  tokens: TokenGroup,
  ids: readonly number[],
  training: LambdaTraining,
): Promise<LambdaResult> {
  const { width, vocabulary } = model.manifest.architecture;
  const { order } = tokens.group;
  const { learn, compare } = await readExamples(model, tokens, ids, training);
  if (learn.length < training.batch || compare.length === 0) {
    throw new DermOrbitError(
      'LANGUAGE_TEXT_SHORT',
      `The text gives ${learn.length} positions to learn from and ${compare.length} to compare on; ${training.batch} and one are needed behind equality words.`,
    );
  }
  let weights = startingWeights(width, training);
  const start = crossEntropy(compare, tokens, lambdaNet(weights));
  let best = { weights, round: 0, validation: start };
  const rounds: LambdaRound[] = [];
  const { model: graph, state: specs } = trainingGraph({
    forward: bindDimensions(lambdaGraph(weights, order, vocabulary), { batch: training.batch }),
    loss: { kind: 'updated', logits: 'logits', target: 'labels' },
    parameters: lambdaParameters.map((name) => ({ name })),
    optimizer: adamW(),
  });
  const session = await openSession(encodeModel(graph), 'cpu', { optimization: 'extended' });
  try {
    let state = new Map<string, Tensor>(
      specs.map(({ name, dims, initial }) => [name, { data: initial(), dims }]),
    );
    const random = seededRandom(training.seed);
    for (let round = 1; round <= training.rounds; round++) {
      const mixed = shuffled(learn, random);
      let sum = 0;
      const steps = Math.floor(mixed.length / training.batch);
      for (let step = 0; step < steps; step++) {
        training.signal?.throwIfAborted();
        const examples = mixed.slice(step * training.batch, (step + 1) * training.batch);
        const outputs = await runStep(
          session,
          examples,
          state,
          { order, width, vocabulary },
          training.learningRate,
        );
        sum += outputs.loss!.data[0]!;
        state = new Map(specs.map(({ name, next }) => [name, outputs[next]!]));
      }
      weights = weightsOf(state, width, training.hidden);
      const validation = crossEntropy(compare, tokens, lambdaNet(weights));
      rounds.push({ round, training: sum / steps, validation });
      training.onRound?.(rounds.at(-1)!);
      if (validation < best.validation) best = { weights, round, validation };
    }
  } finally {
    await session.release();
  }
  return {
    net: lambdaNet(best.weights),
    positions: { training: learn.length, validation: compare.length },
    validation: {
      plain: mean(compare.map(({ plain, next }) => -logProbability(plain, next))),
      equal: crossEntropy(compare, tokens, null),
      lambda: best.validation,
    },
    bestRound: best.round,
    rounds,
  };
}

async function readExamples(
  model: LoadedLanguageModel,
  tokens: TokenGroup,
  ids: readonly number[],
  { seed, signal }: LambdaTraining,
): Promise<{ learn: Example[]; compare: Example[] }> {
  const { positions, vocabulary, width } = model.manifest.architecture;
  const length = Math.min(positions, longestWindow);
  const starts = Array.from({ length: Math.ceil((ids.length - 1) / length) }, (_, i) => i * length);
  const firstMoved = (window: readonly number[]) =>
    window.slice(0, -1).findIndex((id) => isMoved(tokens, [id]));
  const windows = shuffled(starts, seededRandom(seed))
    .map((start) => ids.slice(start, start + length + 1))
    .filter((window) => firstMoved(window) >= 0);
  const room = Math.floor(largestCache / (tokens.group.order * (vocabulary + width) + vocabulary));
  const [learn, compare]: [Example[], Example[]] = [[], []];
  const compared = Math.max(1, Math.round(validationShare * windows.length));
  for (const [at, window] of windows.entries()) {
    signal?.throwIfAborted();
    if (learn.length + compare.length >= room) break;
    // A text of one window is divided inside of it.
    const split =
      windows.length > 1 ? (at < compared ? 0 : window.length) : (1 - validationShare) * window.length;
    const batch = orbitOfTokens(tokens, window.slice(0, -1));
    await readSequences(model, batch, null, firstMoved(window), (position, reading) => {
      if (learn.length + compare.length >= room) return;
      const example = exampleOf(tokens, reading, window[position + 1]!);
      (position >= split ? compare : learn).push(example);
    });
  }
  return { learn, compare };
}

function exampleOf(tokens: TokenGroup, { logits, hidden }: OrbitReading, next: number): Example {
  const { vocabulary, powers, moved } = tokens;
  const turned = new Float32Array(logits.length * vocabulary);
  const states = new Float32Array(hidden.length * hidden[0]!.length);
  for (const [k, row] of logits.entries()) {
    turned.set(row, k * vocabulary);
    for (const u of moved) turned[k * vocabulary + u] = row[powers[k]![u]!]!;
    states.set(hidden[k]!, k * hidden[k]!.length);
  }
  return { hidden: states, turned, plain: logits[0]!.slice(), next };
}

/** Mean cross entropy of the combined logits; null weighs all elements alike. */
function crossEntropy(examples: readonly Example[], tokens: TokenGroup, net: LambdaNet | null): number {
  const { order } = tokens.group;
  // Rows are read back already.
  const turnedBack: TokenGroup = { ...tokens, moved: [] };
  return mean(
    examples.map(({ hidden, turned, next }) => {
      const width = hidden.length / order;
      const rows = Array.from({ length: order }, (_, k) =>
        turned.subarray(k * tokens.vocabulary, (k + 1) * tokens.vocabulary),
      );
      const weights = net
        ? softmax(rows.map((_, k) => net.value(hidden.subarray(k * width, (k + 1) * width))))
        : rows.map(() => 1 / order);
      return -logProbability(combineLogits(turnedBack, rows, weights), next);
    }),
  );
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** As PyTorch's Linear begins: uniform within 1 / sqrt(inputs). */
function startingWeights(width: number, { hidden, seed }: LambdaTraining): LambdaWeights {
  const random = seededRandom(seed);
  const uniform = (length: number, inputs: number) =>
    Float32Array.from({ length }, () => ((random() / 2 ** 32) * 2 - 1) / Math.sqrt(inputs));
  return {
    width,
    hidden,
    first: uniform(hidden * width, width),
    firstBias: uniform(hidden, width),
    second: uniform(hidden, hidden),
    secondBias: uniform(1, hidden),
  };
}

function weightsOf(state: ReadonlyMap<string, Tensor>, width: number, hidden: number): LambdaWeights {
  const [w1, b1, w2, b2] = lambdaParameters.map((name) => state.get(name)!.data.slice());
  return {
    width,
    hidden,
    first: exchanged(w1!, width, hidden),
    firstBias: b1!,
    second: w2!,
    secondBias: b2!,
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

async function runStep(
  session: RuntimeSession,
  examples: readonly Example[],
  state: ReadonlyMap<string, Tensor>,
  { order, width, vocabulary }: { order: number; width: number; vocabulary: number },
  learningRate: number,
): Promise<Record<string, Tensor>> {
  const batch = examples.length;
  const hidden = new Float32Array(batch * order * width);
  const turned = new Float32Array(batch * order * vocabulary);
  examples.forEach((example, row) => {
    hidden.set(example.hidden, row * example.hidden.length);
    turned.set(example.turned, row * example.turned.length);
  });
  const feeds: Record<string, Feed> = {
    hidden: { data: hidden, dims: [batch, order, width] },
    turned: { data: turned, dims: [batch, order, vocabulary] },
    labels: { data: BigInt64Array.from(examples, ({ next }) => BigInt(next)), dims: [batch] },
    learning_rate: { data: Float32Array.of(learningRate), dims: [] },
  };
  for (const [name, tensor] of state) feeds[name] = tensor;
  return session.run(feeds);
}
