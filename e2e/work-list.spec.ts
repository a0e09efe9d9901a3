import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { addExamples, addImages, allDone, dropFiles, pasteImage, rows } from './actions.ts';
import { expect, test } from './fixtures.ts';
import { brokenImages, manyImages, phantoms } from './images.ts';

test('examples: each gets an answer in words, a probability, a thumbnail, a stability', async ({ app }) => {
  await addExamples(app);
  await expect(rows(app.page)).toHaveCount(phantoms().length);
  await expect(rows(app.page).first()).toHaveAccessibleName(/phantom-01.*: .*\d+%/);
  await expect(app.page.getByRole('heading', { level: 2 }).first()).toHaveText(/[a-z]/);
  await expect(app.page.getByText(/(malignant|benign) [<>\d.]+%/i).first()).toBeVisible();
  await expect(app.page.getByTitle('Show the orientations')).toBeVisible();
  const pictures = app.page.locator('aside img');
  await expect
    .poll(() =>
      pictures.evaluateAll(
        (all) => all.filter((image) => (image as HTMLImageElement).naturalWidth > 0).length,
      ),
    )
    .toBeGreaterThan(6);
});

test('dialog, drop and paste add images; the same file is not added twice', async ({ app }) => {
  const [first = '', second = '', third = ''] = phantoms();
  await addImages(app, [first]);
  await allDone(app.page);
  await dropFiles(app.page, [second]);
  await expect(rows(app.page)).toHaveCount(2);
  const png = join(app.files, 'pasted.png');
  await sharp(third).png().toFile(png);
  await pasteImage(app.page, png);
  await expect(rows(app.page)).toHaveCount(3);
  await allDone(app.page);
  if (app.surface === 'electron') {
    await addImages(app, [first]);
    await expect(app.page.getByText('1 image already in the list', { exact: false })).toBeVisible();
    await expect(rows(app.page)).toHaveCount(3);
  }
});

test('a folder is walked, and one without images is refused in words', async ({ app }) => {
  const folder = join(app.files, 'folder');
  mkdirSync(join(folder, 'inner'), { recursive: true });
  mkdirSync(join(app.files, 'none'));
  const [first = '', second = ''] = phantoms();
  copyFileSync(first, join(folder, 'a.jpg'));
  copyFileSync(second, join(folder, 'inner', 'b.jpg'));
  writeFileSync(join(folder, 'notes.txt'), 'not an image');
  writeFileSync(join(app.files, 'none', 'notes.txt'), 'not an image');
  const open = (): Promise<void> => app.page.getByRole('button', { name: 'Open a folder' }).click();
  await app.choose([folder], open);
  await expect(rows(app.page)).toHaveCount(2);
  await app.choose([join(app.files, 'none')], open);
  await expect(app.page.getByText('No images found')).toBeVisible();
  await expect(rows(app.page)).toHaveCount(2);
});

test('corrupt files fail by themselves, among good ones', async ({ app, expectedErrors }) => {
  // Their pictures cannot be shown either, which the browser logs.
  expectedErrors.push('404');
  const broken = brokenImages(app.files);
  const [first = '', second = ''] = phantoms();
  await addImages(app, [first, ...broken.map(({ path }) => path), second]);
  await allDone(app.page);
  for (const { title } of broken)
    await expect(app.page.getByRole('option', { name: `failed, ${title}` })).toHaveCount(1);
  await expect(app.page.getByRole('option', { name: /%/ })).toHaveCount(2);
  await app.page.getByRole('radio', { name: /^Failed/ }).check({ force: true });
  await expect(rows(app.page)).toHaveCount(broken.length);
  await rows(app.page).first().click();
  await expect(app.page.getByRole('region', { name: 'Classify' }).getByText('Damaged image')).toBeVisible();
});

