import { describe, expect, it } from 'vitest';
import type { ClassCurve, CurvePoint } from '../contract/figures.ts';
import { angleFlips, ends, flipRate, lineOf, nearestOn, placeOf, pValue, share } from './figures.ts';

const point = (
  threshold: number | null,
  sensitivity: number,
  specificity: number,
  precision: number | null,
): CurvePoint => ({
  threshold,
  sensitivity,
  specificity,
  precision,
});
const curve = {
  code: 'MEL',
  points: [point(null, 0, 1, null), point(0.8, 0.5, 1, 1), point(0.2, 1, 0.5, 0.6)],
} as unknown as ClassCurve;

describe('curves', () => {
  it('draw precision as steps, and leave out where nothing is called positive', () => {
    expect(lineOf(curve, 'roc')).toEqual([
      [0, 0],
      [0, 0.5],
      [0.5, 1],
    ]);
    expect(lineOf(curve, 'pr')).toEqual([
      [0, 1],
      [0.5, 1],
      [0.5, 0.6],
      [1, 0.6],
    ]);
    expect(placeOf(curve.points[0]!, 'pr')).toBeNull();
  });

  it('give the point next to a place', () => {
    expect(nearestOn(curve, 'roc', 0.45, 0.9)).toBe(2);
    expect(nearestOn(curve, 'pr', 0.9, 0.5)).toBe(2);
    expect(nearestOn({ ...curve, points: [] }, 'roc', 0, 0)).toBe(-1);
  });
});

it('says figures with one decimal, intervals and p-values without false zeros', () => {
  expect(share(0.2345)).toBe('23.4%');
  expect(share(null)).toBe('–');
  const interval = { name: 'top1', value: 0.5, low: 0.123, high: 0.8, definedShare: 1 };
  expect(ends(interval)).toBe('12.3 to 80.0');
  expect(ends({ ...interval, low: null })).toBe('');
  expect(pValue(0.0002)).toBe('<0.001');
});

it('knows how often each free angle changes the answer', () => {
  const interval = (name: string, value: number) => ({ name, value, low: 0, high: 1, definedShare: 1 });
  const found = {
    transformations: ['0° (masked)', '22.5°', '45°'],
    shares: [interval('flipped', 0.3), interval('flippedBy/45°', 0.2), interval('flippedBy/22.5°', 0.1)],
    malignantShares: null,
    flippedImages: 3,
    boundWithoutFlips: null,
    flippedIds: [],
  };
  expect(angleFlips(found).map(({ name, angle, interval }) => [name, angle, interval?.value])).toEqual([
    ['22.5°', 22.5, 0.1],
    ['45°', 45, 0.2],
  ]);
});

it('knows a rate without any flip from a rate and from nothing turned', () => {
  expect(flipRate(null)).toEqual({ kind: 'none' });
  const found = { transformations: [], shares: [], malignantShares: null, flippedImages: 0, flippedIds: [] };
  expect(flipRate({ ...found, boundWithoutFlips: 0.1 })).toEqual({ kind: 'never', bound: 0.1 });
  expect(flipRate({ ...found, boundWithoutFlips: null })).toEqual({ kind: 'rate', interval: null });
});
