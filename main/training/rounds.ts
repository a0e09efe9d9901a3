// The rounds of a run: steps over cached orbits, validation, checkpoint; again until the last round, until nothing gets
// better, or until somebody stops it. A round is resumed exactly where its checkpoint was written.
import { DermOrbitError } from '../contract/errors.ts';
import type { PrefinetuneConfig, RoundFigures, TrainingEvent } from '../contract/training.ts';
import { below } from '../evaluation/metrics/random.ts';
import { batchDims, readBatch, type Turned } from './cache/batches.ts';
import type { TrainingCheckpoint } from './checkpoint.ts';
import { drawRound } from './data/sampling.ts';
import { dropoutLayers, dropoutMask } from './graphs/dropout.ts';
import { randomFor } from './random.ts';
import { learningRateAt } from './schedule.ts';
import type { Part, State, Stepper } from './step.ts';
import type { Answers, CachedSet, Validator } from './validate.ts';

export interface RoundsSpec {
  readonly config: PrefinetuneConfig;
  readonly identity: string;
  readonly parameters: readonly string[];
  readonly stepper: Stepper;
  readonly validator: Validator;
  readonly training: CachedSet;
  readonly validation: CachedSet;
  /** Images of one run of the training graph. */
  readonly part: number;
  /** Whether the network has dropout. */
  readonly dropout: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TrainingEvent) => void) | undefined;
  /** Keeps what a round ended with. */
  readonly save: (checkpoint: TrainingCheckpoint) => Promise<void>;
}

/**
 * Runs the rounds that are left.
 * @param from the checkpoint to go on from, or null
 * @returns the last checkpoint
 * @throws DermOrbitError TRAINING_DIVERGED naming the step (the last checkpoint stays), CANCELLED, and of the cache
 */
export async function runRounds(
  spec: RoundsSpec,
  from: TrainingCheckpoint | null,
): Promise<TrainingCheckpoint> {
  const { config, stepper, onEvent } = spec;
  if (from) stepper.restore(from.state);
  let checkpoint = from ?? (await begin(spec));
  const clock = new Clock(config);
  while (checkpoint.round < config.rounds) {
    const patience = exhausted(checkpoint, config.patience);
    if (patience !== null) {
      onEvent?.({ kind: 'stopped-early', round: checkpoint.round, patience });
      break;
    }
    checkpoint = await runRound(spec, checkpoint, clock);
  }
  return checkpoint;
}

/** Round 0: what the initial weights answer. It is shown, but never the best. */
async function begin(spec: RoundsSpec): Promise<TrainingCheckpoint> {
  const start = performance.now();
  const answers = await validate(spec, 0);
  const figures: RoundFigures = {
    round: 0,
    steps: 0,
    learningRate: null,
    loss: null,
    gradientNorm: null,
    ...validationFigures(answers),
    seconds: (performance.now() - start) / 1000,
  };
  const { identity, stepper, onEvent } = spec;
  const checkpoint = {
    identity,
    round: 0,
    history: [figures],
    best: null,
    state: stepper.state,
    bestWeights: new Map(),
  };
  await spec.save(checkpoint);
  onEvent?.({ kind: 'round', figures, best: false });
  return checkpoint;
}

async function runRound(
  spec: RoundsSpec,
  before: TrainingCheckpoint,
  clock: Clock,
): Promise<TrainingCheckpoint> {
  const { config, identity, stepper, onEvent, signal } = spec;
  const round = before.round + 1;
  const start = performance.now();
  const random = randomFor(config.seed, 'round', round);
  const labels = spec.training.images.map(({ label }) => label);
  const drawn = drawRound(random, labels, config.balance, config.iterations * config.batch);
  let [lossSum, normSum] = [0, 0];
  for (let iteration = 0; iteration < config.iterations; iteration++) {
    signal?.throwIfAborted();
    const step = before.round * config.iterations + iteration;
    const batch = drawn.slice(iteration * config.batch, (iteration + 1) * config.batch);
    const { loss, gradientNorm } = await stepper.step(
      partsOf(spec, batch, random),
      learningRateAt(config, step),
    );
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      const what = Number.isFinite(loss) ? `gradient's norm is ${gradientNorm}` : `loss is ${loss}`;
      throw diverged(
        `The ${what} at step ${step + 1} (round ${round}, iteration ${iteration + 1})`,
        before.round,
      );
    }
    lossSum += loss;
    normSum += gradientNorm;
    onEvent?.({
      kind: 'step',
      round,
      step: step + 1,
      steps: config.rounds * config.iterations,
      loss: lossSum / (iteration + 1),
      balancedAccuracy: before.history.at(-1)?.balancedAccuracy ?? null,
      secondsLeft: clock.secondsLeft(step + 1),
    });
  }
  const answers = await validate(spec, before.round);
  const figures: RoundFigures = {
    round,
    steps: round * config.iterations,
    learningRate: learningRateAt(config, round * config.iterations - 1),
    loss: lossSum / config.iterations,
    gradientNorm: normSum / config.iterations,
    ...validationFigures(answers),
    seconds: (performance.now() - start) / 1000,
  };
  const best = isBetter(figures, before);
  const checkpoint: TrainingCheckpoint = {
    identity,
    round,
    history: [...before.history, figures],
    best: best ? round : before.best,
    state: stepper.state,
    bestWeights: best ? weightsOf(spec) : before.bestWeights,
  };
  await spec.save(checkpoint);
  onEvent?.({ kind: 'round', figures, best });
  return checkpoint;
}

