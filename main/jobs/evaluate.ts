// An evaluation from what was asked for to a result on disk: models opened, measured, released; the result in a folder of
// its own, whole or not at all. The command line calls it where it is, the app in the job process.
import { dirname } from 'node:path';
import { freeAngles } from '../contract/angles.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { EvaluateTask, JobOutput, JobProgress } from '../contract/jobs.ts';
import { Pace } from '../base/pace.ts';
import { loadModel, type LoadedModel } from '../engine/model.ts';
import type { ModelStore } from '../engine/store/store.ts';
import { openDataset } from '../evaluation/datasets/datasets.ts';
import { defaultBootstrap } from '../evaluation/metrics/bootstrap.ts';
import {
  evaluate,
  planModel,
  type EvaluationEvent,
  type EvaluationPlan,
  type FinishedEvaluation,
  type PlannedModel,
} from '../evaluation/run/evaluate.ts';
import type { CheckedJob, RunningJob } from './operation.ts';
import { writeResult } from '../evaluation/store/results.ts';
import { noteRequest, removeRequest } from '../evaluation/store/unfinished.ts';

/** Where an evaluation keeps what it has. */
export interface EvaluationPlaces {
  /** Folder of the journals: what was measured, by image. An evaluation that was interrupted goes on from there. */
  readonly journals: string;
  /**
   * A file that says what was asked for until everything is done, beside the journals, which are removed with it. Null:
   * nothing is noted, and the journals stay.
   */
  readonly request: string | null;
  /** A folder that does not exist yet: the result. */
  readonly folder: string;
}

/** How an evaluation is followed. */
export interface EvaluationWatch {
  readonly store: ModelStore;
  readonly signal?: AbortSignal | undefined;
  /** Before each model is opened, with its place. */
  readonly onOpening?: (model: string, place: number) => void;
  /** Once, before anything is measured. */
  readonly onPlanned?: (planned: readonly PlannedModel[]) => void;
  readonly onEvent?: (event: EvaluationEvent) => void;
  readonly onWriting?: () => void;
}

/**
 * Notes what is asked for, measures, writes, and removes request and journals only when the result is on disk.
 * @throws DermOrbitError OPTION_INVALID for two models of one id; those of data sets, models, measuring and writing;
 *   CANCELLED keeps what was measured
 */
export async function evaluateTask(
  task: EvaluateTask,
  { journals, request, folder }: EvaluationPlaces,
  { store, signal, onOpening, onPlanned, onEvent, onWriting }: EvaluationWatch,
): Promise<FinishedEvaluation> {
  const { source, choices, options, provider } = task;
  const set = await openDataset(source, signal);
  const models: LoadedModel[] = [];
  try {
    for (const [place, id] of [...new Set(task.models)].entries()) {
      onOpening?.(id, place);
      const found = await store.find(id);
      signal?.throwIfAborted();
      // Their ids name files of the result.
      if (models.some((model) => model.id === found.manifest.id)) {
        throw new DermOrbitError('OPTION_INVALID', `Two of the models have the id "${found.manifest.id}".`);
      }
      models.push(await loadModel(found, provider));
    }
    const planned = models.map((model) => planModel(model, set, choices, options.limit ?? undefined));
    onPlanned?.(planned);
    const plan: EvaluationPlan = {
      source,
      models: planned,
      views: {
        turned: options.turned,
        angles: options.angleStep === null ? [] : freeAngles(options.angleStep),
        seed: options.seed,
        checkedImages: options.checkedImages,
      },
      bootstrap: { ...defaultBootstrap, resamples: options.resamples },
    };
    const finished = await evaluate(plan, {
      folder: journals,
      signal,
      onJournal: request === null ? undefined : (journal) => noteRequest(request, task, journal),
      onEvent,
    });
    onWriting?.();
    await writeResult(folder, finished);
    if (request !== null) await removeRequest(request);
    return finished;
  } finally {
    await Promise.all(models.map((model) => model.release()));
  }
}

/** The evaluation as an operation of the job process. */
export async function runEvaluation(
  { request, folder, ...task }: CheckedJob<'evaluate'>,
  { store, signal, onEvent }: RunningJob<'evaluate'>,
): Promise<JobOutput<'evaluate'>> {
  const tell = (stage: JobProgress['stage'], detail: string | null, done: number, total: number) => {
    onEvent({ stage, detail, done, total, secondsLeft: null });
  };
  const count = new Set(task.models).size;
  tell('opening', null, 0, count);
  let told: (event: EvaluationEvent) => void = () => undefined;
  const { evaluation, failedImages } = await evaluateTask(
    task,
    { journals: dirname(request), request, folder },
    {
      store,
      signal,
      onOpening: (model, place) => {
        tell('opening', model, place, count);
      },
      onPlanned: (planned) => (told = follow(planned, onEvent)),
      onEvent: (event) => {
        told(event);
      },
      onWriting: () => {
        tell('writing', null, 0, 1);
      },
    },
  );
  return { evaluation, failedImages };
}

/** Steps whose pace counts: the first ones open models, and what is taken over from an earlier run takes no time. */
const window = 24;

/** Images are counted over all models, so that the bar runs once; the rows of statistics likewise. */
function follow(
  planned: readonly PlannedModel[],
  onEvent: (event: JobProgress) => void,
): (event: EvaluationEvent) => void {
  const paces = { image: new Pace({ window }), statistics: new Pace({ window }) };
  const stages = { image: 'measuring', statistics: 'statistics' } as const;
  const sizes = {
    image: planned.map(({ set }) => set.items.length),
    statistics: planned.map(({ rows }) => rows.length),
  };
  const sum = (numbers: readonly number[]) => numbers.reduce((total, size) => total + size, 0);
  return ({ kind, model, done }) => {
    const place = planned.findIndex((one) => one.model.id === model);
    const [before, total] = [sum(sizes[kind].slice(0, place)), sum(sizes[kind])];
    onEvent({
      stage: stages[kind],
      detail: planned.length > 1 ? model : null,
      done: before + done,
      total,
      secondsLeft: paces[kind].step(total - before - done),
    });
  };
}
