import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moveIndex, scrollToRow, virtualWindow } from './virtual.ts';

describe('virtualWindow', () => {
  it('draws the rows in sight and a few more', () => {
    expect(virtualWindow({ scrollTop: 1000, viewport: 300, rowHeight: 50, rows: 5000, overscan: 4 })).toEqual(
      {
        first: 16,
        end: 30,
        height: 250_000,
      },
    );
  });

  it('draws the end of a list that became shorter than its scroll position', () => {
    const window = virtualWindow({ scrollTop: 90_000, viewport: 300, rowHeight: 50, rows: 3, overscan: 4 });
    expect(window).toEqual({ first: 0, end: 3, height: 150 });
  });

  it('always covers the viewport, and never draws more than the viewport and both margins', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(2000), fc.nat(5000), (scrollTop, viewport, rows) => {
        const rowHeight = 56;
        const { first, end, height } = virtualWindow({ scrollTop, viewport, rowHeight, rows, overscan: 6 });
        expect(end - first).toBeLessThanOrEqual(Math.ceil(viewport / rowHeight) + 13);
        const top = Math.min(scrollTop, Math.max(0, height - viewport));
        expect(first * rowHeight).toBeLessThanOrEqual(top);
        expect(end * rowHeight).toBeGreaterThanOrEqual(Math.min(height, top + viewport));
      }),
    );
  });
});

describe('scrollToRow', () => {
  const list = { viewport: 200, rowHeight: 50 };
  it('stays where the row is in sight', () => {
    expect(scrollToRow({ ...list, row: 3, scrollTop: 100 })).toBe(100);
  });
  it('moves as little as it must', () => {
    expect(scrollToRow({ ...list, row: 1, scrollTop: 100 })).toBe(50);
    expect(scrollToRow({ ...list, row: 9, scrollTop: 100 })).toBe(300);
  });
});

describe('moveIndex', () => {
  it.each([
    ['ArrowDown', 3, 4],
    ['ArrowUp', 0, 0],
    ['PageDown', 3, 9],
    ['PageUp', 3, 0],
    ['Home', 5, 0],
    ['End', 5, 9],
  ])('%s from %d goes to %d', (key, from, to) => {
    expect(moveIndex(key, from, 10, 6)).toBe(to);
  });
  it('ignores other keys, and lists without items', () => {
    expect(moveIndex('a', 3, 10, 6)).toBeNull();
    expect(moveIndex('End', 0, 0, 6)).toBeNull();
  });
});
