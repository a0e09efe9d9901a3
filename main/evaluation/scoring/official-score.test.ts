import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedFolder, sharedPath } from '../../testing/shared.ts';
import { parseCsv } from '../csv.ts';
import { prepare } from '../metrics/scored-set.ts';
import { tiedSets } from '../testing/sets.ts';
import { officialScore, toOfficialJson } from './official-score.ts';
import { scoreFiles } from './score-files.ts';

type Json = number | null | { readonly [key: string]: Json };

/** Numbers of a JSON document by path. */
function numbersOf(value: Json, path = ''): [string, number | null][] {
  if (value === null || typeof value === 'number') return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => numbersOf(inner, `${path}/${key}`));
}

describe.skipIf(sharedFolder() === null)('on the official results', () => {
  it.each(['one_hot', 'softmax', 'ties'])('agrees to 1e-9 on %s', (name) => {
    const read = (...path: string[]) => parseCsv(readFileSync(sharedPath(...path)), path.at(-1)!);
    const { score } = scoreFiles(
      read('isic2018', 'ISIC2018_Task3_Validation_GroundTruth.csv'),
      read('golden', 'isic-scoring', `prediction-${name}.csv`),
    );
    const expected = JSON.parse(
      readFileSync(sharedPath('golden', 'isic-scoring', `expected-${name}.json`), 'utf8'),
    ) as Json;
    const measured = new Map(numbersOf(toOfficialJson(score) as unknown as Json));
    const wanted = numbersOf(expected);
    expect(wanted.length).toBe(75);
    for (const [path, value] of wanted) {
      expect(Math.abs(measured.get(path)! - value!), `${name}${path}`).toBeLessThanOrEqual(1e-9);
    }
  });
});

const set = (labels: number[], rows: number[][]) =>
  prepare({
    classes: ['A', 'B', 'C'],
    labels: Int32Array.from(labels),
    probabilities: Float64Array.from(rows.flat()),
  });

it('counts undecided answers as wrong', () => {
  const score = officialScore(
    set(
      [0, 1, 2],
      [
        [0.5, 0.5, 0],
        [0, 1, 0],
        [0.2, 0.2, 0.6],
      ],
    ),
  );
  expect(score.overall).toEqual({ value: 2 / 3, official: 2 / 3, note: null });
});

it('keeps undefined figures apart from what the official scorer calls them', () => {
  const rows = [
    [0.9, 0.1, 0],
    [0.2, 0.8, 0],
  ];
  const { per_category: figures, macro_average: macro, overall } = officialScore(set([0, 0], rows));
  expect(figures.sensitivity.B).toEqual({ value: null, official: 1, note: 'no image of B' });
  expect(figures.specificity.A).toEqual({ value: null, official: 1, note: 'every image is A' });
  expect(figures.dice.C).toEqual({
    value: null,
    official: 1,
    note: 'no image of C and no answer C above 0.5',
  });
  expect(figures.ppv.C).toEqual({ value: null, official: 1, note: 'no answer C above 0.5' });
  expect(figures.ap.B).toEqual({ value: null, official: 0, note: 'no image of B' });
  expect(figures.auc.A).toEqual({
    value: null,
    official: null,
    note: 'needs images of A and of other classes',
  });
  expect(figures.npv.A).toEqual({ value: 0, official: 0, note: null });
  expect(macro.sensitivity).toEqual({ value: 0.5, official: 2.5 / 3, note: 'without B, C' });
  expect(macro.auc).toEqual({ value: null, official: null, note: 'without A, B, C' });
  expect(overall).toEqual({ value: 0.5, official: 0.5, note: 'without B, C' });
});

it('says so where no image has weight', () => {
  const nothing = { score: new Float64Array(1), validation: new Float64Array(1) };
  const score = officialScore(set([0], [[1, 0, 0]]), nothing);
  expect(score.overall).toEqual({ value: null, official: null, note: 'without A, B, C' });
  expect(score.per_category.accuracy.A!.value).toBeNull();
});

it('gives a weight the meaning of repeated images', () => {
  fc.assert(
    fc.property(tiedSets, fc.infiniteStream(fc.nat({ max: 3 })), (tied, stream) => {
      const times = Array.from(tied.labels, () => stream.next().value as number);
      const order = times.flatMap((count, image) => new Array<number>(count).fill(image));
      const width = tied.classes.length;
      const repeated = prepare({
        classes: tied.classes,
        labels: Int32Array.from(order, (image) => tied.labels[image]!),
        probabilities: Float64Array.from(
          order.flatMap((image) => [...tied.probabilities.subarray(image * width, (image + 1) * width)]),
        ),
      });
      const weights = Float64Array.from(times);
      const weighted = officialScore(prepare(tied), { score: weights, validation: weights });
      expect(weighted).toEqual(officialScore(repeated));
    }),
  );
});