test('a batch of 200 shows its progress; a cancel stops it, keeps what is done, and the rest can be asked for', async ({
  app,
}) => {
  await addImages(app, manyImages(join(app.files, 'many'), 200));
  const bar = app.page.getByRole('progressbar', { name: 'Classifying' });
  await expect(app.page.getByText('200 images', { exact: true })).toBeVisible();
  await expect(bar).toBeVisible();
  const done = async (): Promise<number> =>
    Number(await app.page.locator('aside strong').first().textContent());
  await expect.poll(done).toBeGreaterThan(5);
  await expect(app.page.getByText(/second|minute/).first()).toBeVisible();
  await app.page.getByRole('button', { name: 'Cancel' }).click();
  const strip = app.page.getByText(/^Cancelled: \d+ images left/).first();
  await expect(strip).toBeVisible();
  // How many images that is depends on the computer; that it is within one is told where no clock is (main/engine).
  const left = Number(/\d+/.exec((await strip.textContent()) ?? '')?.[0]);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(195);
  const last = app.page.getByRole('listbox').getByRole('option').last();
  await rows(app.page).first().focus();
  await app.page.keyboard.press('End');
  await expect(last).not.toHaveAccessibleName(/%/);
  await app.page.getByRole('button', { name: `Classify ${left}` }).click();
  await expect(bar).toBeVisible();
  await app.page.keyboard.press('Escape');
  await expect(bar).toHaveCount(0);
});

test('an engine that is killed costs no image: what it was at is asked again, and the queue goes on', async ({
  app,
}) => {
  await addImages(app, manyImages(join(app.files, 'many'), 40));
  await expect(rows(app.page).nth(2)).toHaveAccessibleName(/%/);
  await app.killEngine();
  await expect(app.page.getByRole('progressbar', { name: 'Classifying' })).toHaveCount(0);
  await expect(app.page.getByRole('option', { name: /failed/ })).toHaveCount(0);
  await expect(rows(app.page).first()).toHaveAccessibleName(/%/);
  await rows(app.page).first().focus();
  await app.page.keyboard.press('End');
  await expect(rows(app.page).last()).toHaveAccessibleName(/%/);
  await expect(app.page.getByText('Engine ready')).toBeVisible();
});

test('an engine that is killed until it is given up is restarted by a button, and the queue goes on', async ({
  app,
}) => {
  await addImages(app, manyImages(join(app.files, 'many'), 30));
  await expect(rows(app.page).nth(2)).toHaveAccessibleName(/%/);
  const notice = app.page.getByRole('alert').filter({ hasText: 'The engine does not start' });
  // As something would that does not let it live: a virus scanner, a full memory.
  for (let kills = 0; !(await notice.isVisible()); kills++) {
    expect(kills, 'kills').toBeLessThan(2000);
    await app.killEngine().catch(() => undefined);
  }
  await expect(app.page.getByText('Engine stopped')).toBeVisible();
  // No image fails for want of an engine.
  await expect(app.page.getByRole('option', { name: /failed/ })).toHaveCount(0);
  await notice.getByRole('button', { name: 'Restart the engine' }).focus();
  await app.page.keyboard.press('Enter');
  await expect(app.page.getByText('Engine ready')).toBeVisible();
  await expect(notice).toHaveCount(0);
  await expect(app.page.getByRole('progressbar', { name: 'Classifying' })).toBeVisible();
  await expect(app.page.getByRole('progressbar', { name: 'Classifying' })).toHaveCount(0);
  await expect(app.page.getByRole('option', { name: /failed/ })).toHaveCount(0);
  await rows(app.page).first().focus();
  await app.page.keyboard.press('End');
  await expect(rows(app.page).last()).toHaveAccessibleName(/%/);
});

test('images are taken off the list with Delete, never off the disk', async ({ app }) => {
  const [path = ''] = manyImages(join(app.files, 'few'), 1);
  await addImages(app, [path]);
  await allDone(app.page);
  await rows(app.page).first().click();
  await app.page.getByRole('listbox').press('Delete');
  await expect(app.page.getByText('Drop images or folders here')).toBeVisible();
  expect(existsSync(path)).toBe(true);
});

test('a reloaded page finds its list and its results again', async ({ app }) => {
  await addExamples(app);
  const names = await rows(app.page).evaluateAll((all) => all.map((row) => row.ariaLabel));
  await app.page.reload();
  await expect(rows(app.page)).toHaveCount(names.length);
  expect(await rows(app.page).evaluateAll((all) => all.map((row) => row.ariaLabel))).toEqual(names);
});
