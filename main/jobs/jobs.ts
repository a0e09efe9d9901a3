// The jobs in this process: the contract's operations, run one at a time. The app runs the same object in a process of
// its own (entry.ts). A new job is a row of main/contract/jobs.ts and a row of the table below.
import { jobsContract, type JobsApi } from '../contract/jobs.ts';
import { defaultModelFolders, type ModelFolders } from '../engine/folders.ts';
import { ModelStore } from '../engine/store/store.ts';
import { dispatch, type Handlers } from '../rpc/dispatch.ts';
import { runEvaluation } from './evaluate.ts';
import { summariseDataset } from './open-dataset.ts';
import { foreseeTraining, runTraining } from './train.ts';

const handlers: Handlers<typeof jobsContract, ModelStore> = {
  openDataset: (_, { source }, { signal }) => summariseDataset(source, signal),
  evaluate: (store, input, options) => runEvaluation(input, { store, ...options }),
  outlook: (store, input, options) => foreseeTraining(input, { store, ...options }),
  train: (store, input, options) => runTraining(input, { store, ...options }),
};

/** @param folders of the models that jobs read and, training, add to */
export function createJobs(folders: ModelFolders = defaultModelFolders()): JobsApi {
  const store = new ModelStore(folders);
  const running = new Set<AbortController>();
  return {
    call: async (operation, input, options = {}) => {
      const own = new AbortController();
      running.add(own);
      const signal =
        options.signal === undefined ? own.signal : AbortSignal.any([options.signal, own.signal]);
      try {
        return await dispatch(jobsContract, handlers, store, operation, input, { ...options, signal });
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
