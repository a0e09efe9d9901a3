import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reordered, tiedSets } from '../testing/sets.ts';
import { allMeasures } from './measures.ts';
import {
  areaAboveSensitivity,
  areaUnderRoc,
  atSensitivity,
  atSpecificity,
  averagePrecision,
  countRanked,
  rankedCounts,
} from './ranking.ts';
import { equalWeights, prepare, type ScoredSet } from './scored-set.ts';

/** Probabilities of class 0 and whether each image is of it. */
function first(set: ScoredSet): { value: number; positive: boolean }[] {
  return Array.from(set.labels, (label, image) => ({
    value: set.probabilities[image * set.classes.length]!,
    positive: label === 0,
  }));
}

const countsOf = (set: ScoredSet) =>
  countRanked(prepare(set), 0, equalWeights(set.labels.length), rankedCounts(set.labels.length));

const same = (a: number, b: number) => {
  if (Number.isNaN(b)) expect(a).toBeNaN();
  else expect(a).toBeCloseTo(b, 12);
};

describe('against the definitions', () => {
  it('the area under the ROC curve is the share of rightly ordered pairs', () => {
    fc.assert(
      fc.property(tiedSets, (set) => {
        const all = first(set);
        const [positives, negatives] = [all.filter((a) => a.positive), all.filter((a) => !a.positive)];
        let won = 0;
        for (const a of positives) {
          for (const b of negatives) won += a.value > b.value ? 1 : a.value === b.value ? 0.5 : 0;
        }
        same(areaUnderRoc(countsOf(set)), won / (positives.length * negatives.length));
      }),
    );
  });

  it('average precision is the mean precision at each positive, ties sharing their last place', () => {
    fc.assert(
      fc.property(tiedSets, (set) => {
        const all = first(set);
        const positives = all.filter((a) => a.positive);
        const precisions = positives.map(({ value }) => {
          const called = all.filter((b) => b.value >= value);
          return called.filter((b) => b.positive).length / called.length;
        });
        same(averagePrecision(countsOf(set)), precisions.reduce((a, b) => a + b, 0) / positives.length);
      }),
    );
  });

  it('the area above a sensitivity is the area under the clipped curve', () => {
    fc.assert(
      fc.property(tiedSets, fc.constantFrom(0.25, 0.5, 0.8, 1), (set, limit) => {
        const all = first(set);
        const [positives, negatives] = [all.filter((a) => a.positive), all.filter((a) => !a.positive)];
        const thresholds = [...new Set(all.map((a) => a.value))].sort((a, b) => b - a);
        const rate = (group: typeof all, at: number) =>
          group.filter((a) => a.value >= at).length / group.length;
        const points = [
          { x: 0, y: 0 },
          ...thresholds.map((at) => ({ x: rate(negatives, at), y: rate(positives, at) })),
        ];
        // Integrated over sensitivity slices of each straight piece, so by another way than the code's.
        let area = 0;
        points.slice(1).forEach((to, index) => {
          const from = points[index]!;
          if (to.y < limit) return;
          const start = from.y >= limit ? 0 : (limit - from.y) / (to.y - from.y);
          const y = from.y + start * (to.y - from.y);
          area += (1 - start) * (to.x - from.x) * ((y + to.y) / 2);
        });
        const wanted = positives.length === 0 || negatives.length === 0 ? NaN : area;
        same(areaAboveSensitivity(countsOf(set), limit), wanted);
      }),
    );
  });

  it('operating points are the best that a threshold reaches', () => {
    fc.assert(
      fc.property(tiedSets, fc.constantFrom(0.5, 0.9, 1), (set, wanted) => {
        const all = first(set);
        const [positives, negatives] = [all.filter((a) => a.positive), all.filter((a) => !a.positive)];
        fc.pre(positives.length > 0 && negatives.length > 0);
        const rates = [Infinity, ...all.map((a) => a.value)].map((at) => ({
          sensitivity: positives.filter((a) => a.value >= at).length / positives.length,
          specificity: negatives.filter((a) => a.value < at).length / negatives.length,
        }));
        const bestSensitivity = Math.max(
          ...rates.filter((rate) => rate.specificity >= wanted).map((rate) => rate.sensitivity),
        );
        const bestSpecificity = Math.max(
          ...rates.filter((rate) => rate.sensitivity >= wanted).map((rate) => rate.specificity),
        );
        const counts = countsOf(set);
        expect(atSpecificity(counts, wanted).sensitivity).toBe(bestSensitivity);
        expect(atSensitivity(counts, wanted).specificity).toBe(bestSpecificity);
      }),
    );
  });
});

it('no figure depends on the order of the images', () => {
  fc.assert(
    fc.property(tiedSets, fc.nat(), (set, seed) => {
      const order = Array.from(set.labels.keys()).sort(
        (a, b) => ((a * 7919 + seed) % 31) - ((b * 7919 + seed) % 31),
      );
      const measure = (one: ScoredSet) => {
        const statistic = allMeasures(prepare(one));
        const out = new Float64Array(statistic.names.length);
        statistic.evaluate(equalWeights(one.labels.length), out);
        return out;
      };
      const [before, after] = [measure(set), measure(reordered(set, order))];
      before.forEach((value, index) => {
        same(after[index]!, value);
      });
    }),
  );
});

it('refuses probabilities that are no numbers and labels that are no classes', () => {
  const set = { classes: ['A', 'B'], labels: Int32Array.of(0), probabilities: Float64Array.of(0.5, 0.5) };
  expect(() => prepare({ ...set, probabilities: Float64Array.of(NaN, 0.5) })).toThrow('not a finite number');
  expect(() => prepare({ ...set, labels: Int32Array.of(2) })).toThrow('A label is no class');
  expect(() => prepare({ ...set, probabilities: Float64Array.of(1) })).toThrow(
    '1 probabilities for 1 images of 2 classes',
  );
});
