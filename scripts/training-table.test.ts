import { expect, it } from 'vitest';
import { readPage, withTables } from './training-table.ts';

it('docs/TRAINING.md shows the settings as the table of fields has them; if not: npm run docs:training', async () => {
  const page = readPage();
  expect(await withTables(page)).toBe(page);
});
