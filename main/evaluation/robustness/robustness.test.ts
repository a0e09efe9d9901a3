import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterByLesion, pairedBootstrap } from '../metrics/bootstrap.ts';
import { decide } from '../metrics/scored-set.ts';
import { codes } from '../testing/sets.ts';
import {
  asMembers,
  decideAtThreshold,
  kinds,
  robustness,
  shareStatistic,
  type TransformedAnswers,
} from './robustness.ts';

const single = (count: number) => clusterByLesion(new Array<null>(count).fill(null));

/** One image of each kind, and one that is wrong in changing ways. */
const example: TransformedAnswers = {
  classes: codes(3),
  labels: Int32Array.of(0, 0, 1, 1, 2),
  transformations: ['0°', '90°', '180°', '270°'],
  answers: [
    Int32Array.of(0, 1, 1, 0, 0),
    Int32Array.of(0, 1, 1, 0, 1),
    Int32Array.of(0, 1, 0, 1, 0),
    Int32Array.of(0, 1, 1, 0, -1),
  ],
};

const arbitrary: fc.Arbitrary<TransformedAnswers> = fc
  .record({ images: fc.integer({ min: 1, max: 15 }), views: fc.integer({ min: 1, max: 8 }) })
  .chain(({ images, views }) => {
    const answers = fc.array(fc.integer({ min: -1, max: 2 }), { minLength: images, maxLength: images });
    return fc.record({
      classes: fc.constant(codes(3)),
      labels: answers.map((row) => Int32Array.from(row, (label) => Math.max(0, label))),
      transformations: fc.constant(Array.from({ length: views }, (_, view) => `view ${view}`)),
      answers: fc.array(
        answers.map((row) => Int32Array.from(row)),
        { minLength: views, maxLength: views },
      ),
    });
  });

const sharesOf = (answers: TransformedAnswers) =>
  new Map(
    robustness(answers, single(answers.labels.length), { resamples: 1 }).shares.map(({ name, value }) => [
      name,
      value,
    ]),
  );

describe('the four-way table', () => {
  it('names the kind of each image', () => {
    const result = robustness(example, single(5));
    expect(Array.from(result.kinds, (kind) => kinds[kind])).toEqual([
      'consistentlyRight',
      'consistentlyWrong',
      'rightToWrong',
      'wrongToRight',
      'consistentlyWrong',
    ]);
    expect([...result.flips]).toEqual([0, 0, 1, 1, 2]);
    expect(result).toMatchObject({ images: 5, views: 3, flippedImages: 3, boundWithoutFlips: null });
  });

  it('gives the shares', () => {
    expect(Object.fromEntries(sharesOf(example))).toEqual({
      consistentlyRight: 0.2,
      consistentlyWrong: 0.4,
      rightToWrong: 0.2,
      wrongToRight: 0.2,
      consistency: 0.4,
      flipped: 0.6,
      flippedViews: expect.closeTo(4 / 15, 12) as number,
      flippedWhileWrong: 0.2,
      'flippedBy/90°': 0.2,
      'flippedBy/180°': 0.4,
      'flippedBy/270°': 0.2,
      'flipped/A': 0,
      'flipped/B': 1,
      'flipped/C': 1,
      'flippedViews/A': 0,
      'flippedViews/B': expect.closeTo(1 / 3, 12) as number,
      'flippedViews/C': expect.closeTo(2 / 3, 12) as number,
    });
  });

  it('divides the images: its shares sum to 1, and flips are exactly what is not consistent', () => {
    fc.assert(
      fc.property(arbitrary, (answers) => {
        const shares = sharesOf(answers);
        const of = (name: string) => shares.get(name)!;
        expect(kinds.reduce((sum, kind) => sum + of(kind), 0)).toBeCloseTo(1, 12);
        expect(of('consistency') + of('flipped')).toBeCloseTo(1, 12);
        expect(of('flipped')).toBeCloseTo(
          of('rightToWrong') + of('wrongToRight') + of('flippedWhileWrong'),
          12,
        );
        if (answers.answers.length > 1) {
          const views = answers.transformations.slice(1).map((name) => of(`flippedBy/${name}`));
          expect(of('flippedViews')).toBeCloseTo(views.reduce((a, b) => a + b, 0) / views.length, 12);
          expect(of('flipped')).toBeGreaterThanOrEqual(Math.max(...views));
        }
      }),
    );
  });

  it('does not depend on the order of the other transformations', () => {
    fc.assert(
      fc.property(arbitrary, (answers) => {
        const [first, ...others] = answers.answers;
        const reversed = { ...answers, answers: [first!, ...others.reverse()] };
        const shares = ['flipped', 'flippedViews', ...kinds].map((name) => sharesOf(answers).get(name));
        expect(['flipped', 'flippedViews', ...kinds].map((name) => sharesOf(reversed).get(name))).toEqual(
          shares,
        );
      }),
    );
  });
});

describe('without any flip', () => {
  it('says what the number of lesions allows to say', () => {
    const rows = [0, 1, 2, 3].map(() => Int32Array.from({ length: 60 }, (_, image) => image % 3));
    const still: TransformedAnswers = { ...example, labels: rows[0]!, answers: rows };
    const lesions = clusterByLesion(Array.from({ length: 60 }, (_, image) => `l${image >> 1}`));
    const result = robustness(still, lesions);
    expect(result.shares.find(({ name }) => name === 'flipped')).toMatchObject({ value: 0, low: 0, high: 0 });
    expect(result.flippedImages).toBe(0);
    // The rule of three: about 3 / 30.
    expect(result.boundWithoutFlips).toBeCloseTo(0.095, 3);
  });

  it('leaves the share of changed views undefined where there are no views', () => {
    const shares = sharesOf({ ...example, transformations: ['0°'], answers: [example.answers[0]!] });
    expect(shares.get('flippedViews')).toBeNull();
    expect(shares.get('consistency')).toBe(1);
  });
});

it('can be compared between methods on the same images', () => {
  const upright = example.answers[0]!;
  const still = { ...example, answers: [upright, upright, upright, upright] };
  const [flipped] = pairedBootstrap(shareStatistic(example), shareStatistic(still), single(5)).filter(
    ({ name }) => name === 'flipped',
  );
  expect(flipped!.value).toBeCloseTo(0.6, 12);
});

describe('decisions', () => {
  const probabilities = Float64Array.of(0.2, 0.5, 0.3, 0.1, 0.1, 0.8);

  it('at a threshold sum the positive classes', () => {
    expect([...decideAtThreshold(probabilities, 3, [0, 1], 0.7)]).toEqual([1, 0]);
    expect([...decideAtThreshold(probabilities, 3, [2], 0.3)]).toEqual([1, 1]);
  });

  it('on one side or the other ignore changes within a side', () => {
    const answers = decide(probabilities, 3);
    expect([...asMembers(answers, new Set([0, 2]))]).toEqual([0, 1]);
    expect([...asMembers(Int32Array.of(-1), new Set([0]))]).toEqual([-1]);
  });
});

it('needs an answer for every image and transformation', () => {
  expect(() => robustness({ ...example, answers: example.answers.slice(1) }, single(5))).toThrow(RangeError);
  expect(() => robustness({ ...example, labels: Int32Array.of(0) }, single(1))).toThrow(RangeError);
  expect(() => robustness({ ...example, transformations: [], answers: [] }, single(5))).toThrow(RangeError);
});
