// Options that the three ways of training share, and what they mean.
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { z } from 'zod';
import { DermOrbitError } from '../contract/errors.ts';
import {
  balanceSchema,
  lossSchema,
  optimizerSchema,
  scheduleSchema,
  type TrainingConfig,
} from '../contract/training.ts';
import { defaultValidationShare } from '../contract/training-defaults.ts';
import type { DataChoice } from '../training/data/training-data.ts';

export interface DataOptions {
  readonly images: string;
  readonly labels?: string;
  readonly groupings?: string;
  readonly validationImages?: string;
  readonly validationLabels?: string;
  readonly validationGroupings?: string;
  readonly validationShare: string;
  readonly limit?: string;
  readonly allowMissingClasses?: boolean;
}

export interface RunOptions {
  readonly out: string;
  readonly run?: string;
  readonly cache?: string;
  readonly resume?: boolean;
  readonly provider: string;
  readonly json?: boolean;
}

export interface StepOptions {
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
  readonly iterations?: string;
  readonly batch: string;
  readonly balance: string;
  readonly patience?: string;
  readonly seed: string;
}

/** An option that takes one of a few words. */
export function choice(
  flags: string,
  description: string,
  values: readonly string[],
  fallback?: string,
): Option {
  const option = new Option(flags, description).choices(values);
  return fallback === undefined ? option : option.default(fallback);
}

export function addDataOptions(command: Command): Command {
  return command
    .requiredOption('--images <dir>', 'training images, in any format that evaluate reads')
    .option(
      '--labels <csv>',
      'their classes (default: what lies beside the images by the name of its format)',
    )
    .option('--groupings <csv>', 'which images show the same lesion: image,lesion_id')
    .option('--validation-images <dir>', 'validation images (default: a share of the training images)')
    .option('--validation-labels <csv>', 'their classes')
    .option('--validation-groupings <csv>', 'their lesions')
    .option(
      '--validation-share <share>',
      'of the training images, by lesions, where none are given',
      String(defaultValidationShare),
    )
    .option('--limit <number>', 'only the first images of the training set')
    .option('--allow-missing-classes', 'train although a class has no training image');
}

/**
 * @param defaults what is not said
 * @param learningRate the default in words, where it depends on other options
 */
export function addStepOptions(
  command: Command,
  defaults: TrainingConfig,
  learningRate = String(defaults.learningRate),
): Command {
  const { loss, optimizer, schedule, balance, iterations } = defaults;
  return command
    .addOption(
      choice('--loss <loss>', 'cross entropy of logits, or of softmaxed logits', lossSchema.options, loss),
    )
    .addOption(choice('--optimizer <optimizer>', '', optimizerSchema.options, optimizer))
    .option('--learning-rate <rate>', `default: ${learningRate}`)
    .option('--momentum <share>', 'of sgd', String(defaults.momentum))
    .option('--nesterov', 'Nesterov momentum')
    .option('--weight-decay <number>', 'of weights, not of biases', String(defaults.weightDecay))
    .option('--clip <norm>', "bound of the gradient's norm (0: none)", String(defaults.clip ?? 0))
    .option('--warmup <steps>', 'over which the learning rate rises to it', String(defaults.warmup))
    .addOption(choice('--schedule <schedule>', 'of the learning rate', scheduleSchema.options, schedule))
    .option('--rounds <number>', 'each ends with validation and a checkpoint', String(defaults.rounds))
    .option(
      '--iterations <number>',
      `steps of a round${iterations === null ? ' (default: one pass over the images)' : ''}`,
      iterations === null ? undefined : String(iterations),
    )
    .option('--batch <number>', 'images of a step', String(defaults.batch))
    .addOption(choice('--balance <balance>', 'of classes', balanceSchema.options, balance))
    .option('--patience <rounds>', 'stop after so many rounds without improvement (default: never)')
    .option('--seed <number>', 'of everything random', String(defaults.seed));
}

export function addRunOptions(command: Command, cache: string): Command {
  return command
    .requiredOption('--out <id>', 'id of the finished model')
    .option('--run <dir>', 'folder of the run (default: runs/ID in the folder for application data)')
    .option('--cache <path>', cache)
    .option('--resume', 'go on with the run if it was begun')
    .option('--provider <provider>', 'auto, cuda, tensorrt, dml, webgpu, coreml or cpu', 'auto')
    .option('--json', 'print events as JSON lines on standard output');
}

export function parseData(options: DataOptions): DataChoice {
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

/** Fields of a configuration, still to be checked by its schema. */
export function stepFields(options: StepOptions, learningRate: number) {
  return {
    loss: options.loss,
    optimizer: options.optimizer,
    momentum: numberOf('--momentum', options.momentum),
    nesterov: options.nesterov ?? false,
    weightDecay: numberOf('--weight-decay', options.weightDecay),
    clip: numberOf('--clip', options.clip) === 0 ? null : numberOf('--clip', options.clip),
    learningRate: numberOf('--learning-rate', options.learningRate) ?? learningRate,
    warmup: numberOf('--warmup', options.warmup),
    schedule: options.schedule,
    rounds: numberOf('--rounds', options.rounds),
    iterations: numberOf('--iterations', options.iterations),
    batch: numberOf('--batch', options.batch),
    balance: options.balance,
    seed: numberOf('--seed', options.seed),
    patience: numberOf('--patience', options.patience),
  };
}

/**
 * A checked configuration.
 * @throws DermOrbitError OPTION_INVALID naming the option
 */
export function checkedConfig<Schema extends z.ZodType>(schema: Schema, fields: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).filter((part) => part !== 'augmentation' && part !== 'architecture');
  const name = String(path[0]).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new DermOrbitError('OPTION_INVALID', `--${name} ${issue ? wordsOf(issue) : 'is not understood'}.`);
}

type Issue = z.core.$ZodIssue;

/** What is wrong with a value, to go on from the option's name. */
function wordsOf(issue: Issue): string {
  switch (issue.code) {
    case 'too_small':
      if (issue.origin === 'array') return `takes ${issue.minimum} numbers`;
      return `takes a number ${issue.inclusive === false ? 'above' : 'from'} ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'array') return `takes ${issue.maximum} numbers`;
      return `takes a number up to ${issue.maximum}`;
    case 'not_multiple_of':
      return `takes a multiple of ${issue.divisor}`;
    case 'invalid_type':
      return issue.expected === 'int' ? 'takes a whole number' : `takes a ${issue.expected}`;
    default:
      return `is not understood: ${issue.message}`;
  }
}

/** @throws DermOrbitError OPTION_INVALID */
export function numberOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new DermOrbitError('OPTION_INVALID', `${option} takes a number, not "${text}".`);
}

/** Numbers with something between them. @throws DermOrbitError OPTION_INVALID */
export function numbersOf(option: string, text: string, separator: string | RegExp): number[] {
  return text.split(separator).map((part) => numberOf(option, part)!);
}
