// dermorbit evaluate: a labelled set in, the comparison of methods out.
import { join, parse, resolve } from 'node:path';
import type { Command } from 'commander';
import type { z } from 'zod';
import { DermOrbitError } from '../contract/errors.ts';
import { turnedSchema } from '../contract/evaluation.ts';
import type { Problem } from '../contract/problem.ts';
import type { EvaluateTask } from '../contract/jobs.ts';
import {
  groupNameSchema,
  headSchema,
  inverseSchema,
  levelSchema,
  methodSchema,
  scorerSchema,
  scoreSchema,
} from '../contract/settings.ts';
import { dataFolder, defaultModelFolders } from '../engine/folders.ts';
import { parseProvider } from '../engine/providers.ts';
import { ModelStore } from '../engine/store/store.ts';
import { defaultBootstrap } from '../evaluation/metrics/bootstrap.ts';
import type { EvaluationEvent, FinishedEvaluation } from '../evaluation/run/evaluate.ts';
import { Evaluations } from '../evaluation/store/evaluations.ts';
import { findRequest, requestFile } from '../evaluation/store/unfinished.ts';
import { evaluateTask, type EvaluationPlaces } from '../jobs/evaluate.ts';
import { evaluationReport } from '../reports/evaluation-report.ts';
import { withNamesOnly } from '../reports/names-only.ts';
import { writeFileAtomic } from '../base/durable-files.ts';
import { harmless, interruptSignal, note } from './output.ts';
import { showProgress, type ProgressDisplay } from './progress.ts';
import { printEvaluation } from './show-evaluation.ts';

interface EvaluateOptions {
  readonly images: string;
  readonly labels?: string;
  readonly groupings?: string;
  readonly model: readonly string[];
  readonly methods: string;
  readonly groups: string;
  readonly levels?: string;
  readonly inverses?: string;
  readonly heads?: string;
  readonly scorers?: string;
  readonly scores?: string;
  readonly turned: string;
  readonly angleStep?: string;
  readonly check: string;
  readonly seed: string;
  readonly limit?: string;
  readonly resamples: string;
  readonly provider: string;
  readonly run?: string;
  readonly csv?: string;
  readonly report?: string;
  readonly json?: boolean;
  readonly fullPaths?: boolean;
}

export function addEvaluateCommand(program: Command): void {
  const list = (values: readonly string[]) => values.join(', ');
  program
    .command('evaluate')
    .requiredOption('--images <dir>', 'images: an ISIC folder, a folder per class, CIFAR-100 (binary), ...')
    .option('--labels <csv>', 'labels (default: what lies beside the images by the name of its format)')
    .option('--groupings <csv>', 'which images show the same lesion: image,lesion_id')
    .option('--model <id|folder...>', 'models to compare', ['dermorbit-base'])
    .option(
      '--methods <list>',
      `of ${list(methodSchema.options)}; vanilla and tta are always there`,
      'equitune,equizero,lambda,attention',
    )
    .option('--groups <list>', `of ${list(groupNameSchema.options)}`, 'c4')
    .option('--levels <list>', `of ${list(levelSchema.options)} (default: feature)`)
    .option('--inverses <list>', `of ${list(inverseSchema.options)} (default: on)`)
    .option('--heads <list>', `of ${list(headSchema.options)} (default: orbit)`)
    .option('--scorers <list>', `of canonical: ${list(scorerSchema.options)} (default: those of the model)`)
    .option('--scores <list>', `of equizero: ${list(scoreSchema.options)} (default: probability)`)
    .option(
      '--turned <which>',
      'none; random: judge each image turned by a random element; all: every element',
      'all',
    )
    .option('--angle-step <degrees>', 'also turn freely, in steps of so many degrees (interpolates: slow)')
    .option('--check <number>', 'images whose pixels are really turned, to check the computed turns', '16')
    .option('--seed <number>', 'of the random turns', '1')
    .option('--limit <number>', 'only the first images of the set')
    .option('--resamples <number>', 'bootstrap resamples of lesions', String(defaultBootstrap.resamples))
    .option('--provider <provider>', 'auto, cuda, tensorrt, dml, webgpu, coreml or cpu', 'auto')
    .option(
      '--run <dir>',
      'keep what was measured, image by image, in this folder, and go on from what lies there',
    )
    .option('--csv <file>', 'write predictions for the official scorer: FILE.csv becomes FILE.<row>.csv')
    .option('--report <file>', 'write a report: one HTML file with every plot')
    .option('--json', 'print the whole result as JSON and nothing else')
    .option(
      '--full-paths',
      'say in report and JSON where images and labels lie, not only what they are called',
    )
    .addHelpText(
      'after',
      '\nThe image tower reads every orientation of an image once, for all methods. A run that was interrupted\n' +
        'goes on where it ended when the same command is given again, or from the Evaluate screen of the app, which\n' +
        'lists the finished evaluation, too.\n' +
        '\nExamples:\n  dermorbit evaluate --images ISIC2018_Task3_Validation_Input --report validation.html' +
        '\n  dermorbit evaluate --images photos/ --labels labels.csv --groups c1,c4,d4 --turned random --csv p.csv',
    )
    .action(evaluateSet);
}

