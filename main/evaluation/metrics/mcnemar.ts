// McNemar's test: do two methods err on different images, one more than the other? Exact and mid-p versions.
// Sources: McNemar 1947; Fagerland, Lydersen and Laake 2013 (mid-p). It treats images as independent: where
// lesions have several images, the paired bootstrap over lesions is the one to trust. Pure.
import type { McNemar } from '../../contract/figures.ts';

/**
 * Compares answers.
 * @param labels [N]
 * @param first [N] answers, undecided ones being wrong
 * @param second [N]
 * @throws RangeError if the lengths differ
 */
export function mcnemar(labels: Int32Array, first: Int32Array, second: Int32Array): McNemar {
  if (first.length !== labels.length || second.length !== labels.length) {
    throw new RangeError('Answers and labels differ in number');
  }
  let [bothRight, onlyFirstRight, onlySecondRight, bothWrong] = [0, 0, 0, 0];
  for (let image = 0; image < labels.length; image++) {
    const [one, other] = [first[image] === labels[image], second[image] === labels[image]];
    if (one && other) bothRight++;
    else if (one) onlyFirstRight++;
    else if (other) onlySecondRight++;
    else bothWrong++;
  }
  const counts = { bothRight, onlyFirstRight, onlySecondRight, bothWrong };
  return { ...counts, ...signTest(onlyFirstRight, onlySecondRight) };
}

/** Two-sided test of `a` against `b` successes of a fair coin. */
function signTest(a: number, b: number): { exact: number; midP: number } {
  const [tosses, fewer] = [a + b, Math.min(a, b)];
  if (tosses === 0) return { exact: 1, midP: 1 };
  // Probability of k heads, from the logarithm on: 2^-n alone is 0 for large n.
  let logarithm = -tosses * Math.LN2;
  let tail = Math.exp(logarithm);
  let atFewer = tail;
  for (let heads = 1; heads <= fewer; heads++) {
    logarithm += Math.log((tosses - heads + 1) / heads);
    atFewer = Math.exp(logarithm);
    tail += atFewer;
  }
  if (a === b) return { exact: 1, midP: 1 - atFewer / 2 };
  return { exact: Math.min(1, 2 * tail), midP: Math.min(1, 2 * tail - atFewer) };
}
