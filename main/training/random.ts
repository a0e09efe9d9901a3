// Randomness of a run. Every round draws from a generator of its own, made from the seed and the number of the round:
// a run that is resumed at a round goes on exactly as one that was never interrupted. Pure.
import { below, seededRandom, type Random } from '../evaluation/metrics/random.ts';

/** What is drawn, so that no two kinds of draws share their numbers. */
const purposes = {
  weights: 0x51ed270b,
  split: 0x2545f491,
  round: 0x1b873593,
  calibration: 0x68e31da4,
} as const;

/** The generator of one purpose and one number (of a round, say) of a run. */
export function randomFor(seed: number, purpose: keyof typeof purposes, number = 0): Random {
  return seededRandom((seed ^ purposes[purpose] ^ Math.imul(number + 1, 0x9e3779b9)) | 0);
}

/** Uniform in [0, 1). */
export function uniform(random: Random): number {
  return random() / 2 ** 32;
}

/** A random order (Fisher and Yates); the given array is not changed. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const order = [...items];
  for (let place = order.length - 1; place > 0; place--) {
    const other = below(random, place + 1);
    [order[place], order[other]] = [order[other]!, order[place]!];
  }
  return order;
}
