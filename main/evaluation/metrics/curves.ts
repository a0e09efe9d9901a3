// ROC and precision-recall curves of one class against the others, as points to draw and to click. Pure.
import type { CurvePoint, OperatingPoints } from '../../contract/figures.ts';
import { atSensitivity, atSpecificity, countRanked, rankedCounts, type RankedCounts } from './ranking.ts';
import { equalWeights, type PreparedSet } from './scored-set.ts';

/**
 * All points of the ROC and precision-recall curves of a class by falling threshold, from (0, 0) to (1, 1):
 * the ROC curve is sensitivity over 1 - specificity, the other precision over sensitivity. Empty unless there
 * are images of the class and of others.
 */
export function curvePoints(
  set: PreparedSet,
  classIndex: number,
  weights: Float64Array = equalWeights(set.imageCount),
): CurvePoint[] {
  const counts = countRanked(set, classIndex, weights, rankedCounts(set.imageCount));
  if (counts.positives === 0 || counts.negatives === 0) return [];
  const points: CurvePoint[] = [{ threshold: null, sensitivity: 0, specificity: 1, precision: null }];
  for (let point = 0; point < counts.length; point++) {
    points.push(pointAt(set, classIndex, counts, point));
  }
  return points;
}

function pointAt(set: PreparedSet, classIndex: number, counts: RankedCounts, point: number): CurvePoint {
  const { truePositives, falsePositives, positives, negatives, images } = counts;
  const [tp, fp] = [truePositives[point]!, falsePositives[point]!];
  return {
    threshold: set.probabilities[images[point]! * set.classes.length + classIndex]!,
    sensitivity: tp / positives,
    specificity: (negatives - fp) / negatives,
    precision: tp / (tp + fp),
  };
}

/** The operating points of a class, with their thresholds. */
export function operatingPoints(
  set: PreparedSet,
  classIndex: number,
  weights: Float64Array = equalWeights(set.imageCount),
): OperatingPoints {
  const points = curvePoints(set, classIndex, weights);
  const counts = countRanked(set, classIndex, weights, rankedCounts(set.imageCount));
  // The curve has one point more than the counts: the one where nothing is called positive.
  const at = ({ point }: { readonly point: number }) => points[point + 1] ?? null;
  return {
    atSpecificity: { '90': at(atSpecificity(counts, 0.9)), '95': at(atSpecificity(counts, 0.95)) },
    atSensitivity: { '90': at(atSensitivity(counts, 0.9)), '95': at(atSensitivity(counts, 0.95)) },
  };
}
