import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openView } from './actions.ts';
import { expect, test } from './fixtures.ts';

test.describe('first start', () => {
  test.use({ settings: {} });
  test('says what the product is not, once', async ({ app }) => {
    const dialog = app.page.getByRole('dialog', { name: 'Before you begin' });
    await expect(dialog).toContainText('not a medical device');
    await app.page.keyboard.press('Escape');
    await expect(dialog).toBeVisible();
    await dialog.getByRole('button', { name: 'I understand' }).click();
    await expect(dialog).toHaveCount(0);
    await expect
      .poll(() => readFileSync(join(app.home, 'settings.json'), 'utf8'))
      .toContain('"introduced": true');
    await app.page.reload();
    await expect(app.page.getByText('Drop images or folders here')).toBeVisible();
    await expect(dialog).toHaveCount(0);
  });
});

test.describe('a corrupt settings file', () => {
  test.use({ settings: '{"schema": 1, "preferences": {"theme": "pink"' });
  test('is set aside and reported, and the app opens', async ({ app }) => {
    await expect(app.page.getByText('Settings were reset')).toBeVisible();
    const aside = readdirSync(app.home).find((name) => name.includes('unreadable'));
    expect(readFileSync(join(app.home, aside ?? ''), 'utf8')).toContain('pink');
  });
});

test('choices persist over a reload', async ({ app }) => {
  const { page } = app;
  await page.getByRole('button', { name: 'Try examples' }).click();
  await openView(page, 'Orientations');
  await page.getByRole('radiogroup', { name: 'Group' }).getByRole('radio', { name: 'D4' }).check();
  await expect.poll(() => readFileSync(join(app.home, 'settings.json'), 'utf8')).toContain('"d4"');
  await page.reload();
  await openView(page, 'Orientations');
  await expect(
    page.getByRole('radiogroup', { name: 'Group' }).getByRole('radio', { name: 'D4' }),
  ).toBeChecked();
});

test('About names versions, folders and every licence', async ({ app }) => {
  const { page } = app;
  await openView(page, 'About');
  await expect(page.getByText(app.home).first()).toBeVisible();
  await page.getByText('Show the packages DermOrbit is made with').click();
  await expect(page.getByText('onnxruntime-node').first()).toBeVisible();
});
