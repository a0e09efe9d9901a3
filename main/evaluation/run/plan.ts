// What is to be measured with one model: a row per group, method, level, inverse and head, each once. Pure.
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { Problem } from '../../contract/problem.ts';
import type { Turned } from '../../contract/evaluation.ts';
import type { GroupName } from '../../groups/groups.ts';
import {
  methodSchema,
  type Head,
  type Inverse,
  type Level,
  type Method,
  type Score,
  type Scorer,
  type Settings,
  type SettingsChoice,
} from '../../contract/settings.ts';
import type { CombinerName } from '../../contract/settings.ts';
import { hasFeatureMap, methodVariants, resolveSettings } from '../../equivariance/settings.ts';
import { groups } from '../../groups/groups.ts';

/** What a person asked for. An empty list leaves the choice to the defaults of the method. */
export interface EvaluationChoices {
  readonly groups: readonly GroupName[];
  readonly methods: readonly Method[];
  readonly levels: readonly Level[];
  readonly inverses: readonly Inverse[];
  readonly heads: readonly Head[];
  /** Of canonical. */
  readonly scorers?: readonly Scorer[];
  /** Of equizero at feature level. */
  readonly scores?: readonly Score[];
}

/** One way of predicting. */
export interface PlannedRow {
  /** Unique among the rows of a model, and a plain file name. */
  readonly id: string;
  readonly settings: Settings;
}

/** How the images are shown, beside as they are. */
export interface ViewChoices {
  readonly turned: Turned;
  /** Degrees of free turns; empty for none. */
  readonly angles: readonly number[];
  readonly seed: number;
  /** Images whose pixels are really turned, to check the turned answers. */
  readonly checkedImages: number;
}

/**
 * The rows for a model: per group vanilla and test-time augmentation first, whatever was asked for, so that no method
 * stands without its baselines; then the methods asked for, with every combination of the variants.
 * @param available the weight networks of the model
 * @returns rows, and the methods left out because the model lacks their network
 */
/** What a model may lack for a row, which is then left out and told. */
const lacks: ReadonlySet<ErrorCode> = new Set(['COMBINER_MISSING', 'MAP_MISSING']);

export function planRows(
  choices: EvaluationChoices,
  available: Iterable<CombinerName>,
  map = true,
): { rows: PlannedRow[]; problems: Problem[] } {
  const rows = new Map<string, PlannedRow>();
  const missing = new Map<string, DermOrbitError>();
  for (const group of new Set(choices.groups)) {
    for (const choice of variants(group, choices)) {
      try {
        const settings = resolveSettings(choice, available, map);
        rows.set(rowId(settings), { id: rowId(settings), settings });
      } catch (error) {
        if (!(error instanceof DermOrbitError && lacks.has(error.code))) throw error;
        missing.set(missingName(choice), error);
      }
    }
  }
  const problems = [...missing].map(([subject, { code, message }]): Problem => ({
    code,
    message,
    subjects: [subject],
    excluded: true,
  }));
  return { rows: [...rows.values()], problems };
}

function* variants(
  group: GroupName,
  choices: EvaluationChoices,
): Generator<SettingsChoice & { readonly method: Method }> {
  const orDefault = <T>(values: readonly T[]): readonly (T | undefined)[] =>
    values.length === 0 ? [undefined] : values;
  yield { group, method: 'vanilla' };
  // Over the identity alone every method answers as vanilla does.
  if (groups[group].order === 1) return;
  yield { group, method: 'tta' };
  for (const method of methodSchema.options) {
    if (!choices.methods.includes(method) || method === 'vanilla' || method === 'tta') continue;
    for (const level of orDefault(choices.levels)) {
      for (const inverse of orDefault(choices.inverses)) {
        for (const head of orDefault(choices.heads)) {
          for (const variant of methodVariants(method, level ?? 'feature')) {
            if (isAskedFor(variant, choices)) yield { group, method, level, inverse, head, ...variant };
          }
        }
      }
    }
  }
}

/** Whether a scorer or a score is among those asked for; of a score only the papers' where none was named. */
function isAskedFor(
  { scorer, score }: Pick<Settings, 'scorer' | 'score'>,
  { scorers = [], scores = [] }: EvaluationChoices,
): boolean {
  if (scorer !== undefined) return scorers.length === 0 || scorers.includes(scorer);
  return score === undefined || (scores.length === 0 ? score === 'probability' : scores.includes(score));
}

/** What is left out for want of a network, in words. */
function missingName({ method, level, scorer, score }: SettingsChoice & { readonly method: Method }): string {
  const variant = scorer === undefined ? '' : `${scorer} scorer, `;
  return `${method} (${variant}${score === 'distance' ? 'by distance, ' : ''}${level ?? 'feature'} level)`;
}

/** E.g. `c4-lambda` (the default: inverse on, orbit head), `c4-lambda-inverse-off-plain`, `c4-equitune-embedding`, `c4-equizero-entropy`. */
export function rowId(settings: Settings): string {
  const { group, method, level, inverse, head, scorer, score } = settings;
  const parts: string[] = [group, method];
  if (scorer === 'image') parts.push('image');
  if (score !== undefined && score !== 'probability') parts.push(score);
  if (level === 'embedding') parts.push('embedding');
  if (hasFeatureMap(settings) && method !== 'vanilla' && (inverse === 'off' || head === 'plain')) {
    parts.push(`inverse-${inverse}`, head);
  }
  return parts.join('-');
}
