// How often a turn changes the answers of one set: evaluation's own figure, of the images as they are.
import { equalWeights } from '../../evaluation/metrics/scored-set.ts';
import { shareStatistic, type TransformedAnswers } from '../../evaluation/robustness/robustness.ts';

/**
 * The share of images whose answer some transformation changes.
 * @returns null where there is nothing but the picture as it is
 */
export function flipRate(answers: TransformedAnswers): number | null {
  if (answers.transformations.length < 2) return null;
  const statistic = shareStatistic(answers);
  const shares = new Float64Array(statistic.names.length);
  statistic.evaluate(equalWeights(answers.labels.length), shares);
  return shares[statistic.names.indexOf('flipped')]!;
}
