import { describe, expect, it } from 'vitest';
import type { RoundFigures, WeightHistogram } from '../../main/contract/training.ts';
import { axisDecimals, commonBins, countsIn, meanAndDeviation, weighedRounds } from './weight-histogram.ts';

const histogram = (low: number, width: number, counts: readonly (readonly number[])[]): WeightHistogram => ({
  edges: Array.from({ length: counts[0]!.length + 1 }, (_, edge) => low + edge * width),
  counts: counts.map((row) => [...row]),
  deviations: counts.map(() => 0.0001),
});
const wide = histogram(0, 0.25, [
  [2, 0, 0, 1],
  [0, 3, 0, 0],
]);
const narrow = histogram(0.25, 1 / 64, [
  [1, 2, 0],
  [0, 0, 3],
]);

describe('histograms of two rounds', () => {
  it('are counted into the wider bins of the two, and no image is lost', () => {
    const bins = commonBins([wide, narrow]);
    expect(bins).toEqual({ low: 0, width: 0.25, count: 4 });
    expect(countsIn(bins, wide, wide.counts[0]!)).toEqual([2, 0, 0, 1]);
    expect(countsIn(bins, narrow, narrow.counts[0]!)).toEqual([0, 3, 0, 0]);
  });

  it('are looked at closely where both are narrow', () => {
    expect(commonBins([narrow])).toEqual({ low: 0.25, width: 1 / 64, count: 3 });
  });

  it('have no more bins than can be seen where they lie far apart, as weights that are no shares may', () => {
    const far = histogram(40, 1 / 32, [[3], [3]]);
    const bins = commonBins([narrow, far]);
    expect(bins.count).toBeLessThanOrEqual(40);
    for (const one of [narrow, far]) {
      const counted = countsIn(bins, one, one.counts[0]!);
      expect(counted).toHaveLength(bins.count);
      expect(counted.reduce((sum, count) => sum + count, 0)).toBe(3);
    }
  });

  it('lie on both sides of 0', () => {
    const bins = commonBins([histogram(-1, 0.5, [[1, 0, 2]])]);
    expect(bins).toEqual({ low: -1, width: 0.5, count: 3 });
  });
});

const round = (weightHistogram: WeightHistogram | null): RoundFigures => ({
  round: 1,
  steps: 1,
  learningRate: 0.1,
  loss: 1,
  gradientNorm: 1,
  validationLoss: 1,
  balancedAccuracy: 0.5,
  top1: 0.5,
  meanWeights: [0.25, 0.75],
  weightHistogram,
  seconds: 1,
});

it('rounds of earlier versions cannot be drawn', () => {
  expect(weighedRounds([round(null), round(narrow)])).toEqual([round(narrow)]);
});

it('a spread is told to two figures, however small or large it is', () => {
  const told = (deviation: number | null) => {
    const [one] = weighedRounds([round({ ...narrow, deviations: [deviation, deviation] })]);
    return meanAndDeviation(one!, 1);
  };
  expect(told(0.0001)).toBe('0.75000 ± 0.00010');
  expect(told(0.012)).toBe('0.750 ± 0.012');
  expect(told(7.41)).toBe('0.8 ± 7.4');
  expect([told(0), told(null)]).toEqual(['0.750', '0.750']);
});

it('axes have as many decimals as tell their ends apart', () => {
  expect(axisDecimals({ low: 0, width: 0.25, count: 4 })).toBe(2);
  expect(axisDecimals({ low: 0.25, width: 2 ** -20, count: 3 })).toBe(7);
});
