// Calibration against what it promises: temperatures and biases that were put in are found again, probabilities are
// frequencies, sets cover, priors shift odds, and nothing depends on more than the logits.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setLevels } from '../contract/calibration.ts';
import { softmax } from '../equivariance/logits.ts';
import { seededRandom } from '../evaluation/metrics/random.ts';
import { balanced, calibratedProbabilities, logitsOf, predictionSet, priorShares } from './apply.ts';
import { calibrate, sharesOf } from './calibrate.ts';
import { conformalThresholds } from './conformal.ts';
import { fitCalibration } from './fit.ts';

const classes = ['A', 'B', 'C', 'D'];
const prior = [0.1, 0.6, 0.25, 0.05];

/** Images whose class follows softmax(x + log prior), seen through logits that are off: z = t x - b. */
function drawn(count: number, temperature: number, bias: readonly number[], seed = 3) {
  const random = seededRandom(seed);
  const uniform = () => random() / 2 ** 32;
  const logits: number[][] = [];
  const labels: number[] = [];
  for (let image = 0; image < count; image++) {
    const evidence = classes.map(() => 4 * (uniform() + uniform() + uniform() - 1.5));
    const chances = softmax(evidence.map((x, k) => x + Math.log(prior[k]!)));
    let [left, label] = [uniform(), 0];
    while (label < classes.length - 1 && left > chances[label]!) left -= chances[label++]!;
    labels.push(label);
    logits.push(evidence.map((x, k) => temperature * x - bias[k]!));
  }
  return { logits, labels };
}

describe('fitCalibration', () => {
  it.each([
    [2.5, [0.5, -0.5, 0, 0]],
    [0.4, [-0.2, 0.1, 0.3, -0.2]],
    [1, [0, 0, 0, 0]],
  ])('finds temperature %d and biases again', (temperature, bias) => {
    const { logits, labels } = drawn(20_000, temperature, bias);
    const fit = fitCalibration(logits, labels, prior);
    expect(fit.temperature / temperature).toBeCloseTo(1, 1);
    fit.bias.forEach((value, k) => {
      expect(Math.abs(value - bias[k]!)).toBeLessThan(0.15 * temperature);
    });
  });

  it('leaves a class without images where it is', () => {
    const { logits, labels } = drawn(500, 1, [0, 0, 0, 0]);
    const three = labels.map((label) => Math.min(label, 2));
    const fit = fitCalibration(logits, three, sharesOf(three, 4));
    expect(Number.isFinite(fit.temperature)).toBe(true);
    expect(fit.bias.every(Number.isFinite)).toBe(true);
  });

  it('gives a finite answer for logits that say nothing, or the opposite', () => {
    const { logits, labels } = drawn(300, -2, [0, 0, 0, 0]);
    const fit = fitCalibration(logits, labels, prior);
    expect(fit.temperature).toBeGreaterThan(0);
    const same = labels.map(() => [0, 0, 0, 0]);
    expect(fitCalibration(same, labels, prior).temperature).toBeGreaterThan(0);
    expect(() => fitCalibration([], [], prior)).toThrow(RangeError);
    expect(() => fitCalibration([[NaN, 0, 0, 0]], [0], prior)).toThrow(RangeError);
  });
});

describe('conformal thresholds', () => {
  it.each(setLevels)('%i %%: new images of every class are covered', (level) => {
    const held = drawn(8000, 2, [0.3, 0, -0.3, 0], 5);
    const calibration = calibrate(new Map([['m/feature', held.logits]]), held.labels, prior);
    const method = calibration.methods['m/feature']!;
    const fresh = drawn(8000, 2, [0.3, 0, -0.3, 0], 6);
    classes.forEach((code, k) => {
      const own = fresh.logits.filter((_, image) => fresh.labels[image] === k);
      const covered = own.filter((row) => predictionSet(row, method, classes, level).classes.includes(code));
      // Three standard deviations of the smaller class, of which there are about 400 on either side.
      const slack =
        3 * Math.sqrt((0.2 * 0.8) / Math.min(own.length, held.labels.filter((l) => l === k).length));
      expect(covered.length / own.length).toBeGreaterThan(level / 100 - slack);
      expect(covered.length / own.length).toBeLessThan(level / 100 + slack);
    });
  });

  it('promises nothing by leaving out a class of which there are few', () => {
    expect(
      conformalThresholds(
        [
          [0.2, 0.8],
          [0.9, 0.1],
        ],
        [0, 0],
        2,
        90,
      ),
    ).toEqual([0, 0]);
    // Of ten images at 90 %, one of eleven may be missed: the lowest is the threshold.
    const ten = Array.from({ length: 10 }, (_, i) => [0.1 * (i + 1), 0]);
    expect(conformalThresholds(ten, new Array<number>(10).fill(0), 2, 90)[0]).toBeCloseTo(0.1, 12);
    expect(conformalThresholds(ten, new Array<number>(10).fill(0), 2, 95)[0]).toBe(0);
  });
});

describe('probabilities', () => {
  const logit = fc.double({ min: -50, max: 50, noNaN: true });

  it('sum to 1, and a prior multiplies odds', () => {
    fc.assert(
      fc.property(fc.array(logit, { minLength: 4, maxLength: 4 }), (row) => {
        const identity = { temperature: 1.7, bias: [0.1, 0, -0.1, 0] };
        const even = calibratedProbabilities(row, identity, balanced(4));
        const shifted = calibratedProbabilities(row, identity, prior);
        expect(even.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
        if (even[0]! < 1e-9 || even[1]! < 1e-9) return;
        expect(shifted[0]! / shifted[1]! / (even[0]! / even[1]!) / (prior[0]! / prior[1]!)).toBeCloseTo(1, 6);
      }),
    );
  });

  it('that were averaged come through unchanged with temperature 1 and no bias', () => {
    const averaged = [0.7, 0.2, 0.1, 0];
    const same = calibratedProbabilities(
      logitsOf(averaged),
      { temperature: 1, bias: [0, 0, 0, 0] },
      balanced(4),
    );
    same.forEach((value, k) => {
      expect(value).toBeCloseTo(averaged[k]!, 9);
    });
  });
});

describe('priors', () => {
  it.each([
    [{ A: 0.5, B: 0.5, C: 0 }, 'no share for D'],
    [{ A: 0.5, B: 0.5, C: 0, D: 0, E: 0 }, 'no class E'],
    [{ A: 0.5, B: 0.4, C: 0, D: 0 }, '0.900 together'],
    [{ A: 1.5, B: -0.5, C: 0, D: 0 }, 'share of A is 1.5'],
    [{ A: NaN, B: 1, C: 0, D: 0 }, 'share of A is NaN'],
  ])('%j is refused', (shares, words) => {
    expect(() => priorShares(shares as unknown as Record<string, number>, classes, null)).toThrow(words);
  });

  it('of the clinic, in any order and a little off, are taken', () => {
    const shares = priorShares({ D: 0.1, C: 0.2, B: 0.6, A: 0.1004 }, classes, null);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(shares[1]).toBeGreaterThan(0.59);
    expect(() => priorShares('training', classes, null)).toThrow('how common');
  });
});
