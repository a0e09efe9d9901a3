import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { countdown } from './patience.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('ends after its time, and not before', () => {
  const late = vi.fn();
  countdown(3500, late);
  vi.advanceTimersByTime(3499);
  expect(late).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(late).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(10_000);
  expect(late).toHaveBeenCalledOnce();
});

it('ends never once it is called off', () => {
  const late = vi.fn();
  const end = countdown(3500, late);
  vi.advanceTimersByTime(2500);
  end();
  vi.advanceTimersByTime(10_000);
  expect(late).not.toHaveBeenCalled();
});

it('does not count the time that a computer sleeps', () => {
  const late = vi.fn();
  countdown(3500, late);
  vi.advanceTimersByTime(1500);
  // A night passes between two looks at the clock: the timer that was due fires once, in the morning.
  vi.setSystemTime(Date.now() + 8 * 3_600_000);
  vi.advanceTimersByTime(1999);
  expect(late).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(late).toHaveBeenCalledOnce();
});
