// A training of any kind, run and shown on the command line.
import { join, resolve } from 'node:path';
import { DermOrbitError } from '../contract/errors.ts';
import type { TrainingConfig } from '../contract/training.ts';
import { dataFolder, defaultModelFolders } from '../engine/folders.ts';
import { parseProvider } from '../engine/providers.ts';
import { ModelStore } from '../engine/store/store.ts';
import type { TrainOptions } from '../training/prefinetune.ts';
import { interruptSignal, note } from './output.ts';
import { showTraining } from './show-training.ts';
import { parseData, type DataOptions, type RunOptions } from './train-options.ts';

/** What every request of a run has. */
export function commonRequest(options: DataOptions & RunOptions) {
  return {
    store: new ModelStore(defaultModelFolders()),
    provider: parseProvider(options.provider),
    data: parseData(options),
    out: options.out,
    run: options.run === undefined ? join(dataFolder(), 'runs', options.out) : resolve(options.run),
    resume: options.resume ?? false,
  };
}

/** Runs a training while it is shown; Ctrl-C stops it. */
export async function follow(
  config: TrainingConfig,
  { json = false }: RunOptions,
  train: (options: TrainOptions) => Promise<unknown>,
): Promise<void> {
  const signal = interruptSignal();
  const display = showTraining(config, json);
  try {
    await train({
      signal,
      onEvent: (event) => {
        display.show(event);
      },
    });
  } catch (error) {
    display.stop();
    if (error instanceof DermOrbitError && error.code === 'CANCELLED') {
      note('Stopped. The same command with --resume goes on with the last finished round.');
    }
    throw error;
  } finally {
    display.stop();
  }
}
