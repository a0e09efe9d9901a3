import { expect, it } from 'vitest';
import { leaveOneOut, withoutCells } from './leave-one-out.ts';

it('replaces one cell by the mean of its channel, in every channel', () => {
  const map = Float32Array.from([1, 2, 3, 6, 0, 0, 4, 0]);
  expect([...withoutCells(map, 2, [0, 3])]).toEqual([3, 2, 3, 6, 1, 0, 4, 0, 1, 2, 3, 3, 0, 0, 4, 1]);
});

it('is the split itself for a head that adds up its cells, but for the mean that stays', () => {
  // Logit = sum of cells: without cell j it falls by cell j and gains the mean.
  const cells = [1, 2, 3, 6];
  const whole = [12];
  const without = cells.map((cell) => [12 - cell + 3]);
  const found = leaveOneOut(whole, without);
  expect(found.cells).toEqual([[-2, -1, 0, 3]]);
  expect(found.constant).toEqual([12]);
});

it('cells and constant together are the logit, for each class', () => {
  const whole = [5, -2];
  const found = leaveOneOut(whole, [
    [3, -1],
    [6, -4],
    [1, 0],
  ]);
  expect(found).toEqual({
    cells: [
      [2, -1, 4],
      [-1, 2, -2],
    ],
    constant: [0, -1],
  });
  found.cells.forEach((row, k) => {
    expect(row.reduce((sum, value) => sum + value, found.constant[k]!)).toBe(whole[k]);
  });
});
