import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { classificationSchema } from '../main/contract/record.ts';
import { addExamples, exportAs } from './actions.ts';
import { expect, test } from './fixtures.ts';
import { phantoms } from './images.ts';

test('CSV and JSON hold what the list shows', async ({ app }) => {
  await addExamples(app);
  const csv = await exportAs(app, 'Table (CSV)', 'list.csv');
  const table = parse<Record<string, string>>(csv, { columns: true, bom: true });
  const json = await exportAs(app, 'Records (JSON)', 'list.json');
  const records = z.array(classificationSchema).parse(JSON.parse(json.toString()));
  expect(records).toHaveLength(phantoms().length);
  expect(table.map((row) => row.path)).toEqual(records.map((record) => record.image.path));
  for (const [index, record] of records.entries()) {
    expect(Number(table[index]?.p_MEL)).toBe(record.probabilities.MEL);
    expect(table[index]?.image_sha256).toBe(record.image.sha256);
    expect(record.orientations).toHaveLength(4);
  }
});

test('a report of one page', async ({ app }) => {
  await addExamples(app);
  if (app.surface === 'electron') {
    const pdf = await exportAs(app, 'Report (PDF)', 'report.pdf');
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
    return;
  }
  await app.page.getByRole('button', { name: 'Export' }).click();
  const opening = app.page.context().waitForEvent('page');
  await app.page.getByRole('menuitem', { name: 'Report to print' }).click();
  const report = await opening;
  await expect(report.getByRole('heading', { level: 1 })).toContainText('phantom-01');
  await expect(report.getByText('Research use only', { exact: false }).first()).toBeVisible();
  expect(
    await report
      .locator('img')
      .evaluateAll((all) => all.every((image) => (image as HTMLImageElement).naturalWidth > 0)),
  ).toBe(true);
  const pdf = await report.pdf({ preferCSSPageSize: true, printBackground: true });
  expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
});

test('copy as text', async ({ app }) => {
  await addExamples(app);
  await app.page.getByRole('button', { name: 'Export' }).click();
  await app.page.getByRole('menuitem', { name: 'Copy as text' }).click();
  await expect(app.page.getByText('Copied as text')).toBeVisible();
  const text =
    app.surface === 'electron'
      ? (await app.state()).clipboard
      : await app.page.evaluate(() => navigator.clipboard.readText());
  expect(text).toContain('phantom-01');
  expect(text).toContain('not a medical device');
});
