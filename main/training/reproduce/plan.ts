// From the rows that are wanted to the steps that make them, in order. Pure.
import { DermOrbitError } from '../../contract/errors.ts';
import { rowId, type ReproducedSet, type RowName, type Stage } from '../../contract/reproduction.ts';
import type { GroupName } from '../../groups/groups.ts';
import type { PrefinetuneConfig } from '../../contract/training.ts';
import { publishedRows } from './published.ts';
import { finetuneConfigOf, prefinetuneConfigOf, recipes } from './recipes.ts';

export interface ReproductionChoice {
  readonly dataset: ReproducedSet;
  readonly rows: readonly RowName[];
  readonly onlyPrefinetune: boolean;
  /** Share of the papers' number of steps, above 0, at most 1. */
  readonly scale: number;
  readonly seed: number;
}

interface TrainingStep {
  /** Of the step, of the model that it makes, and of its run. */
  readonly id: string;
  readonly title: string;
  /** The model that it starts from. */
  readonly from: string;
  readonly row: RowName;
  readonly stage: Stage;
}

export type Step =
  /** The model as it came, measured. */
  | {
      readonly kind: 'zero-shot';
      readonly id: string;
      readonly title: string;
      readonly groups: readonly GroupName[];
    }
  | (TrainingStep & { readonly kind: 'prefinetune'; readonly config: PrefinetuneConfig })
  | (TrainingStep & { readonly kind: 'finetune'; readonly config: ReturnType<typeof finetuneConfigOf> });

/** The imported model with the logit rule of the published code. */
export const startId = (dataset: ReproducedSet) => `repro-${dataset}-start`;

export const modelId = (dataset: ReproducedSet, row: RowName, stage: Stage) =>
  `repro-${dataset}-${rowId(row)}-${stage}`;

/** The zero-shot rows, then row by row: pre-finetuning, and finetuning what came of it. Each ends with its measurement. */
export function planSteps({ dataset, rows, onlyPrefinetune, scale, seed }: ReproductionChoice): Step[] {
  const steps: Step[] = [
    {
      kind: 'zero-shot',
      id: startId(dataset),
      title: 'zero-shot',
      groups: [...new Set(rows.map(({ group }) => group))],
    },
  ];
  for (const row of rows) {
    const run = { group: row.group, scale, seed };
    const pre = modelId(dataset, row, 'pre');
    const name = `${recipes[row.recipe].title}, ${row.group}`;
    steps.push({
      kind: 'prefinetune',
      ...{ id: pre, title: `pre-finetune ${name}`, from: startId(dataset), row, stage: 'pre' },
      config: prefinetuneConfigOf(row.recipe, run),
    });
    if (onlyPrefinetune) continue;
    steps.push({
      kind: 'finetune',
      ...{ id: modelId(dataset, row, 'fine'), title: `finetune ${name}`, from: pre, row, stage: 'fine' },
      config: finetuneConfigOf(row.recipe, run),
    });
  }
  return steps;
}

/**
 * The rows that a list names, in the order of the papers.
 * @param list of rows (`c4-original`) or recipes (`original`: in every group that it was published for); null: all
 * @throws DermOrbitError OPTION_INVALID
 */
export function rowsOf(dataset: ReproducedSet, list: readonly string[] | null): RowName[] {
  const known = publishedRows[dataset].map(({ group, recipe }) => ({ group, recipe }));
  if (list === null) return known;
  const matches = (word: string, row: RowName) => word === row.recipe || word === rowId(row);
  const unknown = list.filter((word) => !known.some((row) => matches(word, row)));
  if (unknown.length > 0) {
    const words = [...new Set(known.map(({ recipe }) => recipe)), ...known.map(rowId)];
    throw new DermOrbitError(
      'OPTION_INVALID',
      `--rows takes ${words.join(', ')}, not "${unknown.join(', ')}".`,
    );
  }
  return known.filter((row) => list.some((word) => matches(word, row)));
}
