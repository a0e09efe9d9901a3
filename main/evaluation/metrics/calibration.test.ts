import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codes, probabilitySets } from '../testing/sets.ts';
import { clusterByLesion } from './bootstrap.ts';
import { reliability } from './calibration.ts';
import { seededRandom } from './random.ts';
import { decide, prepare, type ScoredSet } from './scored-set.ts';
import { applyTemperature, fitTemperature, temperatureReport } from './temperature.ts';

/** Images of two classes whose probabilities are too sure by a known temperature. */
function overconfident(count: number, temperature: number): ScoredSet {
  const random = seededRandom(11);
  const uniform = () => random() / 2 ** 32;
  const labels = new Int32Array(count);
  const honest = new Float64Array(2 * count);
  for (let image = 0; image < count; image++) {
    const p = 0.05 + 0.9 * uniform();
    honest.set([p, 1 - p], 2 * image);
    labels[image] = uniform() < p ? 0 : 1;
  }
  return { classes: codes(2), labels, probabilities: applyTemperature(honest, 2, 1 / temperature) };
}

describe('reliability', () => {
  it('puts images into bins that are open below and closed above', () => {
    const set = prepare({
      classes: codes(2),
      labels: Int32Array.of(0, 0, 1),
      probabilities: Float64Array.of(0.6, 0.4, 0.61, 0.39, 1, 0),
    });
    const plot = reliability(set, { bins: 5 });
    expect(plot.bins.map((bin) => bin.weight)).toEqual([0, 0, 1, 1, 1]);
    expect(plot.bins[2]).toMatchObject({ confidence: 0.6, accuracy: 1 });
    expect(plot.bins[0]).toMatchObject({ confidence: null, accuracy: null });
    expect(plot.bins[4]).toMatchObject({ from: 0.8, to: 1, confidence: 1, accuracy: 0 });
    expect(plot.maximumError).toBe(1);
    expect(plot.expectedError).toBeCloseTo((0.4 + 0.39 + 1) / 3, 12);
  });

  it('has no bins where rows are no probabilities', () => {
    const set = prepare({
      classes: codes(2),
      labels: Int32Array.of(0),
      probabilities: Float64Array.of(1, 1),
    });
    expect(reliability(set)).toEqual({ bins: [], expectedError: null, maximumError: null });
  });
});

describe('temperature', () => {
  it('finds the temperature that made probabilities too sure', () => {
    const { temperature, atBound } = fitTemperature(overconfident(4000, 2.5));
    expect(atBound).toBe(false);
    expect(temperature).toBeGreaterThan(2.2);
    expect(temperature).toBeLessThan(2.8);
  });

  it('has no neighbour with a smaller loss', () => {
    const loss = (set: ScoredSet, temperature: number) => {
      const scaled = applyTemperature(set.probabilities, set.classes.length, temperature);
      return set.labels.reduce(
        (sum, label, image) => sum - Math.log(scaled[image * set.classes.length + label]!),
        0,
      );
    };
    fc.assert(
      fc.property(probabilitySets, (set) => {
        const { temperature } = fitTemperature(set);
        const best = loss(set, temperature);
        for (const factor of [0.9, 0.99, 1.01, 1.1]) {
          const other = temperature * factor;
          if (other >= 0.01 && other <= 100) expect(loss(set, other)).toBeGreaterThanOrEqual(best - 1e-9);
        }
      }),
    );
  });

  it('never changes an answer', () => {
    fc.assert(
      fc.property(probabilitySets, fc.double({ min: 0.2, max: 20, noNaN: true }), (set, temperature) => {
        const scaled = applyTemperature(set.probabilities, set.classes.length, temperature);
        const before = decide(set.probabilities, set.classes.length);
        const after = decide(scaled, set.classes.length);
        before.forEach((answer, image) => {
          // Rounding may join two nearly equal probabilities; it may not exchange them.
          if (answer >= 0 && after[image]! >= 0) expect(after[image]).toBe(answer);
        });
      }),
    );
  });

  it('says when no finite temperature is best', () => {
    const certain = {
      classes: codes(2),
      labels: Int32Array.of(0, 1),
      probabilities: Float64Array.of(0.6, 0.4, 0.3, 0.7),
    };
    expect(fitTemperature(certain)).toEqual({ temperature: 0.01, atBound: true });
    expect(fitTemperature({ ...certain, labels: Int32Array.of(1, 0) })).toEqual({
      temperature: 100,
      atBound: true,
    });
  });

  it('survives probabilities of exactly 0 and 1', () => {
    const set = {
      classes: codes(2),
      labels: Int32Array.of(0, 0, 1),
      probabilities: Float64Array.of(1, 0, 0, 1, 0, 1),
    };
    expect(fitTemperature(set).temperature).toBeGreaterThan(1);
  });

  it('is reported on lesions that it was not fitted on', () => {
    const set = overconfident(2000, 3);
    const clusters = clusterByLesion(Array.from(set.labels, (_, image) => `l${image >> 1}`));
    const report = temperatureReport(set, clusters, { share: 0.25 });
    expect(report).toMatchObject({ fittedOn: 500, reportedOn: 1500, atBound: false });
    expect(report!.after.ece).toBeLessThan(report!.before.ece! / 2);
    expect(report!.after.logLoss).toBeLessThan(report!.before.logLoss!);
    expect(temperatureReport(set, clusters, { share: 0.25 })).toEqual(report);
    expect(temperatureReport(set, clusters, { share: 0 })).toBeNull();
  });
});
