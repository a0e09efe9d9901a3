// The Evaluate screen: a labelled set is chosen, looked into, measured and read, down to single images; a job outlives
// its page, is cancelled and resumed, and survives the death of its process.
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addExamples, chooseLabelled, openView, rows } from './actions.ts';
import { expect, test } from './fixtures.ts';
import { labelledClasses, labelledPhantoms } from './images.ts';
import type { OpenApp } from './surfaces.ts';

const found = (page: Page): Locator => page.getByRole('region', { name: 'What was found' });
const start = (page: Page): Locator => page.getByRole('button', { name: 'Evaluate', exact: true }).last();

async function measure(app: OpenApp, perClass: number): Promise<void> {
  const { page } = app;
  await openView(page, 'Evaluate');
  await chooseLabelled(app, await labelledPhantoms(join(app.files, 'labelled'), perClass));
  await expect(found(page)).toContainText(`${labelledClasses.length * perClass} images`);
  await start(page).click();
}

const methods = (page: Page): Locator => page.getByRole('table', { name: /Accuracy and flip rate/ });

test('a labelled folder, from its choice to the images behind a figure', async ({ app }) => {
  const { page } = app;
  await openView(page, 'Evaluate');
  await expect(start(page)).toBeDisabled();
  await expect(page.getByText('Choose a folder of labelled images')).toBeVisible();
  await chooseLabelled(app, await labelledPhantoms(join(app.files, 'labelled'), 2));
  await expect(found(page)).toContainText('8 images');
  await expect(found(page).getByRole('row', { name: /Melanoma 2/ })).toBeVisible();
  await expect(found(page)).toContainText('1 image has no label');
  await start(page).click();

  await expect(methods(page)).toBeVisible();
  await expect(methods(page).getByRole('row')).toHaveCount(2 + 4);
  await expect(page.getByRole('region', { name: /^Accuracy and flip rate/ })).toContainText('95% interval');
  await page.getByRole('button', { name: /^Vanilla/ }).click();
  await expect(page.getByRole('heading', { name: 'Vanilla (C4)' })).toBeVisible();

  // Every image of the matrix is behind some cell.
  const matrix = page.getByRole('table', { name: /Confusion matrix/ });
  const cells = await matrix.getByRole('button').allTextContents();
  expect(cells.reduce((sum, text) => sum + Number(text), 0)).toBe(8);
  const cell = matrix.getByRole('button').first();
  const images = Number(await cell.textContent());
  await cell.click();
  const panel = page.getByRole('region', { name: /^Images:/ });
  await expect(panel).toBeFocused();
  await expect(panel.getByRole('listitem')).toHaveCount(images);
  await expect(panel.locator('img').first()).toHaveJSProperty('complete', true);
  expect(
    await panel
      .locator('img')
      .first()
      .evaluate((image: HTMLImageElement) => image.naturalWidth),
  ).toBeGreaterThan(10);
  await panel.getByRole('listitem').first().getByRole('button').click();
  const large = page.getByRole('dialog');
  await expect(large.getByText('Answer when turned')).toBeVisible();
  await page.keyboard.press('Escape');
  await panel.getByRole('listitem').first().getByRole('button').press('Escape');
  await expect(panel).toHaveCount(0);

  // A threshold is moved by keyboard, and asked for the images it gets wrong.
  const slider = page.getByRole('slider', { name: 'Threshold' });
  await slider.press('Home');
  await expect(slider).toHaveAttribute('aria-valuetext', 'nothing is called positive');
  await page.getByRole('button', { name: 'Images it gets wrong' }).click();
  await expect(panel.getByRole('listitem')).toHaveCount(2);

  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
});

