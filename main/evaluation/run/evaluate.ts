// An evaluation from beginning to end: plan, measure, statistics, one plain result. Everything a surface needs to
// ask for it and to follow it.
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { DermOrbitError } from '../../contract/errors.ts';
import type { Problem } from '../../contract/problem.ts';
import type { EvaluatedModel, Evaluation, TurnCheck } from '../../contract/evaluation.ts';
import type { LoadedModel } from '../../engine/model.ts';
import { runtimeVersion } from '../../engine/runtime.ts';
import { version } from '../../engine/version.ts';
import { groups } from '../../groups/groups.ts';
import { listed } from '../csv.ts';
import { alignClasses } from '../datasets/datasets.ts';
import type { DatasetSource } from '../../contract/dataset.ts';
import type { LabelledItem, LabelledSet } from '../datasets/labelled-set.ts';
import { clusterByLesion } from '../metrics/bootstrap.ts';
import { formatPredictions } from '../scoring/predictions.ts';
import { modelAnswers, type ModelAnswers } from './answers.ts';
import { measureSet, type MeasuredSet } from './measure-set.ts';
import { planRows, type EvaluationChoices, type PlannedRow, type ViewChoices } from './plan.ts';
import { runStatistics } from './run-statistics.ts';
import type { RowNumbers, StatisticsInput } from './statistics.ts';
import { elementName, turnNames, type MeasuredImage, type RowLayout } from './views.ts';

/** One model's part: what will be measured, and what was noticed before. */
export interface PlannedModel {
  readonly model: LoadedModel;
  /** The set with the classes of the model. */
  readonly set: LabelledSet;
  readonly rows: readonly PlannedRow[];
  readonly problems: readonly Problem[];
}

export interface EvaluationPlan {
  readonly source: DatasetSource;
  readonly models: readonly PlannedModel[];
  readonly views: ViewChoices;
  readonly bootstrap: StatisticsInput['bootstrap'];
}

export type EvaluationEvent =
  | {
      readonly kind: 'image';
      readonly model: string;
      readonly done: number;
      readonly total: number;
      readonly id: string;
    }
  | {
      readonly kind: 'statistics';
      readonly model: string;
      readonly done: number;
      readonly total: number;
      readonly id: string;
    };

export interface EvaluateOptions {
  /** Folder of the journals: a run that was interrupted goes on from there. */
  readonly folder: string;
  /** Whether to remove the journals once everything is done. */
  readonly removeJournal?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: EvaluationEvent) => void) | undefined;
  /** With the path of each journal, before anything is measured for it. */
  readonly onJournal?: ((path: string) => Promise<void>) | undefined;
}

/** A finished evaluation, and what stands in no report: the predictions as files for the official scorer. */
export interface FinishedEvaluation {
  readonly evaluation: Evaluation;
  /** One table per row, of the view that was scored. */
  readonly predictions: readonly { readonly model: string; readonly row: string; readonly csv: string }[];
  /** Images that could not be measured, by model. */
  readonly failedImages: number;
  /** What each image was answered, by model. */
  readonly answers: readonly ModelAnswers[];
}

/**
 * What one model will be measured on.
 * @throws DermOrbitError DATASET_EMPTY if the model knows none of the classes
 */
export function planModel(
  model: LoadedModel,
  set: LabelledSet,
  choices: EvaluationChoices,
  limit?: number,
): PlannedModel {
  const aligned = alignClasses(set, model.manifest.classes);
  const { rows, problems } = planRows(choices, model.combiners, model.manifest.features !== null);
  const items = limit === undefined ? aligned.items : aligned.items.slice(0, limit);
  return { model, set: { ...aligned, items }, rows, problems: [...problems, ...aligned.problems] };
}

/**
 * Runs a plan.
 * @throws DermOrbitError CANCELLED, WRITE_FAILED, DISK_FULL, and the codes of {@link measureSet}
 */
export async function evaluate(plan: EvaluationPlan, options: EvaluateOptions): Promise<FinishedEvaluation> {
  const { signal, onEvent, onJournal, folder } = options;
  const models: EvaluatedModel[] = [];
  const predictions: FinishedEvaluation['predictions'][number][] = [];
  const answers: ModelAnswers[] = [];
  const digest = createHash('sha256');
  const journals: string[] = [];
  let [seconds, resumedImages, failedImages] = [0, 0, 0];
  for (const planned of plan.models) {
    const { model, set, rows } = planned;
    const start = performance.now();
    const measured = await measureSet(model, set.items, rows, plan.views, {
      folder,
      signal,
      onJournal,
      onImage: (done, id) => {
        onEvent?.({ kind: 'image', model: model.id, done, total: set.items.length, id });
      },
    });
    seconds += (performance.now() - start) / 1000;
    resumedImages += measured.resumed;
    failedImages += measured.failures.length;
    journals.push(measured.journal);
    measured.items.forEach(({ id, label, lesion }, image) => {
      digest.update(`${JSON.stringify([id, set.classes[label], lesion, measured.hashes[image]])}\n`);
    });
    const input = statisticsInput(plan, planned, measured);
    const onRow = (row: number) => {
      onEvent?.({
        kind: 'statistics',
        model: model.id,
        done: row,
        total: rows.length,
        id: rows[row]?.id ?? '',
      });
    };
    answers.push(modelAnswers(input, measured.items));
    models.push(await evaluatedModel(planned, measured, input, onRow, signal));
    for (const { id, views, scoredView } of input.rows) {
      const csv = formatPredictions(input.ids, input.classes, views[scoredView]!);
      predictions.push({ model: model.id, row: id, csv });
    }
  }
  if (options.removeJournal === true) {
    await Promise.all(journals.map((journal) => rm(journal, { force: true })));
  }
  const { source, views } = plan;
  const evaluation: Evaluation = {
    schema: 1,
    dermorbit: version,
    versions: { node: process.versions.node, onnxruntime: runtimeVersion },
    made: new Date().toISOString(),
    dataset: {
      images: source.images,
      labels: source.labels,
      format: plan.models[0]?.set.format ?? '',
      sha256: digest.digest('hex'),
    },
    turned: views.turned,
    angles: views.angles,
    seed: views.seed,
    bootstrap: plan.bootstrap,
    seconds,
    resumedImages,
    models,
  };
  return { evaluation, predictions, failedImages, answers };
}

