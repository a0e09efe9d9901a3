// All figures of a set of predictions as one function of the image weights, for the bootstrap. Every figure
// has a name: `metric`, `metric/CLASS`, or `metric/macro` (the mean over the classes where it is defined).
// Formulas: docs/EVALUATION.md. Pure.
import type { Statistic } from './bootstrap.ts';
import { rateNames, rates, type BinaryCounts } from './rates.ts';
import {
  areaAboveSensitivity,
  areaUnderRoc,
  atSensitivity,
  atSpecificity,
  averagePrecision,
  countRanked,
  rankedCounts,
  type RankedCounts,
} from './ranking.ts';
import { undecided, type PreparedSet } from './scored-set.ts';
import { binOf, brierOf, hasProbabilities, logLossOf, reliabilityBins } from './calibration.ts';

/** Decision threshold of the official per-class rates: yes if the probability is above it. */
const yesAbove = 0.5;

/** Figures read off the order of the images by one class's probability. */
const rankingFigures = {
  auc: areaUnderRoc,
  aucSens80: (counts) => areaAboveSensitivity(counts, 0.8),
  ap: averagePrecision,
  sensitivityAtSpecificity90: (counts) => atSpecificity(counts, 0.9).sensitivity,
  sensitivityAtSpecificity95: (counts) => atSpecificity(counts, 0.95).sensitivity,
  specificityAtSensitivity90: (counts) => atSensitivity(counts, 0.9).specificity,
  specificityAtSensitivity95: (counts) => atSensitivity(counts, 0.95).specificity,
} as const satisfies Record<string, (counts: RankedCounts) => number>;

const rankingNames = Object.keys(rankingFigures) as (keyof typeof rankingFigures)[];

/** Figures of one class that follow from the answers (the class of the largest probability). */
const answerNames = ['recall', 'precision', 'f1'] as const;
const overallNames = [
  'balancedAccuracy',
  'top1',
  'top3',
  'top5',
  'macroF1',
  'ece',
  'brier',
  'logLoss',
] as const;
const perClassNames = [...answerNames, ...rateNames, ...rankingNames] as const;

type OverallMetric = (typeof overallNames)[number];

/** Weights of the yes-no decision "probability above 0.5" for one class. */
export function countAbove(set: PreparedSet, classIndex: number, weights: Float64Array): BinaryCounts {
  const order = set.orders[classIndex]!;
  const { probabilities, labels, classes } = set;
  let [truePositives, falsePositives, falseNegatives, trueNegatives, place] = [0, 0, 0, 0, 0];
  for (; place < order.length; place++) {
    const image = order[place]!;
    if (!(probabilities[image * classes.length + classIndex]! > yesAbove)) break;
    if (labels[image] === classIndex) truePositives += weights[image]!;
    else falsePositives += weights[image]!;
  }
  for (; place < order.length; place++) {
    const image = order[place]!;
    if (labels[image] === classIndex) falseNegatives += weights[image]!;
    else trueNegatives += weights[image]!;
  }
  return { truePositives, trueNegatives, falsePositives, falseNegatives };
}

/** Weights by class: of its images, of its right answers, of the answers that name it. */
interface AnswerCounts {
  readonly images: Float64Array;
  readonly right: Float64Array;
  readonly answered: Float64Array;
}

/** Sums weights by true class and by answer. */
export function countAnswers(set: PreparedSet, weights: Float64Array): AnswerCounts {
  const room = () => new Float64Array(set.classes.length);
  const counts = { images: room(), right: room(), answered: room() };
  for (let image = 0; image < set.imageCount; image++) {
    const [label, answer, weight] = [set.labels[image]!, set.answers[image]!, weights[image]!];
    counts.images[label]! += weight;
    if (answer === undecided) continue;
    counts.answered[answer]! += weight;
    if (answer === label) counts.right[label]! += weight;
  }
  return counts;
}

/**
 * Balanced multiclass accuracy: recall averaged over the classes that have images. Source: ISIC 2018 Task 3;
 * undecided answers count as wrong.
 */
export function balancedAccuracy({ right, images }: AnswerCounts): number {
  return meanDefined(right.map((weight, index) => weight / images[index]!));
}

/** Mean of the numbers that are numbers; NaN if there are none. */
export function meanDefined(values: ArrayLike<number>): number {
  let [sum, count] = [0, 0];
  for (let index = 0; index < values.length; index++) {
    if (Number.isNaN(values[index]!)) continue;
    sum += values[index]!;
    count++;
  }
  return sum / count;
}

interface MeasureOptions {
  /** Bins of the expected calibration error. */
  readonly bins?: number;
  /** Whether to compute the per-class figures: with 100 classes they are most of the work. */
  readonly perClass?: boolean;
}

/** Every figure of a set, as a function of the image weights. */
export function allMeasures(set: PreparedSet, options: MeasureOptions = {}): Statistic {
  const { bins = 15, perClass = true } = options;
  const { classes, imageCount, labelRanks } = set;
  const classMetrics = perClass ? perClassNames : answerNames;
  const names = [
    ...overallNames,
    ...classMetrics.flatMap((metric) => [...classes, 'macro'].map((column) => `${metric}/${column}`)),
  ];
  const calibrated = hasProbabilities(set);
  const brier = brierOf(set);
  const logLoss = logLossOf(set);
  const binIndex = binOf(set, bins);
  const counts = rankedCounts(imageCount);
  const width = classes.length + 1;
  /** Values of one class, in the order of `classMetrics`. */
  const column = new Float64Array(classMetrics.length);

  return {
    names,
    evaluate(weights, out) {
      let [total, top1, top3, top5, brierSum, lossSum] = [0, 0, 0, 0, 0, 0];
      for (let image = 0; image < imageCount; image++) {
        const weight = weights[image]!;
        const labelRank = labelRanks[image]!;
        total += weight;
        if (labelRank < 1) top1 += weight;
        if (labelRank < 3) top3 += weight;
        if (labelRank < 5) top5 += weight;
        brierSum += weight * brier[image]!;
        lossSum += weight * logLoss[image]!;
      }
      const answers = countAnswers(set, weights);
      const f1 = answers.right.map(
        (right, index) => (2 * right) / (answers.images[index]! + answers.answered[index]!),
      );
      const calibration = calibrated ? reliabilityBins(set, binIndex, bins, weights).error : NaN;
      const calibratedOrNot = (value: number) => (calibrated ? value : NaN);
      const overall: Record<OverallMetric, number> = {
        balancedAccuracy: balancedAccuracy(answers),
        top1: top1 / total,
        top3: top3 / total,
        top5: top5 / total,
        macroF1: meanDefined(f1),
        ece: calibration,
        brier: calibratedOrNot(brierSum / total),
        logLoss: calibratedOrNot(lossSum / total),
      };
      overallNames.forEach((name, index) => (out[index] = overall[name]));

      for (let index = 0; index < classes.length; index++) {
        column[0] = answers.right[index]! / answers.images[index]!;
        column[1] = answers.right[index]! / answers.answered[index]!;
        column[2] = f1[index]!;
        if (perClass) {
          let place = answerNames.length;
          const binary = countAbove(set, index, weights);
          for (const name of rateNames) column[place++] = rates[name](binary);
          countRanked(set, index, weights, counts);
          for (const name of rankingNames) column[place++] = rankingFigures[name](counts);
        }
        column.forEach((value, metric) => (out[overallNames.length + metric * width + index] = value));
      }
      for (let metric = 0; metric < classMetrics.length; metric++) {
        const start = overallNames.length + metric * width;
        out[start + classes.length] = meanDefined(out.subarray(start, start + classes.length));
      }
    },
  };
}
