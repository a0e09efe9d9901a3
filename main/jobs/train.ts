// Training as a job: a table of kinds, each loaded only when it is asked for.
import type { Recipe, TrainingOutlook, TrainTask } from '../contract/jobs.ts';
import type { TrainKind } from '../contract/training-fields.ts';
import type { ModelPackage } from '../engine/store/package.ts';
import type { CheckedJob, RunningJob } from './operation.ts';

type Running = RunningJob<'train'>;
/** What every kind is asked for, beside its recipe. */
type Common = Pick<TrainTask, 'data' | 'provider' | 'out'> & {
  readonly run: string;
  readonly resume: boolean;
  readonly cache: string | null;
};
type Runner<Kind extends TrainKind> = (
  recipe: Extract<Recipe, { kind: Kind }>,
  common: Common,
  running: Running,
) => Promise<ModelPackage>;

const runners: { readonly [Kind in TrainKind]: Runner<Kind> } = {
  prefinetune: async ({ model, config }, common, { store, signal, onEvent }) => {
    const { prefinetune } = await import('../training/prefinetune.ts');
    return prefinetune(store, { ...common, config, model: await store.find(model) }, { signal, onEvent });
  },
  finetune: async ({ model, config }, common, { store, signal, onEvent }) => {
    const { finetune } = await import('../training/finetune.ts');
    const classes = config.classEmbeddings === 'fresh' ? { classes: await classesOf(common, signal) } : {};
    return finetune(
      store,
      { ...common, ...classes, config, model: await store.find(model) },
      { signal, onEvent },
    );
  },
  scratch: async ({ config }, common, { store, signal, onEvent }) => {
    const { trainFromScratch } = await import('../training/scratch.ts');
    const classes = await classesOf(common, signal);
    return trainFromScratch(store, { ...common, config, classes }, { signal, onEvent });
  },
};

/** What the training images show, for models that have no classes yet. */
async function classesOf({ data }: Common, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const { openDataset } = await import('../evaluation/datasets/datasets.ts');
  return (await openDataset(data.training, signal)).classes;
}

/** @throws DermOrbitError as the kind of training does; CANCELLED leaves what was checkpointed for `resume` */
export async function runTraining(
  { task, run, resume, cache }: CheckedJob<'train'>,
  running: Running,
): Promise<{ model: string }> {
  const { recipe, ...common } = task;
  // Recipe and runner are of the same kind, which the type checker cannot follow through the lookup.
  const runner = runners[recipe.kind] as Runner<TrainKind>;
  const { manifest } = await runner(recipe, { ...common, run, resume, cache }, running);
  return { model: manifest.id };
}

/** @throws DermOrbitError of data sets, and MODEL_NOT_FOUND */
export async function foreseeTraining(
  { recipe, data }: CheckedJob<'outlook'>,
  { store, signal }: RunningJob<'outlook'>,
): Promise<TrainingOutlook> {
  const { trainingOutlook } = await import('../training/outlook.ts');
  const base = recipe.kind === 'scratch' ? null : await store.find(recipe.model);
  return trainingOutlook(recipe, data, base, signal);
}
