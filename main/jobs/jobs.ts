// The jobs in this process: the contract's operations, run one at a time. The app runs the same object in a process of
// its own (entry.ts). A new job is a row of main/contract/jobs.ts and a row of the table below.
import type { RunningJob, CheckedJob } from './operation.ts';
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import { jobsContract, type JobOperation, type JobOutput, type JobsApi } from '../contract/jobs.ts';
import { defaultModelFolders, type ModelFolders } from '../engine/folders.ts';
import { ModelStore } from '../engine/store/store.ts';
import { runEvaluation } from './evaluate.ts';
import { summariseDataset } from './open-dataset.ts';
import { foreseeTraining, runTraining } from './train.ts';

type Operations = {
  readonly [Name in JobOperation]: (
    input: CheckedJob<Name>,
    running: RunningJob<Name>,
  ) => Promise<JobOutput<Name>>;
};

const operations: Operations = {
  openDataset: ({ source }, { signal }) => summariseDataset(source, signal),
  evaluate: runEvaluation,
  outlook: foreseeTraining,
  train: runTraining,
};

/** @param folders of the models that jobs read and, training, add to */
export function createJobs(folders: ModelFolders = defaultModelFolders()): JobsApi {
  const store = new ModelStore(folders);
  const running = new Set<AbortController>();
  return {
    call: async (operation, input, { signal, onEvent } = {}) => {
      const own = new AbortController();
      running.add(own);
      try {
        const parsed = jobsContract[operation].input.safeParse(input);
        if (!parsed.success) {
          const [issue] = parsed.error.issues;
          const message = `${operation}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}.`;
          throw new DermOrbitError('REQUEST_INVALID', message);
        }
        // Input and handler belong to the same operation, which the type checker cannot follow through the lookup.
        const run = operations[operation] as (
          input: unknown,
          running: RunningJob<typeof operation>,
        ) => Promise<JobOutput<typeof operation>>;
        return await run(parsed.data, {
          store,
          signal: signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]),
          onEvent: onEvent ?? (() => undefined),
        });
      } catch (error) {
        throw asDermOrbitError(error);
      } finally {
        running.delete(own);
      }
    },
    close: () => {
      for (const controller of running) controller.abort();
      return Promise.resolve();
    },
  };
}
