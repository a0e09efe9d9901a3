// dermorbit train: labelled images in, a model out. Pre-finetuning trains a weight network of a model, finetuning all of it,
// scratch a new one.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  groupNameSchema,
  headSchema,
  inverseSchema,
  levelSchema,
  type Head,
  type Inverse,
  type Level,
} from '../contract/settings.ts';
import {
  initialWeightsSchema,
  optimizerSchema,
  prefinetuneConfigSchema,
  trainableMethodSchema,
  type PrefinetuneConfig,
  type TrainableMethod,
} from '../contract/training.ts';
import { prefinetuneDefaults, prefinetuneRates } from '../contract/training-defaults.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { prefinetune } from '../training/prefinetune.ts';
import {
  addDataOptions,
  addRunOptions,
  addStepOptions,
  checkedConfig,
  choice,
  numberOf,
  stepFields,
  type DataOptions,
  type RunOptions,
  type StepOptions,
} from './train-options.ts';
import { addCachesCommand } from './train-caches.ts';
import { commonRequest, follow } from './train-run.ts';
import { addFinetuneCommand, addScratchCommand } from './train-tower.ts';

interface PrefinetuneOptions extends DataOptions, RunOptions, StepOptions {
  readonly model: string;
  readonly method: TrainableMethod;
  readonly level?: Level;
  readonly group: PrefinetuneConfig['group'];
  readonly inverse?: Inverse;
  readonly head?: Head;
  readonly initial: string;
  readonly turns: boolean;
  readonly dropout: string;
}

export function addTrainCommand(program: Command): void {
  const train = program.command('train');
  addPrefinetuneCommand(train);
  addFinetuneCommand(train);
  addScratchCommand(train);
  addCachesCommand(train);
}

function addPrefinetuneCommand(train: Command): void {
  const { method, group, initial, dropout } = prefinetuneDefaults;
  const command = train
    .command('prefinetune')
    .description('train the lambda net or the attention nets of a model; its image tower stays as it is');
  addDataOptions(command)
    .option('--model <id|folder>', 'the model to start from', 'dermorbit-base')
    .addOption(choice('--method <method>', 'which network', trainableMethodSchema.options, method))
    .addOption(choice('--level <level>', 'combine feature maps or embeddings', levelSchema.options))
    .addOption(choice('--group <group>', 'turns and mirrors', groupNameSchema.options, group))
    .addOption(choice('--inverse <on|off>', 'turn feature maps back (default: on)', inverseSchema.options))
    .addOption(choice('--head <head>', 'what the pool sees (default: orbit)', headSchema.options))
    .addOption(choice('--initial <weights>', 'to start from', initialWeightsSchema.options, initial))
    .option('--no-turns', 'do not turn the images at random')
    .option('--dropout <share>', 'of the embedding-level lambda net', String(dropout));
  const { sgd, adamw } = prefinetuneRates;
  addStepOptions(
    command,
    prefinetuneDefaults,
    `sgd ${sgd.lambda} (lambda), ${sgd.attention} (attention); adamw ${adamw.lambda}`,
  );
  addRunOptions(
    command,
    'orbit cache, a file (default: one per model and group in the folder for application data)',
  )
    .addHelpText(
      'after',
      '\nThe image tower reads every orientation of an image once and keeps them in the orbit cache. Ctrl-C stops;\n' +
        'the same command with --resume goes on with the last finished round.\n' +
        '\nExample:\n  dermorbit train prefinetune --images ISIC2018_Task3_Training_Input --method lambda --balance oversample --out mine',
    )
    .action(runPrefinetune);
}

async function runPrefinetune(options: PrefinetuneOptions): Promise<void> {
  const config = parseConfig(options);
  const { store, ...common } = commonRequest(options);
  await follow(config, options, async (follower) =>
    prefinetune(
      store,
      {
        ...common,
        model: await store.find(options.model),
        config,
        cache: options.cache === undefined ? null : resolve(options.cache),
      },
      follower,
    ),
  );
}

/** @throws DermOrbitError OPTION_INVALID naming the option */
function parseConfig(options: PrefinetuneOptions): PrefinetuneConfig {
  const { method, optimizer, group, level, inverse, head } = options;
  const every = new Set(['lambda', 'attention', 'lambdaEmbedding'] as const);
  return checkedConfig(prefinetuneConfigSchema, {
    ...resolveSettings({ method, group, level, inverse, head }, every),
    initial: options.initial,
    ...stepFields(options, prefinetuneRates[optimizerSchema.parse(optimizer)][method]),
    turns: options.turns,
    dropout: numberOf('--dropout', options.dropout),
  });
}