async function evaluatedModel(
  { model, set, problems }: PlannedModel,
  measured: MeasuredSet,
  input: StatisticsInput,
  onRow: (row: number) => void,
  signal: AbortSignal | undefined,
): Promise<EvaluatedModel> {
  const { manifest } = model;
  return {
    id: model.id,
    name: manifest.name,
    sha256: model.sha256,
    architecture: manifest.architecture.name,
    provider: model.provider,
    classes: set.classes,
    names: set.names,
    images: measured.items.length,
    lesions: clusterByLesion(input.lesions).count,
    imagesPerClass: set.classes.map(
      (_, index) => measured.items.filter(({ label }) => label === index).length,
    ),
    problems: [...problems, ...failureProblems(measured.failures)],
    rows: await runStatistics(input, onRow, signal),
  };
}

/** Images that could not be measured, as problems: one per code. */
function failureProblems(failures: MeasuredSet['failures']): Problem[] {
  const codes = [...new Set(failures.map(({ error }) => error.code))];
  return codes.map((code) => {
    const subjects = failures.filter(({ error }) => error.code === code).map(({ id }) => id);
    const { title } = new DermOrbitError(code, '');
    return { code, message: `${title}: ${listed(subjects)}.`, subjects, excluded: true };
  });
}

/** Methods whose weights are the same for every image. */
const constantWeights: ReadonlySet<string> = new Set(['vanilla', 'tta', 'equitune']);

function statisticsInput(
  plan: EvaluationPlan,
  { model, set }: PlannedModel,
  { layout, items, images }: MeasuredSet,
): StatisticsInput {
  const { views } = plan;
  const rows = layout.rows.map((row): RowNumbers => {
    const group = groups[row.settings.group];
    const view = (place: number) =>
      gathered(
        images,
        ({ probabilities }) => probabilities,
        row.probabilitiesAt + place * layout.classCount,
        layout.classCount,
      );
    return {
      id: row.id,
      settings: row.settings,
      turns: turnNames(group, views.turned),
      views: Array.from({ length: row.turnCount }, (_, place) => view(place)),
      // The papers judge on randomly turned images; otherwise the picture as it is.
      scoredView: views.turned === 'random' ? row.turnCount - 1 : 0,
      angles: views.angles.map((angle, place) => (place === 0 ? '0° (masked)' : `${angle}°`)),
      angleViews: views.angles.map((_, place) => view(row.turnCount + place)),
      orientations: group.elements.map(elementName),
      weights:
        constantWeights.has(row.settings.method) || group.order === 1
          ? null
          : gathered(images, ({ weights }) => weights, row.weightsAt, group.order),
      turnCheck: turnCheckOf(images, layout.rows.indexOf(row), row),
    };
  });
  return {
    model: model.id,
    classes: set.classes,
    ids: items.map(({ id }: LabelledItem) => id),
    labels: Int32Array.from(items, ({ label }) => label),
    lesions: items.map(({ lesion }) => lesion),
    rows,
    bootstrap: plan.bootstrap,
  };
}

/** The same `width` numbers of every image, [N, width]. */
function gathered(
  images: readonly MeasuredImage[],
  of: (image: MeasuredImage) => Float64Array,
  at: number,
  width: number,
): Float64Array {
  const all = new Float64Array(images.length * width);
  images.forEach((image, place) => {
    all.set(of(image).subarray(at, at + width), place * width);
  });
  return all;
}

function turnCheckOf(
  images: readonly MeasuredImage[],
  place: number,
  { turnCount }: RowLayout,
): TurnCheck | null {
  if (turnCount < 2) return null;
  const checks = images.flatMap(({ check }) =>
    check === null ? [] : [{ difference: check[2 * place]!, changed: check[2 * place + 1]! }],
  );
  return {
    images: checks.length,
    largestDifference:
      checks.length === 0
        ? null
        : checks.reduce((largest, { difference }) => Math.max(largest, difference), 0),
    changedAnswers: checks.reduce((sum, { changed }) => sum + changed, 0),
  };
}