async function evaluateSet(options: EvaluateOptions): Promise<void> {
  const signal = interruptSignal();
  const store = new ModelStore(defaultModelFolders());
  const task = parseTask(options, await Promise.all(options.model.map((name) => store.lastingName(name))));
  const evaluations = new Evaluations(join(dataFolder(), 'evaluations'));
  const id = evaluations.newId();
  const shown = new EvaluationProgress(task.models.length > 1);
  const finished = await evaluateTask(
    task,
    { ...(await placesOf(task, options, evaluations.folder, id)), folder: evaluations.folderOf(id) },
    {
      store,
      signal,
      onPlanned: (planned) => {
        for (const { model, problems } of planned) {
          listProblems(planned.length > 1 ? `${model.id}: ` : '', problems);
        }
      },
      onEvent: (event) => {
        shown.show(event);
      },
    },
  ).finally(() => {
    shown.stop();
  });
  note(harmless(`Kept for the Evaluate screen: ${evaluations.folderOf(id)}`));
  const told = options.fullPaths === true ? finished.evaluation : withNamesOnly(finished.evaluation);
  await write({ ...finished, evaluation: told }, options);
  if (options.json) process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
  else printEvaluation(told);
  if (finished.failedImages > 0) process.exitCode = 1;
}

/**
 * Without a folder of its own an evaluation is kept where the app keeps its own: what is interrupted, it lists and goes on
 * with, and so does the same command.
 */
async function placesOf(
  task: EvaluateTask,
  { run }: EvaluateOptions,
  folder: string,
  id: string,
): Promise<Omit<EvaluationPlaces, 'folder'>> {
  if (run !== undefined) return { journals: resolve(run), request: null };
  return { journals: folder, request: requestFile(folder, (await findRequest(folder, task)) ?? id) };
}

/** What was asked for, every field decided. @throws DermOrbitError OPTION_INVALID naming the option */
function parseTask(options: EvaluateOptions, models: string[]): EvaluateTask {
  const turned = parseList('--turned', options.turned, turnedSchema.options);
  if (turned.length !== 1) throw new DermOrbitError('OPTION_INVALID', '--turned takes one value.');
  const choose = <T extends string>(
    name: string,
    text: string | undefined,
    schema: z.ZodEnum<Record<T, T>>,
  ) => (text === undefined ? [] : parseList(name, text, schema.options as readonly T[]));
  const path = (text: string | undefined) => (text === undefined ? null : resolve(text));
  return {
    models,
    provider: parseProvider(options.provider),
    source: {
      images: resolve(options.images),
      labels: path(options.labels),
      lesions: path(options.groupings),
    },
    choices: {
      groups: choose('--groups', options.groups, groupNameSchema),
      methods: choose('--methods', options.methods, methodSchema),
      levels: choose('--levels', options.levels, levelSchema),
      inverses: choose('--inverses', options.inverses, inverseSchema),
      heads: choose('--heads', options.heads, headSchema),
      scorers: choose('--scorers', options.scorers, scorerSchema),
      scores: choose('--scores', options.scores, scoreSchema),
    },
    options: {
      turned: turned[0]!,
      angleStep:
        options.angleStep === undefined ? null : parseNumber('--angle-step', options.angleStep, 1, 180),
      seed: parseNumber('--seed', options.seed, 0, 2 ** 31 - 1, true),
      checkedImages: parseNumber('--check', options.check, 0, 1e6, true),
      limit: options.limit === undefined ? null : parseNumber('--limit', options.limit, 1, 1e7, true),
      resamples: parseNumber('--resamples', options.resamples, 1, 1e6, true),
    },
  };
}

function parseList<T extends string>(option: string, text: string, allowed: readonly T[]): T[] {
  const found = text.split(',').map((value) => value.trim());
  const wrong = found.filter((value) => !allowed.includes(value as T));
  if (wrong.length > 0) {
    const message = `${option} takes ${allowed.join(', ')}, not "${wrong.join(', ')}".`;
    throw new DermOrbitError('OPTION_INVALID', message);
  }
  return [...new Set(found)] as T[];
}

function parseNumber(option: string, text: string, least: number, most: number, whole = false): number {
  const number = Number(text);
  const fits = text.trim() !== '' && number >= least && number <= most;
  if (!fits || (whole && !Number.isInteger(number))) {
    const kind = whole ? 'a whole number' : 'a number';
    throw new DermOrbitError(
      'OPTION_INVALID',
      `${option} takes ${kind} from ${least} to ${most}, not "${text}".`,
    );
  }
  return number;
}

/** What is wrong with the set, and what is left out for it. */
function listProblems(prefix: string, problems: readonly Problem[]): void {
  for (const { code, message, excluded } of problems) {
    note(harmless(`${prefix}${message}${excluded ? ' Left out.' : ''} (${code})`));
  }
}

/** A bar for the images of each model, and one for its statistics. */
class EvaluationProgress {
  readonly #several: boolean;
  #shown: { readonly key: string; readonly display: ProgressDisplay } | null = null;

  constructor(several: boolean) {
    this.#several = several;
  }

  show({ kind, model, done, total, id }: EvaluationEvent): void {
    const key = `${kind} ${model}`;
    if (this.#shown?.key !== key) {
      this.stop();
      const unit = { image: 'images', statistics: 'rows of statistics' }[kind];
      this.#shown = { key, display: showProgress(total, this.#several ? `${unit} (${model})` : unit) };
    }
    this.#shown.display.update(done, id);
  }

  stop(): void {
    this.#shown?.display.stop();
    this.#shown = null;
  }
}

async function write(
  { evaluation, predictions }: FinishedEvaluation,
  options: EvaluateOptions,
): Promise<void> {
  if (options.csv !== undefined) {
    const { dir, name, ext } = parse(resolve(options.csv));
    const several = evaluation.models.length > 1;
    for (const { model, row, csv } of predictions) {
      await writeFileAtomic(join(dir, `${name}.${several ? `${model}.` : ''}${row}${ext || '.csv'}`), csv);
    }
    note(`Predictions of ${predictions.length} rows: ${join(dir, `${name}.<row>${ext || '.csv'}`)}`);
  }
  if (options.report !== undefined) {
    await writeFileAtomic(options.report, evaluationReport(evaluation));
    note(`Report: ${resolve(options.report)}`);
  }
}
