// dermorbit train finetune and dermorbit train scratch: what trains an image tower.
import { resolve } from 'node:path';
import type { Command } from 'commander';
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
  augmentationSchema,
  batchNormSchema,
  finetuneConfigSchema,
  finetunedMethodSchema,
  initialWeightsSchema,
  partSchema,
  scratchConfigSchema,
  type FinetuneConfig,
  type ScratchConfig,
} from '../contract/training.ts';
import { finetuneDefaults, scratchDefaults } from '../contract/training-defaults.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { openDataset } from '../evaluation/datasets/datasets.ts';
import { finetune } from '../training/finetune.ts';
import { trainFromScratch } from '../training/scratch.ts';
import {
  addDataOptions,
  addRunOptions,
  addStepOptions,
  checkedConfig,
  choice,
  numberOf,
  numbersOf,
  stepFields,
  type DataOptions,
  type RunOptions,
  type StepOptions,
} from './train-options.ts';
import { commonRequest, follow } from './train-run.ts';

interface TowerOptions extends DataOptions, RunOptions, StepOptions {
  readonly turns: string;
  readonly mirrors: boolean;
  readonly crop: string;
  readonly shift: string;
  readonly brightness: string;
  readonly contrast: string;
  readonly saturation: string;
  readonly hue: string;
  readonly masked: string;
  readonly labelSmoothing: string;
  readonly logitAdjustment: string;
  readonly averaging: string;
}

interface FinetuneOptions extends TowerOptions {
  readonly model: string;
  readonly method: FinetuneConfig['method'];
  readonly level?: Level;
  readonly group: FinetuneConfig['group'];
  readonly inverse?: Inverse;
  readonly head?: Head;
  readonly initial: string;
  readonly network: string;
  readonly dropout: string;
  readonly classEmbeddings: string;
  readonly batchNorm: string;
}

interface ScratchOptions extends TowerOptions {
  readonly layers: string;
  readonly width: string;
  readonly size: string;
  readonly embedding: string;
  readonly smallerFirst?: string;
}

const pictureCache = 'folder of decoded pictures (default: caches in the folder for application data)';
const resuming =
  '\nEvery round ends with a checkpoint. Ctrl-C, a crash or a power cut loses the round at most; the same command with\n' +
  '--resume goes on with the last finished one.\n';

export function addFinetuneCommand(train: Command): void {
  const { method, group, initial, network, dropout, classEmbeddings, batchNorm } = finetuneDefaults;
  const command = train
    .command('finetune')
    .description(
      'train a whole model further: image tower, attention pool, class embeddings, weight network',
    );
  addDataOptions(command)
    .option('--model <id|folder>', 'the model to start from', 'dermorbit-base')
    .addOption(
      choice('--method <method>', 'what it is trained to answer with', finetunedMethodSchema.options, method),
    )
    .addOption(choice('--level <level>', 'combine feature maps or embeddings', levelSchema.options))
    .addOption(choice('--group <group>', 'turns and mirrors', groupNameSchema.options, group))
    .addOption(choice('--inverse <on|off>', 'turn feature maps back (default: on)', inverseSchema.options))
    .addOption(choice('--head <head>', 'what the pool sees (default: orbit)', headSchema.options))
    .addOption(choice('--initial <weights>', 'of the weight network', initialWeightsSchema.options, initial))
    .addOption(choice('--network <state>', 'whether the weight network learns', partSchema.options, network))
    .option('--dropout <share>', 'of the embedding-level lambda net', String(dropout))
    .addOption(
      choice('--class-embeddings <state>', 'whether they learn', partSchema.options, classEmbeddings),
    )
    .addOption(
      choice(
        '--batch-norm <mode>',
        'as it is, or by the statistics of batches',
        batchNormSchema.options,
        batchNorm,
      ),
    );
  addTowerOptions(command, finetuneDefaults);
  addStepOptions(command, finetuneDefaults);
  addRunOptions(command, pictureCache)
    .addHelpText(
      'after',
      `${resuming}\nExample:\n  dermorbit train finetune --images ISIC2018_Task3_Training_Input --method lambda --rounds 4 --out mine`,
    )
    .action(runFinetune);
}

export function addScratchCommand(train: Command): void {
  const { layers, width, size, embedding } = scratchDefaults.architecture;
  const command = train
    .command('scratch')
    .description('train a new CLIP-style ResNet with class embeddings from labelled images alone');
  addDataOptions(command)
    .option('--layers <numbers>', 'blocks of the four stages', layers.join('-'))
    .option('--width <channels>', 'of the first stage', String(width))
    .option('--size <pixels>', 'side of the input, a multiple of 32', String(size))
    .option('--embedding <number>', 'length of the embedding', String(embedding))
    .option(
      '--smaller-first <list>',
      'rounds at smaller sizes before the others, as SIZE:ROUNDS,... (for example 64:12,96:7)',
    );
  addTowerOptions(command, scratchDefaults);
  addStepOptions(command, scratchDefaults);
  addRunOptions(command, pictureCache)
    .addHelpText(
      'after',
      `${resuming}\nExample:\n  dermorbit train scratch --images ISIC2018_Task3_Training_Input --smaller-first 64:12,96:10 --out mine`,
    )
    .action(runScratch);
}

