// dermorbit train: a labelled set and a model in, a model with a newly trained weight network out.
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { DermOrbitError } from '../contract/errors.ts';
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
  balanceSchema,
  initialWeightsSchema,
  lossSchema,
  optimizerSchema,
  prefinetuneConfigSchema,
  scheduleSchema,
  trainableMethodSchema,
  type PrefinetuneConfig,
  type TrainableMethod,
} from '../contract/training.ts';
import { dataFolder, defaultModelFolders } from '../engine/folders.ts';
import { parseProvider } from '../engine/providers.ts';
import { ModelStore } from '../engine/store/store.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { prefinetune } from '../training/prefinetune.ts';
import { interruptSignal, note } from './output.ts';
import { showTraining } from './show-training.ts';

interface TrainOptions {
  readonly images: string;
  readonly labels?: string;
  readonly groupings?: string;
  readonly validationImages?: string;
  readonly validationLabels?: string;
  readonly validationGroupings?: string;
  readonly validationShare: string;
  readonly limit?: string;
  readonly allowMissingClasses?: boolean;
  readonly model: string;
  readonly method: TrainableMethod;
  readonly level?: Level;
  readonly group: PrefinetuneConfig['group'];
  readonly inverse?: Inverse;
  readonly head?: Head;
  readonly initial: string;
  readonly loss: string;
  readonly optimizer: string;
  readonly learningRate?: string;
  readonly momentum: string;
  readonly nesterov?: boolean;
  readonly weightDecay: string;
  readonly clip?: string;
  readonly warmup: string;
  readonly schedule: string;
  readonly rounds: string;
  readonly iterations: string;
  readonly batch: string;
  readonly balance: string;
  readonly turns: boolean;
  readonly dropout: string;
  readonly patience?: string;
  readonly seed: string;
  readonly out: string;
  readonly run?: string;
  readonly cache?: string;
  readonly resume?: boolean;
  readonly provider: string;
  readonly json?: boolean;
}

/** Learning rates of the reference (METHODS.md); AdamW's are the usual ones for so small a network. */
const defaultLearningRates = {
  sgd: { lambda: 0.33, attention: 0.01 },
  adamw: { lambda: 1e-3, attention: 1e-3 },
} as const;

export function addTrainCommand(program: Command): void {
  const train = program.command('train').description('train on your own images, on this computer');
  const choice = (flags: string, description: string, values: readonly string[], fallback?: string) => {
    const option = new Option(flags, description).choices(values);
    return fallback === undefined ? option : option.default(fallback);
  };
  train
    .command('prefinetune')
    .description('train the lambda net or the attention nets of a model; its image tower stays as it is')
    .requiredOption('--images <dir>', 'training images, in any format that evaluate reads')
    .option(
      '--labels <csv>',
      'their classes (default: what lies beside the images by the name of its format)',
    )
    .option('--groupings <csv>', 'which images show the same lesion: image,lesion_id')
    .option('--validation-images <dir>', 'validation images (default: a share of the training images)')
    .option('--validation-labels <csv>', 'their classes')
    .option('--validation-groupings <csv>', 'their lesions')
    .option('--validation-share <share>', 'of the training images, by lesions, where none are given', '0.1')
    .option('--limit <number>', 'only the first images of the training set')
    .option('--allow-missing-classes', 'train although a class of the model has no training image')
    .option('--model <id|folder>', 'the model to start from', 'dermorbit-base')
    .addOption(choice('--method <method>', 'which network', trainableMethodSchema.options, 'lambda'))
    .addOption(choice('--level <level>', 'combine feature maps or embeddings', levelSchema.options))
    .addOption(choice('--group <group>', 'turns and mirrors', groupNameSchema.options, 'c4'))
    .addOption(choice('--inverse <on|off>', 'turn feature maps back (default: on)', inverseSchema.options))
    .addOption(choice('--head <head>', 'what the pool sees (default: orbit)', headSchema.options))
    .addOption(choice('--initial <weights>', 'to start from', initialWeightsSchema.options, 'fresh'))
    .addOption(
      choice(
        '--loss <loss>',
        'cross entropy of logits, or of softmaxed logits',
        lossSchema.options,
        'updated',
      ),
    )
    .addOption(choice('--optimizer <optimizer>', '', optimizerSchema.options, 'sgd'))
    .option('--learning-rate <rate>', 'default: sgd 0.33 (lambda), 0.01 (attention); adamw 0.001')
    .option('--momentum <share>', 'of sgd', '0.9')
    .option('--nesterov', 'Nesterov momentum')
    .option('--weight-decay <number>', 'of weights, not of biases', '0')
    .option('--clip <norm>', "bound of the gradient's norm (default: none)")
    .option('--warmup <steps>', 'over which the learning rate rises to it', '0')
    .addOption(choice('--schedule <schedule>', 'of the learning rate', scheduleSchema.options, 'constant'))
    .option('--rounds <number>', 'each ends with validation and a checkpoint', '20')
    .option('--iterations <number>', 'steps of a round', '100')
    .option('--batch <number>', 'images of a step', '32')
    .addOption(choice('--balance <balance>', 'of classes', balanceSchema.options, 'none'))
    .option('--no-turns', 'do not turn the images at random')
    .option('--dropout <share>', 'of the embedding-level lambda net', '0.5')
    .option('--patience <rounds>', 'stop after so many rounds without improvement (default: never)')
    .option('--seed <number>', 'of everything random', '1')
    .requiredOption('--out <id>', 'id of the finished model')
    .option('--run <dir>', 'folder of the run (default: runs/ID in the folder for application data)')
    .option('--cache <file>', 'orbit cache (default: one per model and group, in the same place)')
    .option('--resume', 'go on with the run if it was begun')
    .option('--provider <provider>', 'auto, cuda, tensorrt, dml, webgpu, coreml or cpu', 'auto')
    .option('--json', 'print events as JSON lines on standard output')
    .addHelpText(
      'after',
      '\nThe image tower reads every orientation of an image once and keeps them in the orbit cache. Ctrl-C stops;\n' +
        'the same command with --resume goes on with the last finished round.\n' +
        '\nExample:\n  dermorbit train prefinetune --images ISIC2018_Task3_Training_Input --method lambda --balance oversample --out mine',
    )
    .action(runPrefinetune);
}

