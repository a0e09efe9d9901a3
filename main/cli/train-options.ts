// The options of the ways of training: those of the table of fields, and those that say on what, where and as what.
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { z } from 'zod';
import { parseStages, valueText, type Control } from '../contract/controls.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { TrainTask } from '../contract/jobs.ts';
import { configSchemas } from '../contract/training.ts';
import { fieldAt, fieldsOf, type ConfigOf } from '../contract/training-config.ts';
import { defaultValidationShare } from '../contract/training-defaults.ts';
import { fieldTopics, type Fields, type TrainingField, type TrainKind } from '../contract/training-fields.ts';
import { decideConfig } from '../equivariance/training-settings.ts';

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

/** An option for every field of a kind. */
export function addFieldOptions(command: Command, kind: TrainKind): Command {
  for (const row of fieldsOf(kind)) command.addOption(optionOf(row, kind));
  return command;
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

/** `learningRate` and `augmentation.labelSmoothing`: `learning-rate`, `label-smoothing`. */
const longName = (path: string) =>
  path.slice(path.lastIndexOf('.') + 1).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** An option as it is written: `--rounds <number>`, `--nesterov`; what is on by default is turned off by `--no-`. */
export function flagsOf({ path, control, placeholder, defaults }: TrainingField, kind: TrainKind): string {
  const name = longName(path);
  if (control.type === 'switch') return defaults[kind] === true ? `--no-${name}` : `--${name}`;
  return `--${name} <${placeholder ?? placeholders[control.type]}>`;
}

const placeholders: Readonly<Record<Exclude<Control['type'], 'switch'>, string>> = {
  number: 'number',
  choice: 'choice',
  term: 'choice',
  numbers: 'numbers',
  stages: 'list',
};

function optionOf(row: TrainingField, kind: TrainKind): Option {
  const { help, control, topic } = row;
  const flags = flagsOf(row, kind);
  const words = flags.startsWith('--no-') ? `turns off: ${help}` : help;
  const option = new Option(flags, `${words}${note(row, kind)}`).helpGroup(`${fieldTopics[topic]}:`);
  return control.type === 'choice' || control.type === 'term'
    ? option.choices(control.type === 'choice' ? Object.keys(control.options) : control.values)
    : option;
}

/** The default, and how to say "none", in brackets. What is not given is decided by the table, not by the parser. */
function note(row: TrainingField, kind: TrainKind): string {
  const { control, defaults } = row;
  if (control.type === 'switch') return '';
  const isNone = [defaults[kind] as unknown].includes(null);
  const none = control.type === 'number' && !isNone ? control.none : undefined;
  return ` (default: ${defaultText(row, kind)}${none === undefined ? '' : `; 0: ${none}`})`;
}

/** The default of a field in words. */
export function defaultText({ control, defaults, follows }: TrainingField, kind: TrainKind): string {
  return follows?.[kind]?.words ?? valueText(control, defaults[kind]);
}

/**
 * A checked configuration from the options that were given.
 * @throws DermOrbitError OPTION_INVALID naming the option
 */
export function parseConfig<Kind extends TrainKind>(
  kind: Kind,
  options: Readonly<Record<string, unknown>>,
): ConfigOf<Kind> {
  const chosen: Record<string, unknown> = {};
  for (const { path, control, defaults } of fieldsOf(kind)) {
    const given = options[path.slice(path.lastIndexOf('.') + 1)];
    // Commander gives `true` for a `--no-` option that was not given.
    if (given === undefined || (control.type === 'switch' && given === defaults[kind])) continue;
    chosen[path] = typeof given === 'string' ? parseValue(`--${longName(path)}`, control, given) : given;
  }
  return checkedConfig(kind, decideConfig(kind, chosen));
}

/** @throws DermOrbitError OPTION_INVALID for what is no value at all; whether it fits, the schema says */
function parseValue(option: string, control: Control, text: string): unknown {
  switch (control.type) {
    case 'number': {
      const number = numberOf(option, text);
      return number === 0 && control.none !== undefined ? null : number;
    }
    case 'numbers':
      return text.split('-').map((part) => numberOf(option, part));
    case 'stages': {
      const stages = parseStages(text);
      if (stages.every(({ size, rounds }) => Number.isFinite(size) && Number.isFinite(rounds))) return stages;
      throw new DermOrbitError('OPTION_INVALID', `${option} takes SIZE:ROUNDS, not "${text}".`);
    }
    default:
      return text;
  }
}

/**
 * A checked configuration.
 * @throws DermOrbitError OPTION_INVALID naming the option
 */
export function checkedConfig<Kind extends TrainKind>(kind: Kind, fields: Fields): ConfigOf<Kind> {
  const parsed = configSchemas[kind].safeParse(fields);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const row = fieldAt(kind, issue?.path.join('.') ?? '');
  const name = row === undefined ? String(issue?.path.join('.')) : `--${longName(row.path)}`;
  const words = issue === undefined ? 'is not understood' : wordsOf(issue);
  throw new DermOrbitError('OPTION_INVALID', `${name} ${words}.`);
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
export function parseData(options: DataOptions): TrainTask['data'] {
  const path = (text: string | undefined) => (text === undefined ? null : resolve(text));
  if (options.validationImages === undefined && (options.validationLabels ?? options.validationGroupings)) {
    throw new DermOrbitError('OPTION_INVALID', '--validation-labels needs --validation-images.');
  }
  const share = numberOf('--validation-share', options.validationShare);
  if (!(share > 0 && share < 1)) {
    throw new DermOrbitError('OPTION_INVALID', `--validation-share lies between 0 and 1, not at ${share}.`);
  }
  const limit = options.limit === undefined ? null : numberOf('--limit', options.limit);
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

/** @throws DermOrbitError OPTION_INVALID */
export function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new DermOrbitError('OPTION_INVALID', `${option} takes a number, not "${text}".`);
}
