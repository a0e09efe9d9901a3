// The score of ISIC 2018 Task 3 as the official scorer computes it, and beside every figure whether it is
// defined at all: the scorer gives 1 to a sensitivity without positives, for example, and says nothing.
// Source: isic-challenge-scoring (ClassificationScore), on scikit-learn's curves. Pure.
import {
  areaAboveSensitivity,
  areaUnderRoc,
  averagePrecision,
  countRanked,
  rankedCounts,
} from '../metrics/ranking.ts';
import { balancedAccuracy, countAbove, countAnswers, meanDefined } from '../metrics/measures.ts';
import { rateNames, rates } from '../metrics/rates.ts';
import { defined } from '../metrics/bootstrap.ts';
import { equalWeights, type PreparedSet } from '../metrics/scored-set.ts';

/** Names of the per-class figures in the scorer's own JSON, and in its order. */
export const officialMetrics = [...rateNames, 'auc', 'auc_sens_80', 'ap'] as const;
export type OfficialMetric = (typeof officialMetrics)[number];

/** One figure: what it is, and what the official scorer calls it where it is nothing. */
export interface OfficialFigure {
  /** Null where the figure divides by nothing. */
  readonly value: number | null;
  /** What the official scorer reports; null where it reports nothing either. */
  readonly official: number | null;
  /** Why `value` is undefined, or what it leaves out; null where there is nothing to say. */
  readonly note: string | null;
}

/** A score, with the keys of the official JSON. */
export interface OfficialScore {
  /** Balanced multiclass accuracy with the score weights. */
  readonly overall: OfficialFigure;
  /** The same with the validation weights. */
  readonly validation: OfficialFigure;
  readonly per_category: Readonly<Record<OfficialMetric, Readonly<Record<string, OfficialFigure>>>>;
  readonly macro_average: Readonly<Record<OfficialMetric, OfficialFigure>>;
}

interface Convention {
  /** What the scorer reports for an undefined figure; null: it fails or reports no number. */
  readonly official: number | null;
  /** Why the figure of a class is undefined. */
  readonly note: (code: string) => string;
}

const noneOf = (code: string) => `no image of ${code}`;
const oneKind = (code: string) => `needs images of ${code} and of other classes`;

const conventions: Readonly<Record<OfficialMetric, Convention>> = {
  accuracy: { official: null, note: () => 'no image has weight' },
  sensitivity: { official: 1, note: noneOf },
  specificity: { official: 1, note: (code) => `every image is ${code}` },
  dice: { official: 1, note: (code) => `no image of ${code} and no answer ${code} above 0.5` },
  ppv: { official: 1, note: (code) => `no answer ${code} above 0.5` },
  npv: { official: 1, note: (code) => `every answer is ${code} above 0.5` },
  auc: { official: null, note: oneKind },
  auc_sens_80: { official: null, note: oneKind },
  ap: { official: 0, note: noneOf },
};

/** Score weights and validation weights, [N] each; 1 where absent. */
interface ScoreWeights {
  readonly score?: Float64Array;
  readonly validation?: Float64Array;
}

/** Scores predictions. */
export function officialScore(set: PreparedSet, weights: ScoreWeights = {}): OfficialScore {
  const score = weights.score ?? equalWeights(set.imageCount);
  const validation = weights.validation ?? equalWeights(set.imageCount);
  const counts = rankedCounts(set.imageCount);
  const columns = set.classes.map((code, index): Record<OfficialMetric, OfficialFigure> => {
    const binary = countAbove(set, index, score);
    countRanked(set, index, score, counts);
    const figure = (metric: OfficialMetric, number: number): OfficialFigure => {
      const value = defined(number);
      if (value !== null) return { value, official: value, note: null };
      const { official, note } = conventions[metric];
      return { value, official, note: note(code) };
    };
    return {
      accuracy: figure('accuracy', rates.accuracy(binary)),
      sensitivity: figure('sensitivity', rates.sensitivity(binary)),
      specificity: figure('specificity', rates.specificity(binary)),
      dice: figure('dice', rates.dice(binary)),
      ppv: figure('ppv', rates.ppv(binary)),
      npv: figure('npv', rates.npv(binary)),
      auc: figure('auc', areaUnderRoc(counts)),
      auc_sens_80: figure('auc_sens_80', areaAboveSensitivity(counts, 0.8)),
      ap: figure('ap', averagePrecision(counts)),
    };
  });
  const byMetric = <Value>(of: (metric: OfficialMetric) => Value) =>
    Object.fromEntries(officialMetrics.map((metric) => [metric, of(metric)])) as Record<
      OfficialMetric,
      Value
    >;
  return {
    overall: balanced(set, score),
    validation: balanced(set, validation),
    per_category: byMetric((metric) =>
      Object.fromEntries(set.classes.map((code, index) => [code, columns[index]![metric]])),
    ),
    macro_average: byMetric((metric) =>
      macro(
        set.classes,
        columns.map((column) => column[metric]),
      ),
    ),
  };
}

function balanced(set: PreparedSet, weights: Float64Array): OfficialFigure {
  const answers = countAnswers(set, weights);
  const absent = set.classes.filter((_, index) => answers.images[index] === 0);
  const value = defined(balancedAccuracy(answers));
  return { value, official: value, note: absent.length === 0 ? null : `without ${absent.join(', ')}` };
}

/** Means over the classes: of the values that are defined, and of the official ones. */
function macro(classes: readonly string[], figures: readonly OfficialFigure[]): OfficialFigure {
  const absent = classes.filter((_, index) => figures[index]!.value === null);
  return {
    value: defined(meanDefined(figures.map((figure) => figure.value ?? NaN))),
    official: defined(meanDefined(figures.map((figure) => figure.official ?? NaN))),
    note: absent.length === 0 ? null : `without ${absent.join(', ')}`,
  };
}

/** The numbers of the official scorer's JSON, without the curves. */
export interface OfficialJson {
  readonly overall: number | null;
  readonly validation: number | null;
  readonly per_category: Record<OfficialMetric, Record<string, number | null>>;
  readonly macro_average: Record<OfficialMetric, number | null>;
  readonly aggregate: { readonly balanced_accuracy: number | null };
}

/** A score in the shape of the official scorer's JSON, with its conventions. */
export function toOfficialJson(score: OfficialScore): OfficialJson {
  const overall = score.overall.official;
  const { per_category, macro_average } = score;
  return {
    overall,
    validation: score.validation.official,
    per_category: mapValues(per_category, (row) => mapValues(row, (figure) => figure.official)),
    macro_average: mapValues(macro_average, (figure) => figure.official),
    aggregate: { balanced_accuracy: overall },
  };
}

function mapValues<Key extends string, From, To>(
  record: Readonly<Record<Key, From>>,
  map: (value: From) => To,
): Record<Key, To> {
  return Object.fromEntries(Object.entries<From>(record).map(([key, value]) => [key, map(value)])) as Record<
    Key,
    To
  >;
}
