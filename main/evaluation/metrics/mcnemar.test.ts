import { expect, it } from 'vitest';
import { mcnemar } from './mcnemar.ts';

/** Labels and answers with these numbers of images only the first, or only the second, has right. */
function discordant(a: number, b: number, agreed = 3) {
  const labels = new Int32Array(a + b + agreed);
  const wrong = (from: number, to: number) => labels.map((_, index) => (index >= from && index < to ? 1 : 0));
  return mcnemar(labels, wrong(a, a + b), wrong(0, a));
}

/** Exact two-sided p-value from whole-number binomial coefficients. */
function byCounting(a: number, b: number): number {
  let [coefficient, sum] = [1n, 0n];
  for (let heads = 0; heads <= Math.min(a, b); heads++) {
    sum += coefficient;
    coefficient = (coefficient * BigInt(a + b - heads)) / BigInt(heads + 1);
  }
  return Math.min(1, Number((2n * sum * 10n ** 18n) / 2n ** BigInt(a + b)) / 1e18);
}

it.each([
  [0, 0],
  [1, 0],
  [1, 7],
  [6, 1],
  [10, 10],
  [25, 40],
  [30, 12],
])('gives the exact p-value of %i against %i', (a, b) => {
  const result = discordant(a, b);
  expect(result).toMatchObject({ onlyFirstRight: a, onlySecondRight: b, bothRight: 3, bothWrong: 0 });
  expect(result.exact).toBeCloseTo(byCounting(a, b), 10);
});

it('gives the mid-p value: the exact one without half of the observed table on both sides', () => {
  // 1 against 7: exact 2 (1 + 8) / 256, observed table 8 / 256.
  expect(discordant(1, 7).midP).toBeCloseTo((18 - 8) / 256, 12);
  // As many on both sides: 1 - C(4, 2) / 2^4 / 2.
  expect(discordant(2, 2).midP).toBeCloseTo(1 - 6 / 32, 12);
  expect(discordant(0, 0)).toMatchObject({ exact: 1, midP: 1 });
});

it('stays a number for many images', () => {
  const { exact, midP } = discordant(1500, 1400);
  expect(exact).toBeGreaterThan(0.05);
  expect(exact).toBeLessThan(0.08);
  expect(midP).toBeLessThan(exact);
});

it('counts undecided answers as wrong, and refuses answers to other images', () => {
  expect(mcnemar(Int32Array.of(0, 1), Int32Array.of(-1, 1), Int32Array.of(0, 1))).toMatchObject({
    bothRight: 1,
    onlySecondRight: 1,
  });
  expect(() => mcnemar(Int32Array.of(0), Int32Array.of(0, 1), Int32Array.of(0))).toThrow(RangeError);
});