async function runPrefinetune(options: TrainOptions): Promise<void> {
  const signal = interruptSignal();
  const config = parseConfig(options);
  const store = new ModelStore(defaultModelFolders());
  const display = showTraining(config, options.json ?? false);
  const run = options.run === undefined ? join(dataFolder(), 'runs', options.out) : resolve(options.run);
  try {
    await prefinetune(
      store,
      {
        model: await store.find(options.model),
        provider: parseProvider(options.provider),
        config,
        data: parseData(options),
        out: options.out,
        run,
        cache: options.cache === undefined ? null : resolve(options.cache),
        resume: options.resume ?? false,
      },
      {
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

function parseData(options: TrainOptions) {
  const path = (text: string | undefined) => (text === undefined ? null : resolve(text));
  if (options.validationImages === undefined && (options.validationLabels ?? options.validationGroupings)) {
    throw new DermOrbitError('OPTION_INVALID', '--validation-labels needs --validation-images.');
  }
  const share = numberOf('--validation-share', options.validationShare)!;
  if (!(share > 0 && share < 1)) {
    throw new DermOrbitError('OPTION_INVALID', `--validation-share lies between 0 and 1, not at ${share}.`);
  }
  const limit = numberOf('--limit', options.limit);
  if (limit !== null && !(Number.isInteger(limit) && limit > 0)) {
    throw new DermOrbitError('OPTION_INVALID', `--limit takes a whole number from 1, not ${limit}.`);
  }
  return {
    training: {
      images: resolve(options.images),
      labels: path(options.labels),
      lesions: path(options.groupings),
    },
    validation:
      options.validationImages === undefined
        ? null
        : {
            images: resolve(options.validationImages),
            labels: path(options.validationLabels),
            lesions: path(options.validationGroupings),
          },
    validationShare: share,
    limit,
    allowMissingClasses: options.allowMissingClasses ?? false,
  };
}

/** @throws DermOrbitError OPTION_INVALID naming the option */
function parseConfig(options: TrainOptions): PrefinetuneConfig {
  const { method, optimizer } = options;
  const every = new Set(['lambda', 'attention', 'lambdaEmbedding'] as const);
  const { group, level, inverse, head } = options;
  const settings = resolveSettings({ method, group, level, inverse, head }, every);
  const rates = defaultLearningRates[optimizerSchema.parse(optimizer)];
  const parsed = prefinetuneConfigSchema.safeParse({
    ...settings,
    initial: options.initial,
    loss: options.loss,
    optimizer,
    momentum: numberOf('--momentum', options.momentum),
    nesterov: options.nesterov ?? false,
    weightDecay: numberOf('--weight-decay', options.weightDecay),
    clip: numberOf('--clip', options.clip),
    learningRate: numberOf('--learning-rate', options.learningRate) ?? rates[method],
    warmup: numberOf('--warmup', options.warmup),
    schedule: options.schedule,
    rounds: numberOf('--rounds', options.rounds),
    iterations: numberOf('--iterations', options.iterations),
    batch: numberOf('--batch', options.batch),
    balance: options.balance,
    turns: options.turns,
    dropout: numberOf('--dropout', options.dropout),
    seed: numberOf('--seed', options.seed),
    patience: numberOf('--patience', options.patience),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0]).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new DermOrbitError('OPTION_INVALID', `--${name}: ${issue?.message ?? 'not understood'}.`);
}

function numberOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new DermOrbitError('OPTION_INVALID', `${option} takes a number, not "${text}".`);
}
