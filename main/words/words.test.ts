import { describe, expect, it } from 'vitest';
import {
  bytes,
  className,
  count,
  decimal,
  milliseconds,
  orientationName,
  percent,
  signed,
  timeLeft,
} from './words.ts';

describe('percent', () => {
  it.each([
    [0, '0%'],
    [0.00004, '<0.1%'],
    [0.0042, '0.4%'],
    [0.0096, '1%'],
    [0.5, '50%'],
    [0.724, '72%'],
    [0.9936, '99.4%'],
    [0.9989, '99.9%'],
    [0.9996, '>99.9%'],
    [0.99996, '>99.9%'],
    [1, '100%'],
  ])('%d is %s', (probability, text) => {
    expect(percent(probability)).toBe(text);
  });

  it('shows a dash where there is no number', () => {
    expect(percent(null)).toBe('–');
    expect(percent(Number.NaN)).toBe('–');
  });
});

describe('numbers in words', () => {
  it('never shows a negative zero', () => {
    expect(decimal(-0.001)).toBe('0.00');
    expect(signed(-0.001)).toBe('0.00');
    expect(signed(-1.234)).toBe('−1.23');
    expect(signed(0.5)).toBe('+0.50');
  });

  it('counts in the right number', () => {
    expect(count(1, 'image')).toBe('1 image');
    expect(count(0, 'image')).toBe('0 images');
    expect(count(1200, 'class', 'classes')).toBe('1,200 classes');
  });

  it.each([
    [null, 'estimating time left'],
    [0.4, 'almost done'],
    [9, 'a few seconds left'],
    [41, 'about 45 seconds left'],
    [54.9, 'about 55 seconds left'],
    [59, 'about 1 minute left'],
    [150, 'about 3 minutes left'],
    [3600, 'about 1 hour left'],
    [5500, 'about 1.5 hours left'],
  ])('%d seconds: %s', (seconds, text) => {
    expect(timeLeft(seconds)).toBe(text);
  });

  it('measures in the unit that fits', () => {
    expect(milliseconds(3.14)).toBe('3.1 ms');
    expect(milliseconds(38.2)).toBe('38 ms');
    expect(milliseconds(1420)).toBe('1.4 s');
    expect(bytes(999)).toBe('999 B');
    expect(bytes(999_600)).toBe('1.0 MB');
    expect(bytes(12_400_000)).toBe('12 MB');
  });
});

describe('terms', () => {
  it('falls back to the code of a class it does not know', () => {
    expect(className('MEL')).toBe('Melanoma');
    expect(className('SCC')).toBe('SCC');
  });

  it('names orientations', () => {
    expect(orientationName(0, false)).toBe('0°');
    expect(orientationName(270, true)).toBe('mirrored 270°');
  });
});
