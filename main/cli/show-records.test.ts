// Many records as a table: in full where it fits, in short where the window is narrow.
import { stripVTControlCharacters } from 'node:util';
import { expect, it, vi } from 'vitest';
import { DermOrbitError } from '../contract/errors.ts';
import type { ClassificationRecord } from '../contract/record.ts';
import { exampleRecord } from '../testing/records.ts';
import { printTable } from './show-records.ts';

const records: readonly ClassificationRecord[] = [
  exampleRecord('photos/of a study with a long name/case 0001/left-forearm-001.jpg'),
  { image: { path: 'notes.jpg' }, error: new DermOrbitError('IMAGE_UNRECOGNISED', 'Text.').toRecord() },
];

/** The rows of the table, as they are printed for a window of so many columns. */
function rowsAt(columns: number): string[] {
  const printed: string[] = [];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  printTable(records, columns);
  out.mockRestore();
  err.mockRestore();
  return stripVTControlCharacters(printed.join('')).split('\n').slice(0, 3);
}

it('names classes in full where there is room', () => {
  const [header, first, second] = rowsAt(Infinity);
  expect(header).toContain('orientations that agree');
  expect(first).toMatch(/left-forearm-001\.jpg +Melanoma \(MEL\) +61\.0 % +70\.0 % +█+···  3 of 4$/);
  expect(second).toContain('Not an image');
});

it.each([80, 100])('no row is broken in a window of %i columns', (columns) => {
  const rows = rowsAt(columns);
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(columns);
  expect(rows[1]).toMatch(/left-forearm-001\.jpg +MEL +61\.0 % +70\.0 % +3 of 4$/);
  expect(rows[2]).toContain('IMAGE_UNRECOGNISED');
});
