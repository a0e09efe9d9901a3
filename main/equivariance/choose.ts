// Which orientation a method chooses where it chooses one: by its best score, and by the order of the elements where
// scores cannot be told apart (METHODS.md, "Choosing one orientation"). Pure.
import type { Score } from '../contract/settings.ts';
import { argmax } from './logits.ts';

/**
 * Scores that differ by less, as a share of the best (or of 1), are equal: views of a symmetric picture are the same
 * pixels, but networks in single precision score them with differences in the last digits.
 */
const tieTolerance = 1e-6;

/** The first of the best: the smallest index among the scores that cannot be told from the largest. */
export function firstOfBest(scores: readonly number[]): number {
  const best = Math.max(...scores);
  // All of them infinite, or one that is: nothing to subtract.
  const least = Number.isFinite(best) ? best - tieTolerance * Math.max(1, Math.abs(best)) : best;
  return Math.max(
    0,
    scores.findIndex((score) => score >= least),
  );
}

/**
 * log(p / (1 - p)) of the largest class probability p. It orders orientations as p does, and does not round to a tie
 * where several are sure to the last digit: a tie would go to the first, and the answer would then depend on how the
 * image is turned.
 */
function logOdds(logits: readonly number[]): number {
  const [largest, ...others] = [...logits].sort((a, b) => b - a) as [number, number, ...number[]];
  const [second] = others;
  return largest - second - Math.log(others.reduce((sum, logit) => sum + Math.exp(logit - second), 0));
}

/** log of the entropy -sum p log p in nats, also where p is 1 to the last digit. */
function logEntropy(logits: readonly number[]): number {
  // With powers of the other classes relative to the largest, whose own is 1, -sum p log p is
  // log(1 + sum of powers) + sum of powers times gaps / (1 + sum of powers): nothing is rounded against the 1.
  const top = argmax(logits);
  const gaps = logits.filter((_, k) => k !== top).map((logit) => logits[top]! - logit);
  const rest = gaps.reduce((sum, gap) => sum + Math.exp(-gap), 0);
  const spread = gaps.reduce((sum, gap) => sum + gap * Math.exp(-gap), 0);
  return Math.log(Math.log1p(rest) + spread / (1 + rest));
}

/** Mean logit minus half the largest; minimised. */
export function energy(logits: readonly number[]): number {
  return logits.reduce((sum, logit) => sum + logit / logits.length, 0) - Math.max(...logits) / 2;
}

/** What equizero's scores are made of, for one orientation. */
export interface ScoredView {
  /** M2(f_g) T, [K]. */
  readonly logits: readonly number[];
  /** Mahalanobis distance, squared, of M2(f_g) to the nearest class mean; only where it was asked for. */
  readonly distance?: number | undefined;
}

/** equizero's scores, each so that more is better. Larger probability, smaller entropy, energy and distance. */
export const preference: Readonly<Record<Score, (view: ScoredView) => number>> = {
  probability: ({ logits }) => logOdds(logits),
  entropy: ({ logits }) => -logEntropy(logits),
  energy: ({ logits }) => -energy(logits),
  distance: ({ distance }) => -distance!,
};