test('weights and free angles open their images, by pointer and by keyboard', async ({ app }) => {
  const { page } = app;
  await openView(page, 'Evaluate');
  await chooseLabelled(app, await labelledPhantoms(join(app.files, 'labelled'), 2));
  await expect(found(page)).toContainText('8 images');
  await page.getByText('More settings').click();
  await page.getByLabel('Other angles: step in degrees').fill('60');
  await start(page).click();
  await expect(methods(page)).toBeVisible({ timeout: 60_000 });
  const panel = page.getByRole('region', { name: /^Images:/ });

  // Every image has its weight of 0° in some bar.
  const weights = page.getByRole('region', { name: 'Weights of the orientations' });
  await weights.getByText('Numbers as a table').click();
  const bars = weights.getByRole('button', { name: /weight of 0° from/ });
  const counts = await bars.allTextContents();
  expect(counts.reduce((sum, text) => sum + Number(text), 0)).toBe(8);
  await bars.first().press('Enter');
  await expect(panel).toBeFocused();
  await expect(panel.getByRole('listitem')).toHaveCount(Number(counts[0]));
  await expect(panel.getByRole('listitem').first()).toContainText(/weight 0\.\d{4}/);
  // Of one class there are fewer, and a bar of the drawing opens those.
  await weights.getByRole('combobox', { name: 'Images' }).selectOption('Melanoma (2)');
  const ofClass = await bars.allTextContents();
  expect(ofClass.reduce((sum, text) => sum + Number(text), 0)).toBe(2);
  await weights.locator('svg .open').first().click();
  await expect(page.getByRole('region', { name: /^Images: Weight of 0° .*Melanoma/ })).toBeVisible();
  await expect(panel.getByRole('listitem')).toHaveCount(Number(ofClass[0]));

  // Vanilla has no weights; what free angles do to it is drawn alone, and told in a table.
  await page.getByRole('button', { name: /^Vanilla/ }).click();
  await expect(weights).toHaveCount(0);
  const angles = page.getByRole('region', { name: 'When it is turned by other angles' });
  await angles.getByText('Numbers as a table').click();
  await expect(angles.getByRole('row')).toHaveCount(1 + 5);
  const changed = angles.getByRole('button', { name: /whose answer changes at/ });
  const images = Number(await changed.first().textContent());
  await changed.first().press('Enter');
  await expect(panel.getByRole('listitem')).toHaveCount(images);
  await panel.getByRole('listitem').first().getByRole('button').click();
  await expect(page.getByRole('dialog').getByText('Angles that change the answer')).toBeVisible();
  await page.keyboard.press('Escape');
  await angles.getByRole('button', { name: 'Show: answer changes at some free angle' }).click();
  await expect(page.getByRole('region', { name: 'Images: Answer changes at some angle' })).toBeVisible();

  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
});

test('what was measured stays, and leaves as JSON and as predictions', async ({ app }) => {
  const { page } = app;
  await measure(app, 1);
  await expect(methods(page)).toBeVisible();
  const exported = async (item: RegExp, name: string): Promise<string> =>
    (
      await app.exported(name, async () => {
        await page.getByRole('button', { name: 'Export' }).click();
        await page.getByRole('menuitem', { name: item }).click();
      })
    ).toString();
  const json: unknown = JSON.parse(await exported(/JSON/, 'evaluation.json'));
  expect(json).toMatchObject({ schema: 1, models: [{ id: 'dermorbit-base', images: 4 }] });
  const csv = await exported(/Predictions/, 'predictions.csv');
  expect(csv.trim().split(/\r?\n/)).toHaveLength(1 + 4);
  expect(csv).toContain('image,MEL,NV,BCC,AKIEC,BKL,DF,VASC');

  await page.reload();
  await openView(page, 'Evaluate');
  const recent = page.getByRole('region', { name: 'Finished evaluations' });
  await recent.getByRole('button', { name: /labelled.*4 images/ }).click();
  await expect(methods(page)).toBeVisible();
  await page.getByRole('button', { name: 'Remove this evaluation' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(recent).toContainText('None yet');
});

test('a job outlives its page, is cancelled, and goes on where it was', async ({ app }) => {
  const { page } = app;
  await measure(app, 12);
  const job = page.getByRole('region', { name: /^Job:/ });
  await expect(job).toContainText(/[1-9]\d* of 48 images/);
  await page.reload();
  await openView(page, 'Evaluate');
  await expect(job).toContainText(/of 48 images/);

  // Classifying goes on meanwhile, and a second job is refused.
  await openView(page, 'Classify');
  await addExamples(app);
  await expect(rows(page)).toHaveCount(8);
  await openView(page, 'Evaluate');
  await job.getByRole('button', { name: 'Cancel' }).click();
  await expect(job).toContainText('Cancelled. What was measured is kept.');
  await job.getByRole('button', { name: 'Resume' }).click();
  await expect(methods(page)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/images? from an earlier, interrupted run/)).toBeVisible();
});

test('the death of the job process is said, and resuming goes on from what was measured', async ({ app }) => {
  const { page } = app;
  await measure(app, 12);
  const job = page.getByRole('region', { name: /^Job:/ });
  await expect(job).toContainText(/[2-9] of 48 images/);
  await app.killJobs();
  await expect(job.getByRole('alert')).toContainText('The job process stopped');
  await job.getByRole('button', { name: 'Resume' }).click();
  await expect(methods(page)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/images? from an earlier, interrupted run/)).toBeVisible();
});

