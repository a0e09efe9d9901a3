import { describe, expect, it } from 'vitest';
import type { Recipe } from '../contract/jobs.ts';
import { prefinetuneDefaults, scratchDefaults } from '../contract/training-defaults.ts';
import type { RoundFigures } from '../contract/training.ts';
import { roundsTime } from './pace-of-runs.ts';

const round = (number: number, steps: number, seconds: number): RoundFigures => ({
  round: number,
  steps,
  learningRate: null,
  loss: null,
  gradientNorm: null,
  validationLoss: 1,
  balancedAccuracy: 0.5,
  top1: 0.5,
  meanWeights: [],
  weightHistogram: null,
  seconds,
});
const recipe = (changes: Partial<typeof prefinetuneDefaults> = {}): Recipe => ({
  kind: 'prefinetune',
  model: 'base',
  config: { ...prefinetuneDefaults, ...changes },
});
/** Round 0 costs no steps; of the others the middle one counts. */
const history = [round(0, 0, 99), round(1, 100, 320), round(2, 200, 64), round(3, 300, 64)];

describe('roundsTime', () => {
  it('scales the pace of an earlier run by images, steps and rounds', () => {
    // 64 seconds for 100 steps of 32 images.
    expect(roundsTime(recipe({ rounds: 5 }), 1000, recipe(), history)).toBeCloseTo(5 * 64);
    const half = recipe({ rounds: 5, iterations: 50, batch: 16 });
    expect(roundsTime(half, 1000, recipe(), history)).toBeCloseTo((5 * 64) / 4);
  });

  it('knows nothing where the work is another, or no round was done', () => {
    expect(roundsTime(recipe({ method: 'attention' }), 1000, recipe(), history)).toBeNull();
    expect(roundsTime(recipe({ group: 'd4' }), 1000, recipe(), history)).toBeNull();
    expect(roundsTime(recipe(), 1000, recipe(), history.slice(0, 1))).toBeNull();
  });

  it('takes one pass over the images where a round has no other length, and nothing from rounds of several sizes', () => {
    const scratch: Recipe = { kind: 'scratch', config: { ...scratchDefaults, rounds: 2 } };
    const before: Recipe = { kind: 'scratch', config: { ...scratchDefaults, batch: 32 } };
    const pace = 64 / (100 * 32);
    expect(roundsTime(scratch, 1000, before, history)).toBeCloseTo(2 * 15 * 64 * pace);
    const growing: Recipe = {
      kind: 'scratch',
      config: { ...scratchDefaults, smallerFirst: [{ size: 64, rounds: 1 }] },
    };
    expect(roundsTime(growing, 1000, before, history)).toBeNull();
  });
});
