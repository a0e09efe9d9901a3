import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../main/contract/record.ts';
import { evidenceFor, evidencePixels, evidenceScale, strongestPlace } from './evidence.ts';

const evidence: Evidence = {
  kind: 'exact',
  classes: ['MEL', 'NV'],
  size: 2,
  cells: [
    [1, -0.5, 0, 0.25],
    [-2, 0, 0, 0],
  ],
  constant: [0.25, 1],
  logits: [1, -1],
};

describe('evidenceFor', () => {
  it('adds up: what lies in places, and what lies in none', () => {
    const melanoma = evidenceFor(evidence, 'MEL');
    expect(melanoma).toMatchObject({ size: 2, placed: 0.75, constant: 0.25, logit: 1 });
  });
  it('refuses classes it does not know and maps that are not square', () => {
    expect(evidenceFor(evidence, 'BCC')).toBeNull();
    expect(evidenceFor({ ...evidence, cells: [[1, 2, 3], [0]] }, 'MEL')).toBeNull();
  });
});

describe('evidencePixels', () => {
  const colours = { for: [255, 128, 0], against: [0, 0, 255] } as const;
  it('shows direction as hue and magnitude as alpha, on one scale for all classes', () => {
    const scale = evidenceScale(evidence);
    expect(scale).toBe(2);
    const pixels = evidencePixels(evidence.cells[1] ?? [], scale, colours);
    expect([...pixels.slice(0, 8)]).toEqual([0, 0, 255, 255, 255, 128, 0, 0]);
    expect(evidencePixels([0.5], scale, colours)[3]).toBe(97);
  });
  it('is transparent where all is zero', () => {
    expect([...evidencePixels([0, 0], 0, colours)].filter((_, index) => index % 4 === 3)).toEqual([0, 0]);
  });
});

describe('strongestPlace', () => {
  const at = (place: number): string | null =>
    strongestPlace({
      cells: Array.from({ length: 16 }, (_, cell) => (cell === place ? 2 : -1)),
      size: 4,
      placed: 0,
      constant: 0,
      logit: 0,
    });
  it.each([
    [0, 'upper left'],
    [5, 'centre'],
    [7, 'middle right'],
    [13, 'lower centre'],
  ])('cell %d of 4 x 4: %s', (cell, words) => {
    expect(at(cell)).toBe(words);
  });
  it('claims no place where nothing speaks for the class', () => {
    expect(at(99)).toBeNull();
  });
});
