// The rounds of a run: steps over batches, validation, checkpoint; again until the last round, until nothing gets better,
// or until somebody stops it. A round is resumed exactly where its checkpoint was written.
import { isBetter } from '../contract/better-round.ts';
import { Pace } from '../base/pace.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { TrainingEvent } from '../contract/training-events.ts';
import type { RoundFigures, RoundsConfig } from '../contract/training.ts';
import type { Random } from '../evaluation/metrics/random.ts';
import type { TrainingCheckpoint } from './checkpoint.ts';
import { drawRound } from './data/sampling.ts';
import { randomFor } from './random.ts';
import { learningRateAt } from './schedule.ts';
import type { Part, State, Stepper } from './step.ts';
import type { Answers } from './validate.ts';

export interface RoundsSpec {
  readonly config: RoundsConfig;
  /** The last round to run now; that of the configuration where absent. */
  readonly until?: number;
  /** The first round whose weights may be the best; 1 where absent. */
  readonly comparableFrom?: number;
  readonly identity: string;
  readonly stepper: Stepper;
  /** Classes of the training images. */
  readonly labels: readonly number[];
  /** The parts of a batch of training images; everything random is drawn when this is called. */
  readonly parts: (batch: readonly number[], random: Random) => (() => Promise<Part>)[];
  /** What these weights answer on the validation images. */
  readonly validate: (weights: State, signal: AbortSignal | undefined) => Promise<Answers>;
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
  const pace = new Pace().begin();
  while (checkpoint.round < (spec.until ?? config.rounds)) {
    const patience = exhausted(checkpoint, config.patience);
    if (patience !== null) {
      onEvent?.({ kind: 'stopped-early', round: checkpoint.round, patience });
      break;
    }
    checkpoint = await runRound(spec, checkpoint, pace);
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
  pace: Pace,
): Promise<TrainingCheckpoint> {
  const { config, identity, stepper, onEvent, signal } = spec;
  const round = before.round + 1;
  const start = performance.now();
  const random = randomFor(config.seed, 'round', round);
  const drawn = drawRound(random, spec.labels, config.balance, config.iterations * config.batch);
  let [lossSum, normSum] = [0, 0];
  for (let iteration = 0; iteration < config.iterations; iteration++) {
    signal?.throwIfAborted();
    const step = before.round * config.iterations + iteration;
    const batch = drawn.slice(iteration * config.batch, (iteration + 1) * config.batch);
    const { loss, gradientNorm } = await stepper.step(
      spec.parts(batch, random),
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
      // A pace that was begun has something to compare with from the first step on.
      secondsLeft: pace.step(config.rounds * config.iterations - step - 1)!,
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
  const best = round >= (spec.comparableFrom ?? 1) && isBest(figures, before);
  const checkpoint: TrainingCheckpoint = {
    identity,
    round,
    history: [...before.history, figures],
    best: best ? round : before.best,
    state: stepper.state,
    bestWeights: best ? stepper.weights() : before.bestWeights,
  };
  await spec.save(checkpoint);
  onEvent?.({ kind: 'round', figures, best });
  return checkpoint;
}

/** @throws DermOrbitError TRAINING_DIVERGED if an answer is no number */
async function validate(spec: RoundsSpec, lastGood: number): Promise<Answers> {
  const answers = await spec.validate(spec.stepper.weights(), spec.signal);
  if (answers.finite) return answers;
  throw diverged('An answer on the validation images is not a number', lastGood);
}

function diverged(what: string, lastGood: number): DermOrbitError {
  const kept = lastGood === 0 ? 'the initial state' : `the state after round ${lastGood}`;
  return new DermOrbitError('TRAINING_DIVERGED', `${what}; ${kept} was kept.`);
}

function validationFigures({ loss, balancedAccuracy, top1, meanWeights, weightHistogram }: Answers) {
  return { validationLoss: loss, balancedAccuracy, top1, meanWeights: [...meanWeights], weightHistogram };
}

/** Whether a round is the best so far. */
function isBest(figures: RoundFigures, { best, history }: TrainingCheckpoint): boolean {
  const known = history.find(({ round }) => round === best);
  return known === undefined || isBetter(figures, known);
}

/** The patience, if it is exhausted. */
function exhausted({ best, round }: TrainingCheckpoint, patience: number | null): number | null {
  return patience !== null && best !== null && round - best >= patience ? patience : null;
}
