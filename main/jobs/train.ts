// Training as a job: a table of kinds, each loaded only when it is asked for.
import type { TrainKind } from '../contract/jobs.ts';
import type { ModelPackage } from '../engine/store/package.ts';
import type { CheckedJob, RunningJob } from './jobs.ts';

type Running = RunningJob<'train'>;
type Runner<Kind extends TrainKind> = (
  input: Extract<CheckedJob<'train'>, { kind: Kind }>,
  running: Running,
) => Promise<ModelPackage>;

const runners: { readonly [Kind in TrainKind]: Runner<Kind> } = {
  prefinetune: async ({ model, ...request }, { store, signal, onEvent }) => {
    const { prefinetune } = await import('../training/prefinetune.ts');
    return prefinetune(
      store,
      { ...request, model: await store.find(model), cache: null },
      { signal, onEvent },
    );
  },
};

/** @throws DermOrbitError as the kind of training does; CANCELLED leaves what was checkpointed for `resume` */
export async function runTraining(input: CheckedJob<'train'>, running: Running): Promise<{ model: string }> {
  // Input and runner are of the same kind, which the type checker cannot follow through the lookup.
  const run: (input: never, running: Running) => Promise<ModelPackage> = runners[input.kind];
  const { manifest } = await run(input as never, running);
  return { model: manifest.id };
}
