import { describe, expect, it } from 'vitest';
import { spanned } from './lines.ts';

const shares = { span: 0.08, floor: 0, ceiling: 1 };

describe('the ends of an axis', () => {
  it('keeps values that hardly differ in the middle of its span', () => {
    const [low, high] = spanned([0.5, 0.501], shares);
    expect(high - low).toBeCloseTo(0.08);
    expect((low + high) / 2).toBeCloseTo(0.5005);
  });

  it('never passes the floor or the ceiling', () => {
    expect(spanned([0.01], shares)).toEqual([0, expect.closeTo(0.08)]);
    expect(spanned([0.99], shares)).toEqual([expect.closeTo(0.92), 1]);
    expect(spanned([0, 1], shares)).toEqual([0, 1]);
  });

  it('holds everything where values differ by more than its span, and something where there are none', () => {
    expect(spanned([0.2, 0.7], shares)).toEqual([0.2, 0.7]);
    expect(spanned([], shares)).toEqual([0, expect.closeTo(0.08)]);
  });
});
