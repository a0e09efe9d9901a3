// The evidence map as colours: what each place of the image adds to the score of one class. Pure.
import type { Evidence } from '../../main/contract/record.ts';

export type Rgb = readonly [red: number, green: number, blue: number];

/** One class's part of the evidence record. */
export interface ClassEvidence {
  /** Row-major, size * size numbers in logits. */
  readonly cells: readonly number[];
  readonly size: number;
  /** Sum of the cells. */
  readonly placed: number;
  /** What belongs to no place of the image. */
  readonly constant: number;
  readonly logit: number;
}

/** The evidence for one class; null if the record does not know it or its numbers do not fill the map. */
export function evidenceFor(evidence: Evidence, code: string): ClassEvidence | null {
  const index = evidence.classes.indexOf(code);
  const cells = evidence.cells[index];
  const constant = evidence.constant[index];
  const logit = evidence.logits[index];
  if (cells === undefined || constant === undefined || logit === undefined) return null;
  if (cells.length !== evidence.size * evidence.size) return null;
  const placed = cells.reduce((sum, value) => sum + value, 0);
  return { cells, size: evidence.size, placed, constant, logit };
}

/** Largest magnitude over all classes: one scale for the whole record, so that classes can be compared. */
export function evidenceScale(evidence: Evidence): number {
  let largest = 0;
  for (const cells of evidence.cells) {
    for (const value of cells) largest = Math.max(largest, Math.abs(value));
  }
  return largest;
}

/**
 * Pixels [size * size * 4] (RGBA bytes): the hue says for or against, the alpha says how much. The exponent
 * keeps faint evidence visible beside strong, without washing over the whole picture.
 */
export function evidencePixels(
  cells: readonly number[],
  scale: number,
  colours: { readonly for: Rgb; readonly against: Rgb },
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(cells.length * 4);
  cells.forEach((value, cell) => {
    const [red, green, blue] = value >= 0 ? colours.for : colours.against;
    const strength = scale > 0 ? Math.min(1, Math.abs(value) / scale) ** 0.7 : 0;
    pixels.set([red, green, blue, Math.round(255 * strength)], cell * 4);
  });
  return pixels;
}

const rows = ['upper', 'middle', 'lower'] as const;
const columns = ['left', 'centre', 'right'] as const;

/** Where the evidence for the class is strongest, in words: `upper left`, `centre`; null if nothing speaks for it. */
export function strongestPlace({ cells, size }: ClassEvidence): string | null {
  const largest = Math.max(...cells);
  if (largest <= 0) return null;
  const cell = cells.indexOf(largest);
  const third = (place: number): number => Math.min(2, Math.floor((3 * (place + 0.5)) / size));
  const row = rows[third(Math.floor(cell / size))] ?? 'middle';
  const column = columns[third(cell % size)] ?? 'centre';
  return row === 'middle' && column === 'centre' ? 'centre' : `${row} ${column}`;
}
