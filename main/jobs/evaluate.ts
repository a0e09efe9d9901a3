// An evaluation as a job: models opened, measured, released; the result in a folder of its own, whole or not at all.
import { dirname } from 'node:path';
import type { JobOutput, JobProgress } from '../contract/jobs.ts';
import { loadModel, type LoadedModel } from '../engine/model.ts';
import { openDataset } from '../evaluation/datasets/datasets.ts';
import { defaultBootstrap } from '../evaluation/metrics/bootstrap.ts';
import {
  evaluate,
  planModel,
  type EvaluationEvent,
  type EvaluationPlan,
  type PlannedModel,
} from '../evaluation/run/evaluate.ts';
import type { CheckedJob, RunningJob } from './jobs.ts';
import { Pace } from './pace.ts';
import { writeResult } from '../evaluation/store/results.ts';
import { noteRequest, removeRequest } from '../evaluation/store/unfinished.ts';

/**
 * Notes what is asked for, measures, writes, and removes request and journals only when the result is on disk.
 * @throws DermOrbitError of data sets, models, measuring and writing; CANCELLED keeps what was measured
 */
export async function runEvaluation(
  input: CheckedJob<'evaluate'>,
  { store, signal, onEvent }: RunningJob<'evaluate'>,
): Promise<JobOutput<'evaluate'>> {
  const { request, folder, ...task } = input;
  const { source, choices, options, provider } = task;
  const tell = (stage: JobProgress['stage'], detail: string | null, done: number, total: number) => {
    onEvent({ stage, detail, done, total, secondsLeft: null });
  };
  const ids = [...new Set(input.models)];
  tell('opening', null, 0, ids.length);
  const set = await openDataset(source, signal);
  const models: LoadedModel[] = [];
  try {
    for (const [place, id] of ids.entries()) {
      tell('opening', id, place, ids.length);
      const found = await store.find(id);
      signal?.throwIfAborted();
      models.push(await loadModel(found, provider));
    }
    const planned = models.map((model) => planModel(model, set, choices, options.limit ?? undefined));
    const plan: EvaluationPlan = {
      source,
      models: planned,
      views: {
        turned: options.turned,
        angles: anglesOf(options.angleStep),
        seed: options.seed,
        checkedImages: options.checkedImages,
      },
      bootstrap: { ...defaultBootstrap, resamples: options.resamples },
    };
    const finished = await evaluate(plan, {
      folder: dirname(request),
      signal,
      onJournal: (journal) => noteRequest(request, task, journal),
      onEvent: follow(planned, onEvent),
    });
    tell('writing', null, 0, 1);
    await writeResult(folder, finished);
    await removeRequest(request);
    return { evaluation: finished.evaluation, failedImages: finished.failedImages };
  } finally {
    await Promise.all(models.map((model) => model.release()));
  }
}

function anglesOf(step: number | null): number[] {
  if (step === null) return [];
  return Array.from({ length: Math.ceil(360 / step - 1e-9) }, (_, place) => place * step);
}

/** Images are counted over all models, so that the bar runs once; the rows of statistics likewise. */
function follow(
  planned: readonly PlannedModel[],
  onEvent: (event: JobProgress) => void,
): (event: EvaluationEvent) => void {
  const paces = { image: new Pace(), statistics: new Pace() };
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
