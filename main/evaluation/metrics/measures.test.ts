import fc from 'fast-check';
import { expect, it } from 'vitest';
import { officialMetrics, officialScore } from '../scoring/official-score.ts';
import { probabilitySets, tiedSets } from '../testing/sets.ts';
import { allMeasures } from './measures.ts';
import { decide, equalWeights, prepare, undecided, type ScoredSet } from './scored-set.ts';

/** Every figure by name. */
function measure(set: ScoredSet, weights = equalWeights(set.labels.length)): Map<string, number> {
  const statistic = allMeasures(prepare(set));
  const out = new Float64Array(statistic.names.length).fill(-1);
  statistic.evaluate(weights, out);
  return new Map(statistic.names.map((name, index) => [name, out[index]!]));
}

const three: ScoredSet = {
  classes: ['A', 'B', 'C'],
  labels: Int32Array.of(0, 0, 1, 1, 2),
  probabilities: Float64Array.from(
    [
      [0.7, 0.2, 0.1],
      [0.4, 0.4, 0.2],
      [0.6, 0.3, 0.1],
      [0.1, 0.8, 0.1],
      [0.2, 0.5, 0.3],
    ].flat(),
  ),
};

it('agrees with figures worked out by hand', () => {
  const figures = measure(three);
  const of = (name: string) => figures.get(name);
  expect(of('balancedAccuracy')).toBeCloseTo((1 / 2 + 1 / 2 + 0) / 3, 12);
  expect(of('top1')).toBeCloseTo(2 / 5, 12);
  expect(of('top3')).toBe(1);
  expect(of('recall/A')).toBe(0.5);
  expect(of('precision/A')).toBe(0.5);
  expect(of('f1/B')).toBe(0.5);
  expect(of('f1/C')).toBe(0);
  expect(of('precision/C')).toBeNaN();
  expect(of('macroF1')).toBeCloseTo(1 / 3, 12);
  expect(of('brier')).toBeCloseTo((0.14 + 0.56 + 0.86 + 0.06 + 0.78) / 5, 12);
  const loss = [0.7, 0.4, 0.3, 0.8, 0.3].reduce((sum, p) => sum - Math.log(p), 0) / 5;
  expect(of('logLoss')).toBeCloseTo(loss, 12);
  // Confidences 0.7 right, 0.4 undecided, 0.6 wrong, 0.8 right, 0.5 wrong: one image in each bin.
  expect(of('ece')).toBeCloseTo((0.3 + 0.4 + 0.6 + 0.2 + 0.5) / 5, 12);
});

it('counts ties against the label at every k', () => {
  const tied: ScoredSet = {
    classes: ['A', 'B', 'C', 'D'],
    labels: Int32Array.of(0),
    probabilities: Float64Array.of(0.25, 0.25, 0.25, 0.25),
  };
  expect([measure(tied).get('top1'), measure(tied).get('top3'), measure(tied).get('top5')]).toEqual([
    0, 0, 1,
  ]);
});

it('agrees with the official score wherever both speak', () => {
  const names: Partial<Record<string, string>> = { auc_sens_80: 'aucSens80' };
  fc.assert(
    fc.property(tiedSets, (set) => {
      const figures = measure(set);
      const score = officialScore(prepare(set));
      expect(figures.get('balancedAccuracy')).toBe(score.overall.value);
      for (const metric of officialMetrics) {
        const name = names[metric] ?? metric;
        for (const code of set.classes) {
          expect(figures.get(`${name}/${code}`)).toBe(score.per_category[metric][code]!.value ?? NaN);
        }
        expect(figures.get(`${name}/macro`)).toBe(score.macro_average[metric].value ?? NaN);
      }
    }),
  );
});

it('keeps calibration undefined where the rows are no probabilities', () => {
  const doubled = measure({ ...three, probabilities: three.probabilities.map((value) => value / 2) });
  expect([doubled.get('ece'), doubled.get('brier'), doubled.get('logLoss')]).toEqual([NaN, NaN, NaN]);
  expect(doubled.get('top1')).toBeCloseTo(2 / 5, 12);
});

it('stays within its range', () => {
  fc.assert(
    fc.property(probabilitySets, (set) => {
      for (const [name, value] of measure(set)) {
        if (Number.isNaN(value)) continue;
        expect(value, name).toBeGreaterThanOrEqual(0);
        const most = name === 'brier' ? 2 : name === 'logLoss' ? Infinity : 1 + 1e-12;
        expect(value, name).toBeLessThanOrEqual(most);
      }
    }),
  );
});

it('is undecided exactly where the largest probability is shared', () => {
  expect([...decide(Float64Array.of(0.5, 0.5, 0.2, 0.1, 0, 0, 1, 1), 2)]).toEqual([
    undecided,
    0,
    undecided,
    undecided,
  ]);
});
