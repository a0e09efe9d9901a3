import { describe, expect, it } from 'vitest';
import { DermOrbitError } from '../../main/contract/errors.ts';
import { arrange, filterCounts, hasBadFile, hasFailed, listEntry } from './list.ts';
import { itemOf, recordOf } from '../../main/words/testing.ts';

const failure = {
  image: { path: '/images/b.jpg' },
  error: new DermOrbitError('IMAGE_EMPTY', 'It holds no bytes.').toRecord(),
};
const melanoma = itemOf(10, recordOf('MEL', ['MEL', 'MEL', 'MEL', 'MEL']));
const nevus = itemOf(9, recordOf('NV', ['NV', 'NV', 'MEL', 'NV']));
const close = itemOf(
  2,
  recordOf('NV', ['NV'], { probabilities: { NV: 0.45, MEL: 0.4, BCC: 0.15 }, malignant: 0.55 }),
);
const failed = itemOf(1, failure);
const waiting = itemOf(3);
const entries = [melanoma, failed, waiting, nevus, close].map(listEntry);
const places = (list: readonly { item: { name: string } }[]): number[] =>
  list.map(({ item }) => Number(/\d+/.exec(item.name)?.[0]));

describe('listEntry', () => {
  it('knows the lead of the top class over the second', () => {
    expect(listEntry(close).lead).toBeCloseTo(0.05);
    expect(listEntry(waiting).lead).toBeNull();
    expect(hasFailed(listEntry(failed))).toBe(true);
  });

  it('tells bad files from images that met bad luck', () => {
    const unlucky = { ...failure, error: new DermOrbitError('ENGINE_STOPPED', 'It was killed.').toRecord() };
    expect(hasBadFile(listEntry(failed))).toBe(true);
    expect(hasBadFile(listEntry(itemOf(5, unlucky)))).toBe(false);
    expect(hasBadFile(listEntry(waiting))).toBe(false);
  });
});

describe('arrange', () => {
  const all = { filter: 'all', sort: 'added', search: '' } as const;

  it('keeps the order of adding', () => {
    expect(places(arrange(entries, all))).toEqual([10, 1, 3, 9, 2]);
  });

  it('sorts names as people count', () => {
    expect(places(arrange(entries, { ...all, sort: 'name' }))).toEqual([1, 2, 3, 9, 10]);
  });

  it('puts the malignant first, and what has no result last in the order of adding', () => {
    expect(places(arrange(entries, { ...all, sort: 'malignant' }))).toEqual([10, 2, 9, 1, 3]);
  });

  it('puts the uncertain first', () => {
    expect(places(arrange(entries, { ...all, sort: 'uncertain' }))).toEqual([2, 10, 9, 1, 3]);
  });

  it.each([
    ['malignant', [10, 2]],
    ['uncertain', [2]],
    ['unstable', [9]],
    ['failed', [1]],
  ] as const)('filters %s', (filter, expected) => {
    expect(places(arrange(entries, { ...all, filter }))).toEqual(expected);
    expect(filterCounts(entries)[filter]).toBe(expected.length);
  });

  it('searches names in any case', () => {
    expect(places(arrange(entries, { ...all, search: ' LESION 1' }))).toEqual([10, 1]);
  });

  it('leaves the list it was given as it is', () => {
    const before = [...entries];
    arrange(entries, { ...all, sort: 'name' });
    expect(entries).toEqual(before);
  });
});
