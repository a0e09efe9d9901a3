// The 95% interval of the balanced accuracy of one set of answers.
import { bootstrap, clusterByLesion, defaultBootstrap } from '../../evaluation/metrics/bootstrap.ts';
import { balancedAccuracy, countAnswers } from '../../evaluation/metrics/measures.ts';
import type { PreparedSet } from '../../evaluation/metrics/scored-set.ts';

/**
 * By bootstrap over lesions.
 * @param lesions of each image; null where unknown
 * @returns null where it is undefined
 */
export function accuracyInterval(
  set: PreparedSet,
  lesions: readonly (string | null)[],
): [low: number, high: number] | null {
  const [figure] = bootstrap(
    {
      names: ['balancedAccuracy'],
      evaluate: (weights, out) => {
        out[0] = balancedAccuracy(countAnswers(set, weights));
      },
    },
    clusterByLesion(lesions),
    defaultBootstrap,
  );
  return figure?.low != null && figure.high != null ? [figure.low, figure.high] : null;
}
