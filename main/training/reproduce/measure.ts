// A model of a reproduction, measured as the papers measure: every validation image turned by one random element of the
// group. What was measured stays in the work folder.
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EvaluationRow } from '../../contract/evaluation.ts';
import { measuredModelSchema, type MeasuredModel, type Measurement } from '../../contract/reproduction.ts';
import type { GroupName } from '../../groups/groups.ts';
import type { ProviderChoice } from '../../contract/settings.ts';
import { loadModel } from '../../engine/model.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import type { DatasetSource } from '../../contract/dataset.ts';
import type { LabelledSet } from '../../evaluation/datasets/labelled-set.ts';
import { defaultBootstrap } from '../../evaluation/metrics/bootstrap.ts';
import { evaluate, planModel } from '../../evaluation/run/evaluate.ts';
import type { EvaluationChoices } from '../../evaluation/run/plan.ts';
import { writeFileAtomic } from '../../base/durable-files.ts';
import type { Step } from './plan.ts';
import { publishedCombination } from './recipes.ts';

/** Images whose pixels are really turned, as a check of the computed turns. */
const checkedImages = 16;

export interface Measuring {
  readonly source: DatasetSource;
  readonly set: LabelledSet;
  readonly provider: ProviderChoice;
  readonly seed: number;
  readonly work: string;
  readonly signal?: AbortSignal | undefined;
  readonly onImage?: ((done: number, total: number) => void) | undefined;
}

/** What a step's model is measured with, beside vanilla and tta, which are always there. */
function choicesOf(step: Step): EvaluationChoices {
  const combination = { inverses: [publishedCombination.inverse], heads: [publishedCombination.head] };
  if (step.kind === 'zero-shot') {
    return { ...combination, groups: step.groups, methods: ['equitune'], levels: ['feature', 'embedding'] };
  }
  const { group, method, level } = step.config;
  return { ...combination, groups: [group], methods: [method], levels: [level] };
}

const fileOf = (work: string, { id }: Step) => join(work, 'measured', `${id}.json`);

/** What was measured of this very model before; null if nothing, not in all of these groups, or nothing readable. */
export async function measuredBefore(
  work: string,
  step: Step,
  { sha256 }: ModelPackage,
): Promise<MeasuredModel | null> {
  const text = await readFile(fileOf(work, step), 'utf8').catch(() => 'null');
  const found = measuredModelSchema.safeParse(parsed(text)).data;
  if (found?.sha256 !== sha256) return null;
  return choicesOf(step).groups.every((group) => found.groups.includes(group)) ? found : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @throws DermOrbitError as evaluations do; what was measured until then is not measured again */
export async function measureStep(
  step: Step,
  opened: ModelPackage,
  options: Measuring,
): Promise<MeasuredModel> {
  const { source, set, provider, seed, work, signal, onImage } = options;
  const choices = choicesOf(step);
  const model = await loadModel(opened, provider);
  try {
    const { evaluation } = await evaluate(
      {
        source,
        models: [planModel(model, set, choices)],
        views: { turned: 'random', angles: [], seed, checkedImages },
        bootstrap: defaultBootstrap,
      },
      {
        folder: join(work, 'journals'),
        removeJournal: true,
        signal,
        onEvent: ({ kind, done, total }) => {
          if (kind === 'image') onImage?.(done, total);
        },
      },
    );
    const { rows, images, lesions, classes, imagesPerClass } = evaluation.models[0]!;
    const measured: MeasuredModel = {
      model: opened.manifest.id,
      sha256: opened.sha256,
      ...{ images, lesions, classes: [...classes], imagesPerClass: [...imagesPerClass] },
      dataSha256: evaluation.dataset.sha256,
      groups: [...choices.groups],
      rows: rows.map(measurementOf),
    };
    await mkdir(dirname(fileOf(work, step)), { recursive: true });
    await writeFileAtomic(fileOf(work, step), `${JSON.stringify(measured, null, 2)}\n`);
    return measured;
  } finally {
    await model.release();
  }
}

function measurementOf({ settings, figures, robustness, turnCheck }: EvaluationRow): Measurement {
  const none = (name: string) => ({ name, value: null, low: null, high: null, definedShare: 0 });
  const figure = (name: string) => figures.find((one) => one.name === name) ?? none(name);
  return {
    settings,
    top1: figure('top1'),
    balancedAccuracy: figure('balancedAccuracy'),
    flipRate: robustness?.shares.find(({ name }) => name === 'flipped') ?? none('flipped'),
    boundWithoutFlips: robustness?.boundWithoutFlips ?? null,
    turnCheck,
  };
}

/** The row of a step's own method among those that were measured. */
export function ownRow(
  { rows }: MeasuredModel,
  step: Exclude<Step, { kind: 'zero-shot' }>,
): Measurement | null {
  const { group, method, level } = step.config;
  const own = rows.find(
    ({ settings }) => settings.group === group && settings.method === method && settings.level === level,
  );
  return own ?? null;
}

/** In the groups that are asked for now. */
export function rowsInGroups({ rows }: MeasuredModel, groups: readonly GroupName[]): Measurement[] {
  return rows.filter(({ settings }) => groups.includes(settings.group));
}
