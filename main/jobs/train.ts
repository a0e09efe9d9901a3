// Training as a job: a table of kinds, each loaded only when it is asked for.
import type { Recipe, TrainingOutlook, TrainKind, TrainTask } from '../contract/jobs.ts';
import type { ModelPackage } from '../engine/store/package.ts';
import type { CheckedJob, RunningJob } from './operation.ts';

type Running = RunningJob<'train'>;
/** What every kind is asked for, beside its recipe. */
type Common = Pick<TrainTask, 'data' | 'provider' | 'out'> & {
  readonly run: string;
  readonly resume: boolean;
  readonly cache: null;
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
    return finetune(store, { ...common, config, model: await store.find(model) }, { signal, onEvent });
  },
  scratch: async ({ config }, common, { store, signal, onEvent }) => {
    const [{ trainFromScratch }, { openDataset }] = await Promise.all([
      import('../training/scratch.ts'),
      import('../evaluation/datasets/datasets.ts'),
    ]);
    const { classes } = await openDataset(common.data.training, signal);
    return trainFromScratch(store, { ...common, config, classes }, { signal, onEvent });
  },
};

/** @throws DermOrbitError as the kind of training does; CANCELLED leaves what was checkpointed for `resume` */
export async function runTraining(
  { task, run, resume }: CheckedJob<'train'>,
  running: Running,
): Promise<{ model: string }> {
  const { recipe, ...common } = task;
  // Recipe and runner are of the same kind, which the type checker cannot follow through the lookup.
  const runner = runners[recipe.kind] as Runner<TrainKind>;
  const { manifest } = await runner(recipe, { ...common, run, resume, cache: null }, running);
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
