// What depends on the order of the images by the probability of one class: ROC and precision-recall curves and
// the figures read off them. Definitions as in scikit-learn, which the official scorer uses: one point per
// distinct probability, straight lines between ROC points, steps in the precision-recall curve. Pure.
import type { PreparedSet } from './scored-set.ts';

/**
 * Cumulative weights by falling probability, one entry per distinct probability that carries weight.
 * Reused between calls: valid until the next {@link countRanked} with the same buffer.
 */
export interface RankedCounts {
  /** Weight of images of the class with at least this probability; [0..length). */
  readonly truePositives: Float64Array;
  /** Weight of other images with at least this probability; [0..length). */
  readonly falsePositives: Float64Array;
  /** The image that stands for this probability; [0..length). */
  readonly images: Int32Array;
  length: number;
  /** Weight of all images of the class. */
  positives: number;
  /** Weight of all others. */
  negatives: number;
}

/** Room for the counts of N images. */
export function rankedCounts(imageCount: number): RankedCounts {
  return {
    truePositives: new Float64Array(imageCount),
    falsePositives: new Float64Array(imageCount),
    images: new Int32Array(imageCount),
    length: 0,
    positives: 0,
    negatives: 0,
  };
}

/**
 * Sums weights down the order of one class.
 * @param weights [N], not negative
 */
export function countRanked(
  set: PreparedSet,
  classIndex: number,
  weights: Float64Array,
  counts: RankedCounts,
): RankedCounts {
  const order = set.orders[classIndex]!;
  const ends = set.groupEnds[classIndex]!;
  const { labels } = set;
  const { truePositives, falsePositives, images } = counts;
  let [positives, negatives, length] = [0, 0, 0];
  let [lastPositives, lastNegatives] = [0, 0];
  for (let place = 0; place < order.length; place++) {
    const image = order[place]!;
    if (labels[image] === classIndex) positives += weights[image]!;
    else negatives += weights[image]!;
    // A probability whose images all weigh nothing is no point of the curve.
    if (ends[place] === 1 && (positives !== lastPositives || negatives !== lastNegatives)) {
      truePositives[length] = lastPositives = positives;
      falsePositives[length] = lastNegatives = negatives;
      images[length++] = image;
    }
  }
  counts.length = length;
  counts.positives = positives;
  counts.negatives = negatives;
  return counts;
}

/**
 * Area under the ROC curve: the probability that an image of the class has a larger probability than another
 * image, ties counting half. NaN unless there are images of both kinds. Source: Hanley and McNeil 1982.
 */
export function areaUnderRoc(counts: RankedCounts): number {
  const { truePositives, falsePositives, length, positives, negatives } = counts;
  let [area, lastTrue, lastFalse] = [0, 0, 0];
  for (let point = 0; point < length; point++) {
    const [nowTrue, nowFalse] = [truePositives[point]!, falsePositives[point]!];
    area += ((nowFalse - lastFalse) * (nowTrue + lastTrue)) / 2;
    lastTrue = nowTrue;
    lastFalse = nowFalse;
  }
  return area / (positives * negatives);
}

/**
 * Area under the part of the ROC curve whose sensitivity is at least `sensitivity`, not rescaled. The curve is
 * cut where a straight line between its points reaches the sensitivity. Source: the official scorer.
 */
export function areaAboveSensitivity(counts: RankedCounts, sensitivity: number): number {
  const { truePositives, falsePositives, length, positives, negatives } = counts;
  if (positives === 0 || negatives === 0) return NaN;
  let [area, lastRate, lastFalseRate] = [0, 0, 0];
  let inside = false;
  for (let point = 0; point < length; point++) {
    const rate = truePositives[point]! / positives;
    const falseRate = falsePositives[point]! / negatives;
    if (!inside && rate >= sensitivity) {
      inside = true;
      lastFalseRate += ((falseRate - lastFalseRate) / (rate - lastRate)) * (sensitivity - lastRate);
      lastRate = sensitivity;
    }
    if (inside) area += ((falseRate - lastFalseRate) * (rate + lastRate)) / 2;
    lastRate = rate;
    lastFalseRate = falseRate;
  }
  return area;
}

/**
 * Average precision: precision summed over the steps of recall, no interpolation. NaN without images of the
 * class. Source: scikit-learn's average_precision_score.
 */
export function averagePrecision(counts: RankedCounts): number {
  const { truePositives, falsePositives, length, positives } = counts;
  let [sum, lastTrue] = [0, 0];
  for (let point = 0; point < length; point++) {
    const nowTrue = truePositives[point]!;
    sum += (nowTrue - lastTrue) * (nowTrue / (nowTrue + falsePositives[point]!));
    lastTrue = nowTrue;
  }
  return sum / positives;
}

/** An operating point that was asked for: what is gained where the other rate is kept. */
interface OperatingPoint {
  /** NaN where there are no images of one kind. */
  readonly sensitivity: number;
  readonly specificity: number;
  /** Place in the counts: -1 is the point (0, 0), where nothing is called positive. */
  readonly point: number;
}

/**
 * The largest sensitivity among thresholds whose specificity is at least the one asked for. No interpolation:
 * the point can really be chosen.
 */
export function atSpecificity(counts: RankedCounts, specificity: number): OperatingPoint {
  const { truePositives, falsePositives, length, positives, negatives } = counts;
  let point = -1;
  while (point + 1 < length && (negatives - falsePositives[point + 1]!) / negatives >= specificity) point++;
  const undefinedHere = positives === 0 || negatives === 0;
  return {
    sensitivity: undefinedHere ? NaN : point < 0 ? 0 : truePositives[point]! / positives,
    specificity: undefinedHere ? NaN : point < 0 ? 1 : (negatives - falsePositives[point]!) / negatives,
    point,
  };
}

/** The largest specificity among thresholds whose sensitivity is at least the one asked for. */
export function atSensitivity(counts: RankedCounts, sensitivity: number): OperatingPoint {
  const { truePositives, falsePositives, length, positives, negatives } = counts;
  let point = 0;
  while (point < length - 1 && truePositives[point]! / positives < sensitivity) point++;
  const undefinedHere = positives === 0 || negatives === 0;
  return {
    sensitivity: undefinedHere ? NaN : truePositives[point]! / positives,
    specificity: undefinedHere ? NaN : (negatives - falsePositives[point]!) / negatives,
    point,
  };
}