test('what an earlier session left is resumed or discarded', async ({ app }) => {
  const { page } = app;
  await measure(app, 12);
  const job = page.getByRole('region', { name: /^Job:/ });
  await expect(job).toContainText(/[2-9] of 48 images/);
  await job.getByRole('button', { name: 'Cancel' }).click();
  await expect(job).toContainText('Cancelled. What was measured is kept.');

  // The same request under other names is what a session before this one would have left.
  const folder = join(app.home, 'evaluations');
  const [request = ''] = readdirSync(folder).filter((name) => name.endsWith('.request.json'));
  const text = readFileSync(join(folder, request), 'utf8');
  const left = (day: string, content: string): void => {
    writeFileSync(join(folder, `${day}-000000-aaaaaa.request.json`), content);
  };
  left('20260101', text);
  left('20260102', text.replaceAll('labelled', 'elsewhere'));
  await page.reload();
  await openView(page, 'Evaluate');
  const interrupted = (name: string): Locator =>
    page.getByRole('region', { name: new RegExp(`^Interrupted: .*${name}$`) });

  // Its images are gone: that is said, and it can be discarded.
  await interrupted('elsewhere').getByRole('button', { name: 'Resume' }).click();
  await expect(interrupted('elsewhere').getByRole('alert')).toContainText('no longer where it was');
  await interrupted('elsewhere').getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await expect(interrupted('elsewhere')).toHaveCount(0);

  await interrupted('labelled').getByRole('button', { name: 'Resume' }).click();
  await expect(methods(page)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/images? from an earlier, interrupted run/)).toBeVisible();
  await page.getByRole('button', { name: 'All evaluations' }).click();
  await expect(interrupted('labelled')).toHaveCount(0);
});

test('what is no labelled set is refused with what can be done', async ({ app }) => {
  const { page } = app;
  const folder = join(app.files, 'labelled');
  await labelledPhantoms(folder, 1);
  await openView(page, 'Evaluate');
  await chooseLabelled(app, join(folder, 'MEL'));
  await expect(page.getByRole('alert')).toContainText('Data set not recognised');
  await expect(start(page)).toBeDisabled();
});

test('the browser chooses by name among the folders that the host was started with', async ({ app }) => {
  test.skip(app.surface !== 'host', 'the window has dialogs');
  const { page } = app;
  await labelledPhantoms(join(app.files, 'labelled'), 1);
  await openView(page, 'Evaluate');
  await page.getByRole('button', { name: 'Choose folder' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'files' }).click();
  await dialog.getByRole('button', { name: 'labelled' }).click();
  await dialog.getByRole('button', { name: 'Use labelled' }).click();
  await expect(found(page)).toContainText('4 images');
});
