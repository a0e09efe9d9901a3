// What equizero compares the elements of the group by: how sure the model is of what comes next. Pure.
import { logSoftmax } from './distribution.ts';
import type { ScoreName } from '../contract/language.ts';

/** Scores that follow from the logits l(g^k x), [V], alone; the larger, the better. */
export const logitScores: Readonly<Record<ScoreName, (logits: ArrayLike<number>) => number>> = {
  /** The largest probability. */
  'max-probability': (logits) => Math.exp(logSoftmax(logits).reduce((a, b) => Math.max(a, b), -Infinity)),
  /** Minus the entropy of the distribution, natural logarithm. */
  entropy: (logits) =>
    logSoftmax(logits).reduce((sum, log) => sum + (log === -Infinity ? 0 : Math.exp(log) * log), 0),
};

/** Scores that differ by no more are equal: they are computed in single precision. */
export const tieTolerance = 1e-6;

/** The elements whose score is the largest, in order; several where they tie. */
export function bestElements(scores: readonly number[]): number[] {
  const best = Math.max(...scores);
  return scores.flatMap((score, k) => (score >= best - tieTolerance ? [k] : []));
}
