// Uniform numbers for drawing tokens. Every text has a stream of its own, so that the n-th sample of a prompt is the
// same however many were asked for, and in whatever order. Pure.
import { seededRandom } from '../evaluation/metrics/random.ts';

/** A stream of numbers in [0, 1) for one sample of one prompt. */
export function sampleStream(seed: number, ...place: readonly number[]): () => number {
  const mixed = place.reduce((state, part) => Math.imul(state ^ part, 0x9e3779b1) ^ (state >>> 15), seed | 0);
  const random = seededRandom(mixed);
  return () => random() / 2 ** 32;
}
