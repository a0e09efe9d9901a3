// Learning rates over the steps of a run. Pure.
import type { RoundsConfig } from '../contract/training.ts';

/** The share of the learning rate at a share of the run, both from 0 to 1. */
const schedules: Readonly<Record<RoundsConfig['schedule'], (progress: number) => number>> = {
  constant: () => 1,
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
  linear: (progress) => 1 - progress,
};

/** @param step from 0 */
export function learningRateAt(
  { learningRate, warmup, schedule, rounds, iterations }: RoundsConfig,
  step: number,
): number {
  if (step < warmup) return (learningRate * (step + 1)) / warmup;
  return learningRate * schedules[schedule]((step - warmup) / Math.max(1, rounds * iterations - warmup));
}
