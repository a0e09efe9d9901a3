// Whether probabilities mean what they say: reliability bins, expected calibration error, Brier score,
// log loss. Sources: Guo et al. 2017 (reliability and ECE of the top answer), Brier 1950 (the sum over
// classes). Defined only where the rows of probabilities sum to 1. Pure.
import type { ReliabilityBin, Reliability } from '../../contract/figures.ts';
import { equalWeights, type PreparedSet } from './scored-set.ts';

/** Rows that are off by more than this are no probabilities: 100 values rounded to 5 digits stay within it. */
const tolerance = 1e-3;

/** Smallest probability in a log loss: a certain error costs 36 and not infinity (as scikit-learn does). */
const smallest = Number.EPSILON;

/** Whether every row of the set sums to 1. */
export function hasProbabilities(set: PreparedSet): boolean {
  const width = set.classes.length;
  for (let image = 0; image < set.imageCount; image++) {
    let sum = 0;
    for (let index = 0; index < width; index++) sum += set.probabilities[image * width + index]!;
    if (Math.abs(sum - 1) > tolerance) return false;
  }
  return true;
}

/** [N] sum over the classes of (probability - truth)^2: 0 is perfect, 2 is certain and wrong. */
export function brierOf(set: PreparedSet): Float64Array {
  const width = set.classes.length;
  return Float64Array.from({ length: set.imageCount }, (_, image) => {
    let sum = 0;
    for (let index = 0; index < width; index++) {
      const truth = set.labels[image] === index ? 1 : 0;
      sum += (set.probabilities[image * width + index]! - truth) ** 2;
    }
    return sum;
  });
}

/** [N] minus the natural logarithm of the probability of the label. */
export function logLossOf(set: PreparedSet): Float64Array {
  const width = set.classes.length;
  return Float64Array.from(
    set.labels,
    (label, image) => -Math.log(Math.max(smallest, set.probabilities[image * width + label]!)),
  );
}

/** [N] the bin of each image's largest probability, of `bins` bins of equal width: ((b)/bins, (b+1)/bins]. */
export function binOf(set: PreparedSet, bins: number): Int32Array {
  return Int32Array.from(set.confidences, (confidence) =>
    Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1)),
  );
}

/** Reliability bins of equal width; all null if the rows are no probabilities. */
export function reliability(
  set: PreparedSet,
  options: { readonly bins?: number; readonly weights?: Float64Array } = {},
): Reliability {
  const { bins: count = 15, weights = equalWeights(set.imageCount) } = options;
  if (!hasProbabilities(set)) return { bins: [], expectedError: null, maximumError: null };
  const sums = reliabilityBins(set, binOf(set, count), count, weights);
  const bins = Array.from({ length: count }, (_, bin): ReliabilityBin => {
    const weight = sums.weight[bin]!;
    return {
      from: bin / count,
      to: (bin + 1) / count,
      weight,
      confidence: weight === 0 ? null : sums.confidence[bin]! / weight,
      accuracy: weight === 0 ? null : sums.right[bin]! / weight,
    };
  });
  const distances = bins.flatMap(({ confidence, accuracy }) =>
    confidence === null || accuracy === null ? [] : [Math.abs(confidence - accuracy)],
  );
  return {
    bins,
    expectedError: distances.length === 0 ? null : sums.error,
    maximumError: distances.length === 0 ? null : Math.max(...distances),
  };
}

interface BinSums {
  readonly weight: Float64Array;
  readonly confidence: Float64Array;
  readonly right: Float64Array;
  /** Expected calibration error. */
  readonly error: number;
}

/** Sums per bin of {@link binOf}, and the expected calibration error they give. */
export function reliabilityBins(
  set: PreparedSet,
  binIndex: Int32Array,
  bins: number,
  weights: Float64Array,
): BinSums {
  const [weight, confidence, right] = [0, 1, 2].map(() => new Float64Array(bins)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let total = 0;
  for (let image = 0; image < set.imageCount; image++) {
    const bin = binIndex[image]!;
    const one = weights[image]!;
    weight[bin]! += one;
    confidence[bin]! += one * set.confidences[image]!;
    if (set.labelRanks[image] === 0) right[bin]! += one;
    total += one;
  }
  let error = 0;
  for (let bin = 0; bin < bins; bin++) error += Math.abs(confidence[bin]! - right[bin]!);
  return { weight, confidence, right, error: error / total };
}
