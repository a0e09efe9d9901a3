import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrap, clusterByLesion } from '../metrics/bootstrap.ts';
import { summariseWeights, weightStatistic, type OrientationWeights } from './weights.ts';

const orientations = ['0°', '90°', '180°', '270°'];
const example: OrientationWeights = {
  orientations,
  weights: Float64Array.from(
    [
      [1, 0, 0, 0],
      [0.25, 0.25, 0.25, 0.25],
      [0.1, 0.6, 0.2, 0.1],
      [0.4, 0.4, 0.1, 0.1],
    ].flat(),
  ),
};
const truth = {
  classes: ['A', 'B', 'C'],
  labels: Int32Array.of(0, 0, 1, 1),
  answers: Int32Array.of(0, 1, 1, -1),
};

describe('a summary', () => {
  const report = summariseWeights(example, truth, { bins: 4 });

  it('counts which orientation is largest', () => {
    expect(report.all).toMatchObject({ images: 4, notUprightShare: 0.25, tiedShare: 0.5 });
    expect(report.all.orientations.map((one) => one.largestShare)).toEqual([0.25, 0.25, 0, 0]);
    expect(report.all.meanLargest).toBeCloseTo((1 + 0.25 + 0.6 + 0.4) / 4, 12);
  });

  it('gives mean, spread and histogram of each orientation', () => {
    const [upright] = report.all.orientations;
    expect(upright!.mean).toBeCloseTo(1.75 / 4, 12);
    const squares = [1, 0.25, 0.1, 0.4].reduce((sum, weight) => sum + (weight - 1.75 / 4) ** 2, 0);
    expect(upright!.deviation).toBeCloseTo(Math.sqrt(squares / 3), 12);
    expect(report.edges).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(upright!.histogram).toEqual([1, 2, 0, 1]);
  });

  it('measures entropy from one orientation alone to all alike', () => {
    const entropy = (rows: number[][]) =>
      summariseWeights(
        { orientations, weights: Float64Array.from(rows.flat()) },
        { classes: ['A'], labels: new Int32Array(rows.length), answers: new Int32Array(rows.length) },
      ).all.entropy;
    expect(entropy([[1, 0, 0, 0]])).toBe(0);
    expect(entropy([[0.25, 0.25, 0.25, 0.25]])).toBeCloseTo(1, 12);
    expect(entropy([[0.5, 0.5, 0, 0]])).toBeCloseTo(0.5, 12);
    expect(entropy([[0.9, 0.9, 0, 0]])).toBeNull();
    expect(entropy([[1.5, -0.5, 0, 0]])).toBeNull();
  });

  it('is divided by class and by correctness', () => {
    expect(Object.keys(report.byClass)).toEqual(['A', 'B']);
    expect(report.byClass.A!.images).toBe(2);
    expect([report.right!.images, report.wrong!.images]).toEqual([2, 2]);
    const allRight = summariseWeights(example, { ...truth, answers: truth.labels });
    expect(allRight.wrong).toBeNull();
    expect(allRight.right).toEqual(allRight.all);
  });

  it('draws whiskers to the outermost weights within 1.5 ranges', () => {
    const column = [0, 0.4, 0.45, 0.5, 0.55, 0.6, 1];
    const { box } = summariseWeights(
      { orientations: ['0°'], weights: Float64Array.from(column) },
      { classes: ['A'], labels: new Int32Array(7), answers: new Int32Array(7) },
    ).all.orientations[0]!;
    expect(box).toEqual({
      minimum: 0,
      lowerQuartile: expect.closeTo(0.425, 12) as number,
      median: 0.5,
      upperQuartile: expect.closeTo(0.575, 12) as number,
      maximum: 1,
      lowerWhisker: 0.4,
      upperWhisker: 0.6,
      outliers: 2,
    });
  });

  it('does not depend on the order of the images, and its histograms hold every image', () => {
    const rows = fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(rows, (list) => {
        const summarise = (order: readonly (readonly number[])[]) =>
          summariseWeights(
            {
              orientations: ['a', 'b', 'c'],
              weights: Float64Array.from(order.flat(), (weight) => weight / 8),
            },
            { classes: ['A'], labels: new Int32Array(order.length), answers: new Int32Array(order.length) },
          );
        const report = summarise(list);
        const backwards = summarise([...list].reverse());
        expect(backwards.all.orientations).toEqual(report.all.orientations);
        expect(backwards.all.notUprightShare).toBe(report.all.notUprightShare);
        for (const one of report.all.orientations) {
          expect(one.histogram.reduce((a, b) => a + b, 0)).toBe(list.length);
        }
      }),
    );
  });
});

it('intervals are over lesions and around the summary', () => {
  const intervals = bootstrap(weightStatistic(example), clusterByLesion(['a', 'a', 'b', null]));
  const { all } = summariseWeights(example, truth);
  expect(intervals.map(({ name }) => name)).toEqual([
    ...orientations.map((name) => `mean/${name}`),
    'notUpright',
  ]);
  intervals.slice(0, 4).forEach((interval, index) => {
    expect(interval.value).toBeCloseTo(all.orientations[index]!.mean, 12);
    expect(interval.low).toBeLessThanOrEqual(interval.value!);
  });
  expect(intervals[4]!.value).toBe(all.notUprightShare);
});

it('refuses weights that are no numbers or too few', () => {
  expect(() => summariseWeights({ ...example, weights: example.weights.slice(1) }, truth)).toThrow(
    RangeError,
  );
  expect(() => summariseWeights({ ...example, weights: example.weights.map(() => NaN) }, truth)).toThrow(
    'not a finite number',
  );
});
