// Training as the page asks for it: what it would take, starting it, and the runs of the data folder, which go on where
// they ended.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { jobRequests, Job } from '../../contract/application-jobs.ts';
import type { CheckedInputOf } from '../../contract/operations.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { Recipe, TrainTask } from '../../contract/jobs.ts';
import type { Outlook, RunChanges } from '../../contract/training-runs.ts';
import { listRuns, readPace, readRun, readTask } from '../../training/run/read-run.ts';
import type { Handlers } from '../../rpc/dispatch.ts';
import type { JobContext } from './context.ts';
import type { JobHandle } from '../board.ts';
import { roundsTime } from '../pace-of-runs.ts';

type TrainingRequest =
  'outlook' | 'startTraining' | 'resumeTraining' | 'trainingRuns' | 'trainingRun' | 'removeRun';

const runsFolder = ({ folders }: JobContext) => join(folders.data, 'runs');
const runFolder = (context: JobContext, id: string) => join(runsFolder(context), id);

export const trainingHandlers: Handlers<typeof jobRequests, JobContext, TrainingRequest> = {
  outlook: async (context, { recipe, data }, { signal }): Promise<Outlook> => {
    const input = { recipe, data: sourcesOf(context, data) };
    const found = await context.jobs.api.call('outlook', input, { signal });
    const images = found.training.reduce((sum, count) => sum + count, 0);
    return { ...found, time: await timeOf(context, recipe, images) };
  },
  startTraining: (context, { data, ...rest }) =>
    Promise.resolve(start(context, { ...rest, data: sourcesOf(context, data) }, rest.out, false)),
  resumeTraining: async (context, { run, changes }) => {
    const task = await readTask(runFolder(context, run));
    return start(context, { ...task, recipe: changedRecipe(task.recipe, changes) }, run, true);
  },
  trainingRuns: (context) => listRuns(runsFolder(context)),
  trainingRun: (context, { run }) => readRun(runFolder(context, run)),
  removeRun: async (context, { run }) => {
    const { board } = context.jobs;
    const atWork = board.jobs().some(({ runId, state }) => runId === run && state === 'running');
    if (atWork) throw new DermOrbitError('JOB_RUNNING', `${run} is at work.`);
    try {
      await rm(runFolder(context, run), { recursive: true, force: true });
    } catch (thrown) {
      throw new DermOrbitError('WRITE_FAILED', `The run ${run} cannot be removed.`, { cause: thrown });
    }
    context.notify({ kind: 'runsChanged' });
    return {};
  },
};

function sourcesOf(
  { data: references }: JobContext,
  choice: CheckedInputOf<typeof jobRequests, 'outlook'>['data'],
): TrainTask['data'] {
  const { training, validation, ...rest } = choice;
  return {
    ...rest,
    training: references.sourceOf(training),
    validation: validation && references.sourceOf(validation),
  };
}

function start(context: JobContext, task: TrainTask, id: string, resume: boolean): Job {
  const { jobs } = context;
  const run = async ({ signal, training: onEvent }: JobHandle, attempt: number): Promise<string> => {
    const input = { task, run: runFolder(context, id), resume: resume || attempt > 0 };
    const { model } = await jobs.api.call('train', input, { signal, onEvent });
    context.notify({ kind: 'modelsChanged' });
    return model;
  };
  return jobs.board.start({ kind: 'train', title: id, runId: id, run });
}

function changedRecipe(recipe: Recipe, changes: RunChanges): Recipe {
  // The fields that may change are those of every kind, which the type checker cannot follow through the spread.
  return { ...recipe, config: { ...recipe.config, ...changes } } as Recipe;
}

/** The latest run that did the same kind of steps tells how long they take here. */
async function timeOf(context: JobContext, recipe: Recipe, images: number): Promise<Outlook['time']> {
  for (const { id, round } of await listRuns(runsFolder(context))) {
    if (round === 0) continue;
    const before = await readPace(runFolder(context, id));
    const seconds = before?.meta ? roundsTime(recipe, images, before.recipe, before.meta.history) : null;
    if (seconds !== null) return { seconds, run: id };
  }
  return null;
}
