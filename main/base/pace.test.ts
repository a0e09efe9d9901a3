import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';

/** A pace whose clock shows what it is told, in seconds. */
function clocked(options: { window?: number } = {}): { pace: Pace; at: (seconds: number) => Pace } {
  let milliseconds = 0;
  const pace = new Pace({ ...options, now: () => milliseconds });
  return {
    pace,
    at: (seconds) => {
      milliseconds = seconds * 1000;
      return pace;
    },
  };
}

describe('Pace', () => {
  it('says nothing before there is a pace, and leaves out what the first step took', () => {
    const { at } = clocked();
    expect(at(60).step(9)).toBeNull();
    expect(at(62).step(8)).toBe(16);
    expect(at(66).step(7)).toBe(21);
  });

  it('counts the first step where the work was seen to begin', () => {
    const { at } = clocked();
    at(10).begin();
    expect(at(13).step(4)).toBe(12);
  });

  it('forgets what lies before its window', () => {
    const { at } = clocked({ window: 3 });
    at(0).step(9);
    at(100).step(8);
    at(101).step(7);
    expect(at(102).step(5)).toBe(5);
  });
});
