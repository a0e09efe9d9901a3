// dermorbit train: labelled images in, a model out. The options become a task, which is done where it is by what does it
// for the app (jobs/train.ts).
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { DermOrbitError } from '../contract/errors.ts';
import type { Recipe, TrainTask } from '../contract/jobs.ts';
import { trainKinds, type TrainKind } from '../contract/training-fields.ts';
import { dataFolder, defaultModelFolders } from '../engine/folders.ts';
import { parseProvider } from '../engine/providers.ts';
import { ModelStore } from '../engine/store/store.ts';
import { runTraining } from '../jobs/train.ts';
import { interruptSignal, note } from './output.ts';
import { showTraining } from './show-training.ts';
import { addCachesCommand } from './train-caches.ts';
import {
  addDataOptions,
  addFieldOptions,
  addRunOptions,
  parseConfig,
  parseData,
  type DataOptions,
  type RunOptions,
} from './train-options.ts';

interface TrainOptions extends DataOptions, RunOptions {
  readonly model?: string;
}

interface Words {
  readonly description: string;
  readonly cache: string;
  readonly after: string;
}

const pictureCache = 'folder of decoded pictures (default: caches in the folder for application data)';
const resuming =
  '\nEvery round ends with a checkpoint. Ctrl-C, a crash or a power cut loses the round at most; the same command with\n' +
  '--resume goes on with the last finished one.\n';

const words: Readonly<Record<TrainKind, Words>> = {
  prefinetune: {
    description: 'train the lambda net or the attention nets of a model; its image tower stays as it is',
    cache: 'orbit cache, a file (default: one per model and group in the folder for application data)',
    after:
      '\nThe image tower reads every orientation of an image once and keeps them in the orbit cache. Ctrl-C stops;\n' +
      'the same command with --resume goes on with the last finished round.\n' +
      '\nExample:\n  dermorbit train prefinetune --images ISIC2018_Task3_Training_Input --method lambda --balance oversample --out mine',
  },
  finetune: {
    description: 'train a whole model further: image tower, attention pool, class embeddings, weight network',
    cache: pictureCache,
    after: `${resuming}\nExample:\n  dermorbit train finetune --images ISIC2018_Task3_Training_Input --method lambda --rounds 4 --out mine`,
  },
  scratch: {
    description: 'train a new CLIP-style ResNet with class embeddings from labelled images alone',
    cache: pictureCache,
    after: `${resuming}\nExample:\n  dermorbit train scratch --images ISIC2018_Task3_Training_Input --smaller-first 64:12,96:10 --out mine`,
  },
};

export function addTrainCommand(program: Command): void {
  const train = program.command('train');
  for (const kind of trainKinds) {
    const { description, cache, after } = words[kind];
    const command = addDataOptions(train.command(kind).description(description));
    if (kind !== 'scratch') {
      command.option('--model <id|folder>', 'the model to start from', 'dermorbit-base');
    }
    addFieldOptions(command, kind);
    addRunOptions(command, cache)
      .addHelpText('after', after)
      .action((options: TrainOptions) => run(kind, options));
  }
  addCachesCommand(train);
}

async function run(kind: TrainKind, options: TrainOptions): Promise<void> {
  const store = new ModelStore(defaultModelFolders());
  const task = await parseTask(kind, options, store);
  const signal = interruptSignal();
  const display = showTraining(task.recipe.config, options.json ?? false);
  try {
    await runTraining(
      {
        task,
        run: options.run === undefined ? join(dataFolder(), 'runs', options.out) : resolve(options.run),
        resume: options.resume ?? false,
        cache: options.cache === undefined ? null : resolve(options.cache),
      },
      {
        store,
        signal,
        onEvent: (event) => {
          display.show(event);
        },
      },
    );
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

/** What was asked for, every field decided. @throws DermOrbitError OPTION_INVALID naming the option, MODEL_NOT_FOUND */
async function parseTask(kind: TrainKind, options: TrainOptions, store: ModelStore): Promise<TrainTask> {
  const config = parseConfig(kind, options as unknown as Readonly<Record<string, unknown>>);
  const data = parseData(options);
  const provider = parseProvider(options.provider);
  const model = options.model === undefined ? {} : { model: await store.lastingName(options.model) };
  // Kind, configuration and model belong together, which the type checker cannot follow through the table.
  return { recipe: { kind, config, ...model } as Recipe, data, provider, out: options.out };
}