/** The parts of a batch, read when it is their turn; everything random is drawn now, in order. */
function partsOf(
  { config, training: { cache, images }, part, dropout }: RoundsSpec,
  batch: readonly number[],
  random: ReturnType<typeof randomFor>,
): (() => Promise<Part>)[] {
  const parts: (() => Promise<Part>)[] = [];
  const { orientations } = cache.key;
  for (let start = 0; start < batch.length; start += part) {
    const chosen = batch.slice(start, start + part).map((index) => images[index]!);
    const turned = chosen.map(({ sha256 }): Turned => {
      return { sha256, turn: config.turns ? below(random, orientations) : 0 };
    });
    const rows = chosen.length * orientations;
    const masks = dropout
      ? dropoutLayers.map(({ mask, units }) => [
          mask,
          { data: dropoutMask(random, rows * units, config.dropout), dims: [rows, units] },
        ])
      : [];
    parts.push(async () => ({
      feeds: {
        orbit: { data: await readBatch(cache, turned), dims: batchDims(cache, rows) },
        ...(Object.fromEntries(masks) as Part['feeds']),
      },
      labels: chosen.map(({ label }) => label),
    }));
  }
  return parts;
}

function weightsOf({ stepper, parameters }: RoundsSpec): State {
  return new Map(parameters.map((name) => [name, stepper.state.get(name)!]));
}

/** @throws DermOrbitError TRAINING_DIVERGED if an answer is no number */
async function validate(spec: RoundsSpec, lastGood: number): Promise<Answers> {
  const { validator, validation, signal } = spec;
  const weights = Object.fromEntries(weightsOf(spec));
  const answers = await validator.measure(validation, weights, undefined, signal);
  if (answers.finite) return answers;
  throw diverged('An answer on the validation images is not a number', lastGood);
}

function diverged(what: string, lastGood: number): DermOrbitError {
  const kept = lastGood === 0 ? 'the initial state' : `the state after round ${lastGood}`;
  return new DermOrbitError('TRAINING_DIVERGED', `${what}; ${kept} was kept.`);
}

function validationFigures({ loss, balancedAccuracy, top1, meanWeights }: Answers) {
  return { validationLoss: loss, balancedAccuracy, top1, meanWeights: [...meanWeights] };
}

/** Better balanced accuracy, or the same with a smaller validation loss. */
function isBetter(figures: RoundFigures, { best, history }: TrainingCheckpoint): boolean {
  const known = history.find(({ round }) => round === best);
  if (!known) return true;
  const gain = figures.balancedAccuracy - known.balancedAccuracy;
  return gain > 0 || (gain === 0 && figures.validationLoss < known.validationLoss);
}

/** The patience, if it is exhausted. */
function exhausted({ best, round }: TrainingCheckpoint, patience: number | null): number | null {
  return patience !== null && best !== null && round - best >= patience ? patience : null;
}

/** Time left, from the pace since the run was started or resumed. */
class Clock {
  readonly #start = performance.now();
  readonly #steps: number;
  #first: number | null = null;

  constructor({ rounds, iterations }: PrefinetuneConfig) {
    this.#steps = rounds * iterations;
  }

  secondsLeft(step: number): number {
    this.#first ??= step - 1;
    const pace = (performance.now() - this.#start) / (step - this.#first);
    return ((this.#steps - step) * pace) / 1000;
  }
}
