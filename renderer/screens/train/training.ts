// A training as it goes, from its events: how far it is, in words, and the figures of its rounds. Pure.
import { isBetter } from '../../../main/contract/better-round.ts';
import type { CacheSummary } from '../../../main/contract/caches.ts';
import type { TrainKind } from '../../../main/contract/training-fields.ts';
import type { GroupName } from '../../../main/groups/groups.ts';
import type { Method } from '../../../main/contract/settings.ts';
import type { SkippedImage, TrainingEvent } from '../../../main/contract/training-events.ts';
import type { RoundFigures, RunResult } from '../../../main/contract/training.ts';
import { share } from '../../../main/words/figures.ts';
import { count, groupTerms, methodTerms, orientationLabel } from '../../../main/words/words.ts';

export type TrainingStage = 'opening' | 'reading' | 'cache' | 'steps' | 'finishing' | 'measuring';

/** What is known of a training at work. */
export interface TrainingProgress {
  readonly stage: TrainingStage;
  /** Of this stage: images, or steps of all rounds. */
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number | null;
  /** The round at hand. */
  readonly round: number;
  /** The model that is measured. */
  readonly model: string | null;
  /** Mean loss of the round so far. */
  readonly loss: number | null;
  readonly figures: readonly RoundFigures[];
  readonly skipped: readonly SkippedImage[];
  readonly stoppedEarly: number | null;
  readonly result: Omit<RunResult, 'finished'> | null;
}

export const startOfTraining: TrainingProgress = {
  stage: 'opening',
  done: 0,
  total: 0,
  secondsLeft: null,
  round: 0,
  model: null,
  loss: null,
  figures: [],
  skipped: [],
  stoppedEarly: null,
  result: null,
};

/** What is known after one event more. */
export function afterEvent(before: TrainingProgress, event: TrainingEvent): TrainingProgress {
  switch (event.kind) {
    case 'data':
    case 'left-out':
      return { ...before, stage: 'opening' };
    case 'reading':
    case 'cache':
    case 'measuring': {
      const { kind: stage, done, total } = event;
      const model = event.kind === 'measuring' ? event.model : null;
      return { ...before, stage, done, total, model, secondsLeft: null };
    }
    case 'skipped':
      return { ...before, skipped: event.images };
    case 'step': {
      const { round, step, steps, loss, secondsLeft } = event;
      return { ...before, stage: 'steps', round, done: step, total: steps, loss, secondsLeft };
    }
    case 'round': {
      const { figures, round } = { figures: event.figures, round: event.figures.round };
      return { ...before, stage: 'steps', round, loss: null, figures: [...before.figures, figures] };
    }
    case 'stopped-early':
      return { ...before, stage: 'finishing', stoppedEarly: event.round };
    case 'done':
      return { ...before, stage: 'finishing', result: { model: event.model, results: [...event.results] } };
  }
}

/** How far a training is, in a few words. */
export function progressWords(progress: TrainingProgress, kind: TrainKind, rounds: number): string {
  const { stage, done, total, round, model } = progress;
  const of = `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`;
  switch (stage) {
    case 'opening':
      return 'Looking into the data';
    case 'reading':
      return `Reading images: ${of}`;
    case 'cache':
      return kind === 'prefinetune' ? `Computing orientations: ${of} images` : `Decoding: ${of} images`;
    case 'steps':
      return done === total && total > 0 ? 'Finishing the model' : `Round ${round} of ${rounds}, step ${of}`;
    case 'finishing':
      return 'Finishing the model';
    case 'measuring':
      return `Measuring ${model ?? ''}: ${of} images`;
  }
}

/** Rounds of the run folder and those that came since, each once. */
export function mergedFigures(
  before: readonly RoundFigures[],
  since: readonly RoundFigures[],
): readonly RoundFigures[] {
  const first = since[0]?.round ?? Infinity;
  return [...before.filter(({ round }) => round < first), ...since];
}

/** The best round: that with the best balanced accuracy, of equal ones that with the smaller validation loss. */
export function bestRound(figures: readonly RoundFigures[], from = 1): RoundFigures | null {
  return figures
    .filter(({ round }) => round >= from)
    .reduce<RoundFigures | null>((best, one) => (best === null || isBetter(one, best) ? one : best), null);
}

/** What is said after each round to those who do not see the curves. */
export function roundSentence(figures: readonly RoundFigures[], rounds: number, best: number | null): string {
  const last = figures.at(-1);
  if (last === undefined) return '';
  const accuracy = `balanced accuracy ${share(last.balancedAccuracy)}`;
  if (last.round === 0) return `Before training: ${accuracy}.`;
  return `Round ${last.round} of ${rounds}: ${accuracy}${last.round === best ? ', the best so far' : ''}.`;
}

export const kindTerms: Readonly<Record<TrainKind, { name: string; explanation: string }>> = {
  prefinetune: {
    name: 'Weight network',
    explanation:
      'The model stays as it is; a small network learns how much each orientation counts. The fastest.',
  },
  finetune: {
    name: 'Whole model',
    explanation:
      'Image tower, attention pool and class embeddings learn together, from a model that is there.',
  },
  scratch: {
    name: 'From scratch',
    explanation: 'A new model from random weights. Needs thousands of images and many hours.',
  },
};

/** What a run trains, in words: `λ-equitune, C4, from dermorbit-base`. */
export function runWords(run: {
  readonly kind: TrainKind;
  readonly method: string | null;
  readonly group: GroupName | null;
  readonly model: string | null;
}): string {
  const method =
    run.method === null ? null : (methodTerms[run.method as Method] as { name: string } | undefined);
  const group = run.method === 'vanilla' || run.group === null ? null : groupTerms[run.group].name;
  const from = run.model === null ? 'random weights' : `from ${run.model}`;
  return [kindTerms[run.kind].name, method?.name ?? null, group, from]
    .filter((part) => part !== null)
    .join(', ');
}

/** What a cache holds, in words: `Feature maps, C4, dermorbit-base`. */
export function cacheWords({ holds }: CacheSummary): string {
  if (holds === null) return 'Of another version';
  if (holds.content === 'pixels') return `Decoded pictures, ${holds.side} px`;
  const kept = holds.content === 'features' ? 'Feature maps' : 'Embeddings';
  return [kept, groupTerms[holds.group].name, holds.model].join(', ');
}

const turns = [0, 90, 180, 270];

/** The orientations of each group, in the order in which weights are listed. */
export const orientationLabels: Readonly<Record<GroupName, readonly string[]>> = {
  c1: [orientationLabel(0, false)],
  c2: [orientationLabel(0, false), orientationLabel(180, false)],
  c4: turns.map((turn) => orientationLabel(turn, false)),
  d1: [orientationLabel(0, false), orientationLabel(0, true)],
  d4: [false, true].flatMap((mirror) => turns.map((turn) => orientationLabel(turn, mirror))),
};

/** How long all rounds take, in words that promise no more than is known. */
export function duration(seconds: number): string {
  if (seconds < 90) return 'about a minute';
  if (seconds < 5400) return `about ${count(Math.round(seconds / 60), 'minute')}`;
  const halves = Math.round(seconds / 1800) / 2;
  if (halves < 48) return `about ${halves.toLocaleString('en')} hours`;
  return `about ${count(Math.round(seconds / 86_400), 'day')}`;
}
