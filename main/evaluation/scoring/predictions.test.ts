import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseCsv } from '../csv.ts';
import { refusalOf, tiedSets } from '../testing/sets.ts';
import { formatPredictions, readPredictions } from './predictions.ts';

const read = (text: string, classes: readonly string[], ids: readonly string[]) =>
  readPredictions(parseCsv(new TextEncoder().encode(text), 'predictions.csv'), classes, ids);

it('what is written is read again without loss', () => {
  const value = fc.double({ min: 0, max: 1, noNaN: true });
  const name = fc.string({ minLength: 1 }).filter((text) => !/[\0\r\n]|\.jpg$/i.test(text));
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { minLength: 1, maxLength: 8 }),
      fc.infiniteStream(value),
      (ids, stream) => {
        const probabilities = Float64Array.from(
          { length: ids.length * 2 },
          () => stream.next().value as number,
        );
        const text = formatPredictions(ids, ['MEL', 'NV'], probabilities);
        expect(read(text, ['MEL', 'NV'], ids)).toEqual(probabilities.map((number) => number + 0));
      },
    ),
  );
});

it('writes whole numbers with a decimal point: the official scorer refuses a column without one', () => {
  const text = formatPredictions(['a', 'b'], ['MEL', 'NV'], Float64Array.of(1, 0, 1e-7, 1 + 1e-9));
  expect(text).toBe('image,MEL,NV\na,1.0,0.0\nb,1e-7,1.0\n');
});

it('refuses to write what the scorer would refuse', async () => {
  for (const value of [1.1, -0.1, NaN]) {
    expect(await refusalOf(() => formatPredictions(['a'], ['MEL'], Float64Array.of(value)))).toEqual({
      code: 'VALUE_OUT_OF_RANGE',
      message: `The value of MEL for a is ${value}.`,
    });
  }
});

it('puts rows and columns into the order of the truth', () => {
  fc.assert(
    fc.property(tiedSets, fc.nat(), (set, seed) => {
      const ids = Array.from(set.labels, (_, image) => `ISIC_${image}`);
      const [head, ...rows] = formatPredictions(ids, set.classes, set.probabilities).trim().split('\n');
      const shuffled = rows.map((row, index) => ({ row, key: (index * 7919 + seed) % 101 }));
      const text = [head, ...shuffled.sort((a, b) => a.key - b.key).map(({ row }) => row)].join('\n');
      expect(read(text, set.classes, ids)).toEqual(set.probabilities);
      const backwards = [...set.classes].reverse();
      const width = set.classes.length;
      const mirrored = set.probabilities.map(
        (_, place) => set.probabilities[place - (place % width) + width - 1 - (place % width)]!,
      );
      expect(read(text, backwards, ids)).toEqual(mirrored);
    }),
  );
});
