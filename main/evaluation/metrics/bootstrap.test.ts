import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codes, probabilitySets } from '../testing/sets.ts';
import { bootstrap, clusterByLesion, pairedBootstrap, quantile, type Statistic } from './bootstrap.ts';
import { allMeasures } from './measures.ts';
import { below, seededRandom, xoshiro128 } from './random.ts';
import { prepare } from './scored-set.ts';

/** The weighted mean of values. */
const meanOf = (values: readonly number[]): Statistic => ({
  names: ['mean'],
  evaluate(weights, out) {
    let [sum, total] = [0, 0];
    values.forEach((value, index) => {
      sum += weights[index]! * value;
      total += weights[index]!;
    });
    out[0] = sum / total;
  },
});

describe('the generator', () => {
  it('is xoshiro128**', () => {
    const random = xoshiro128(1, 2, 3, 4);
    expect(Array.from({ length: 4 }, random)).toEqual([11520, 0, 5927040, 70819200]);
  });

  it('draws every number below the limit equally often', () => {
    const random = seededRandom(5);
    const counts = new Int32Array(7);
    for (let draw = 0; draw < 70_000; draw++) counts[below(random, 7)]!++;
    // Standard deviation of a count: 93.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(450);
  });
});

describe('intervals', () => {
  const values = Array.from({ length: 200 }, (_, index) => (Math.sin(index * 12.9898) * 43758.5453) % 1);
  const single = clusterByLesion(values.map(() => null));

  it('have the width that theory gives for a mean', () => {
    const [interval] = bootstrap(meanOf(values), single);
    const mean = values.reduce((a, b) => a + b, 0) / 200;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 200);
    const half = (1.96 * deviation) / Math.sqrt(200);
    expect(interval!.value).toBeCloseTo(mean, 12);
    expect(interval!.low! / (mean - half)).toBeCloseTo(1, 1);
    expect((interval!.high! - interval!.low!) / (2 * half)).toBeGreaterThan(0.9);
    expect((interval!.high! - interval!.low!) / (2 * half)).toBeLessThan(1.1);
  });

  it('are wider by the root of the copies when every lesion was photographed four times', () => {
    const copies = values.flatMap((value) => [value, value, value, value]);
    const lesions = copies.map((_, index) => `lesion ${Math.floor(index / 4)}`);
    const [byLesion] = bootstrap(meanOf(copies), clusterByLesion(lesions));
    const [byImage] = bootstrap(meanOf(copies), clusterByLesion(lesions.map(() => null)));
    const ratio = (byLesion!.high! - byLesion!.low!) / (byImage!.high! - byImage!.low!);
    expect(ratio).toBeGreaterThan(1.8);
    expect(ratio).toBeLessThan(2.2);
  });

  it('are the same for the same seed and others for another', () => {
    fc.assert(
      fc.property(probabilitySets, fc.nat(), (set, seed) => {
        const clusters = clusterByLesion(
          Array.from(set.labels, (_, image) => (image % 3 === 0 ? null : `l${image % 4}`)),
        );
        const run = () => bootstrap(allMeasures(prepare(set)), clusters, { resamples: 20, seed });
        expect(run()).toEqual(run());
      }),
      { numRuns: 20 },
    );
    const run = (seed: number) => bootstrap(meanOf(values), single, { resamples: 100, seed })[0]!.low;
    expect(run(1)).not.toBe(run(2));
  });

  it('say in how many resamples a figure was defined', () => {
    const set = prepare({
      classes: codes(2),
      labels: Int32Array.of(0, 1, 1, 1),
      probabilities: Float64Array.of(0.9, 0.1, 0.2, 0.8, 0.3, 0.7, 0.6, 0.4),
    });
    const auc = bootstrap(allMeasures(set), clusterByLesion([null, null, null, null])).find(
      ({ name }) => name === 'auc/A',
    );
    // The only image of A is missing from a resample with probability (3/4)^4, the others with (1/4)^4.
    expect(auc!.definedShare).toBeCloseTo(1 - (3 / 4) ** 4 - (1 / 4) ** 4, 1);
    expect(auc!.value).toBe(1);
  });

  it('are null where nothing is defined', () => {
    const nothing: Statistic = { names: ['nothing'], evaluate: (_, out) => out.fill(NaN) };
    expect(bootstrap(nothing, single, { resamples: 10 })).toEqual([
      { name: 'nothing', value: null, low: null, high: null, definedShare: 0 },
    ]);
  });

  it('can be ended from outside', () => {
    const done: number[] = [];
    const onProgress = (count: number) => {
      done.push(count);
      if (count === 100) throw new Error('enough');
    };
    expect(() => bootstrap(meanOf(values), single, { onProgress })).toThrow('enough');
    expect(done).toEqual([50, 100]);
  });
});

describe('paired differences', () => {
  const truth = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 1 : 0));
  const clusters = clusterByLesion(truth.map(() => null));

  it('are zero without doubt for one method twice', () => {
    const [same] = pairedBootstrap(meanOf(truth), meanOf(truth), clusters);
    expect(same).toEqual({ name: 'mean', value: 0, low: 0, high: 0, definedShare: 1, p: 1 });
  });

  it('are surer than the two intervals alone', () => {
    const better = truth.map((value, index) => (index % 10 === 1 ? 1 : value));
    const [difference] = pairedBootstrap(meanOf(better), meanOf(truth), clusters);
    expect(difference!.value).toBeCloseTo(0.1, 12);
    expect(difference!.low).toBeGreaterThan(0.03);
    expect(difference!.p).toBeLessThan(0.01);
    const [opposite] = pairedBootstrap(meanOf(truth), meanOf(better), clusters);
    expect(opposite!.value).toBeCloseTo(-0.1, 12);
    expect(opposite!.p).toBe(difference!.p);
  });

  it('need the same figures', () => {
    const other = { ...meanOf(truth), names: ['median'] };
    expect(() => pairedBootstrap(meanOf(truth), other, clusters)).toThrow('differ in their names');
  });
});

it('quantiles lie between the neighbours in proportion', () => {
  const sorted = Float64Array.of(1, 2, 4, 8);
  expect([0, 0.5, 1, 0.25].map((share) => quantile(sorted, share))).toEqual([1, 3, 8, 1.75]);
  expect(quantile(new Float64Array(), 0.5)).toBeNaN();
});

it('images without a known lesion are lesions of their own', () => {
  expect(clusterByLesion(['a', null, 'b', 'a', null])).toEqual({
    count: 4,
    ofImage: Int32Array.of(0, 1, 2, 0, 3),
  });
});