function addTowerOptions(command: Command, defaults: FinetuneConfig | ScratchConfig): void {
  const { turns } = augmentationSchema.shape;
  const { augmentation: changes, labelSmoothing, logitAdjustment, averaging } = defaults;
  command
    .addOption(choice('--turns <turns>', 'of training images', turns.options, changes.turns))
    .option('--no-mirrors', 'do not mirror training images')
    .option('--crop <range>', 'sides of random crops, as shares of the short side', changes.crop.join('-'))
    .option('--shift <share>', 'largest shift of a crop', String(changes.shift))
    .option('--brightness <share>', 'largest change', String(changes.brightness))
    .option('--contrast <share>', 'largest change', String(changes.contrast))
    .option('--saturation <share>', 'largest change', String(changes.saturation))
    .option('--hue <degrees>', 'largest change', String(changes.hue))
    .option(
      '--masked <share>',
      'of the pictures, seen on a disc, as they are between quarter turns',
      String(changes.masked),
    )
    .option('--label-smoothing <share>', 'of the truth, spread over all classes', String(labelSmoothing))
    .option(
      '--logit-adjustment <tau>',
      'by the logarithms of the class shares, against imbalance',
      String(logitAdjustment),
    )
    .option(
      '--averaging <share>',
      'kept by the running average of the weights (0: no average)',
      String(averaging ?? 0),
    );
}

function towerFields(options: TowerOptions) {
  const number = (name: string, text: string) => numberOf(`--${name}`, text);
  return {
    augmentation: {
      turns: options.turns,
      mirrors: options.mirrors,
      crop: numbersOf('--crop', options.crop, '-'),
      shift: number('shift', options.shift),
      brightness: number('brightness', options.brightness),
      contrast: number('contrast', options.contrast),
      saturation: number('saturation', options.saturation),
      hue: number('hue', options.hue),
      masked: number('masked', options.masked),
    },
    labelSmoothing: numberOf('--label-smoothing', options.labelSmoothing),
    logitAdjustment: numberOf('--logit-adjustment', options.logitAdjustment),
    averaging: options.averaging === '0' ? null : number('averaging', options.averaging),
  };
}

const cacheOf = ({ cache }: RunOptions) => (cache === undefined ? null : resolve(cache));

async function runFinetune(options: FinetuneOptions): Promise<void> {
  const { method, level, group, inverse, head } = options;
  const settings = resolveSettings(
    { method, level, group, inverse, head },
    new Set(['lambda', 'attention', 'lambdaEmbedding'] as const),
  );
  const config = checkedConfig(finetuneConfigSchema, {
    method,
    level: settings.level,
    group,
    inverse: settings.inverse,
    head: settings.head,
    initial: options.initial,
    network: options.network,
    dropout: numberOf('--dropout', options.dropout),
    classEmbeddings: options.classEmbeddings,
    batchNorm: options.batchNorm,
    ...towerFields(options),
    ...stepFields(options, finetuneDefaults.learningRate),
  });
  const { store, ...common } = commonRequest(options);
  await follow(config, options, async (follower) =>
    finetune(
      store,
      { ...common, model: await store.find(options.model), config, cache: cacheOf(options) },
      follower,
    ),
  );
}

/** @throws DermOrbitError OPTION_INVALID */
function sizeAndRounds(pair: string): { size: number; rounds: number } {
  const [size, rounds, ...rest] = numbersOf('--smaller-first', pair, ':');
  if (size !== undefined && rounds !== undefined && rest.length === 0) return { size, rounds };
  throw new DermOrbitError('OPTION_INVALID', `--smaller-first takes SIZE:ROUNDS, not "${pair}".`);
}

async function runScratch(options: ScratchOptions): Promise<void> {
  const smaller = options.smallerFirst?.split(',') ?? [];
  const config = checkedConfig(scratchConfigSchema, {
    architecture: {
      layers: numbersOf('--layers', options.layers, '-'),
      width: numberOf('--width', options.width),
      size: numberOf('--size', options.size),
      embedding: numberOf('--embedding', options.embedding),
    },
    smallerFirst: smaller.map(sizeAndRounds),
    ...towerFields(options),
    ...stepFields(options, scratchDefaults.learningRate),
  });
  const { store, ...common } = commonRequest(options);
  await follow(config, options, async (follower) => {
    const { classes } = await openDataset(common.data.training, follower.signal);
    return trainFromScratch(store, { ...common, classes, config, cache: cacheOf(options) }, follower);
  });
}
