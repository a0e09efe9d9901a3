// Models of a run on its validation images, by the same evaluation that `evaluate` makes: every method that they have, with
// intervals, and how often a turn changes the answer.
import { join } from 'node:path';
import type { EvaluationRow } from '../../contract/evaluation.ts';
import type { GroupName } from '../../groups/groups.ts';
import type { Provider } from '../../contract/settings.ts';
import type { ResultRow } from '../../contract/training.ts';
import { loadModel } from '../../engine/model.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import type { LabelledItem } from '../../evaluation/datasets/labelled-set.ts';
import { defaultBootstrap } from '../../evaluation/metrics/bootstrap.ts';
import { evaluate, planModel } from '../../evaluation/run/evaluate.ts';
import type { TrainOptions } from '../request.ts';

export interface MeasuredModels {
  readonly models: readonly ModelPackage[];
  readonly classes: readonly string[];
  readonly items: readonly LabelledItem[];
  readonly group: GroupName;
  readonly provider: Provider;
  /** Folder of the run; what was measured stays there, so that a run that was stopped does not measure twice. */
  readonly folder: string;
}

/** Methods of the comparison; those whose network a model lacks are left out. */
const methods = ['equitune', 'equizero', 'lambda', 'attention'] as const;

/**
 * One row per model and method, in the order of the models.
 * @throws DermOrbitError as {@link evaluate}
 */
export async function measureModels(
  { models, classes, items, group, provider, folder }: MeasuredModels,
  { signal, onEvent }: TrainOptions,
): Promise<ResultRow[]> {
  const set = { format: 'run', classes, names: classes, items, problems: [] };
  const choices = { groups: [group], methods, levels: [], inverses: [], heads: [] };
  const rows: ResultRow[] = [];
  for (const opened of models) {
    const model = await loadModel(opened, provider);
    try {
      const { evaluation } = await evaluate(
        {
          source: { images: '', labels: null, lesions: null },
          models: [planModel(model, set, choices)],
          views: { turned: 'all', angles: [], seed: 1, checkedImages: 0 },
          bootstrap: defaultBootstrap,
        },
        {
          folder: join(folder, 'measured'),
          signal,
          onEvent: ({ kind, done, total }) => {
            if (kind === 'image') onEvent?.({ kind: 'measuring', model: model.id, done, total });
          },
        },
      );
      for (const row of evaluation.models[0]!.rows) rows.push(resultRow(model.id, row, classes));
    } finally {
      await model.release();
    }
  }
  return rows;
}

function resultRow(
  model: string,
  { settings, figures, robustness }: EvaluationRow,
  classes: readonly string[],
): ResultRow {
  const figure = (name: string) => figures.find((one) => one.name === name);
  const accuracy = figure('balancedAccuracy');
  return {
    name: `${model}, ${settings.group} ${settings.method}`,
    balancedAccuracy: accuracy?.value ?? null,
    interval: accuracy?.low != null && accuracy.high != null ? [accuracy.low, accuracy.high] : null,
    top1: figure('top1')?.value ?? null,
    recalls: classes.map((code) => figure(`recall/${code}`)?.value ?? null),
    flipRate: robustness?.shares.find(({ name }) => name === 'flipped')?.value ?? null,
  };
}
