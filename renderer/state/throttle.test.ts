import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Throttle } from './throttle.ts';

describe('Throttle', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('does once what was asked for often, and again when asked again', () => {
    const act = vi.fn();
    const throttle = new Throttle(act, () => 100);
    for (let request = 0; request < 5; request += 1) throttle.request();
    expect(act).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    expect(act).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1000);
    expect(act).toHaveBeenCalledTimes(1);
    throttle.request();
    vi.advanceTimersByTime(100);
    expect(act).toHaveBeenCalledTimes(2);
  });

  it('does not do again what was done at once', () => {
    const act = vi.fn();
    const throttle = new Throttle(act, () => 100);
    throttle.request();
    throttle.now();
    vi.advanceTimersByTime(1000);
    expect(act).toHaveBeenCalledTimes(1);
  });
});
