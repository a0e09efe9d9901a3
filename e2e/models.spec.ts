import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedFolder } from '../main/testing/shared.ts';
import { addExamples, allDone, openView } from './actions.ts';
import { expect, test } from './fixtures.ts';
import type { OpenApp } from './surfaces.ts';

const shared = sharedFolder();

async function chooseForImport(app: OpenApp, label: string, path: string): Promise<void> {
  await app.choose([path], () => app.page.getByRole('button', { name: `Choose ${label}` }).click());
}

test('the bundled model: card, metrics, hashes, providers', async ({ app }) => {
  const { page } = app;
  await openView(page, 'Models');
  await expect(page.getByRole('heading', { name: /DermOrbit base/i }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Check every file' }).click();
  await expect(page.getByText('every file is unchanged')).toBeVisible();
  await page.getByRole('button', { name: 'Measure each' }).click();
  await expect(page.getByRole('button', { name: 'Measure each' })).toBeEnabled({ timeout: 60_000 });
  await expect(page.getByText('CPU').last()).toBeVisible();
});

test('a file that is no checkpoint is refused in words, and nothing is installed', async ({ app }) => {
  const { page } = app;
  const path = join(app.files, 'weights.pt');
  writeFileSync(path, 'not weights');
  await openView(page, 'Models');
  await page.getByRole('button', { name: 'Import' }).click();
  await chooseForImport(app, 'checkpoint', path);
  await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('dialog').getByText('Not a checkpoint')).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await expect(page.getByRole('button', { name: /bundled/ })).toHaveCount(1);
});

test.describe('with the golden tiny CLIP', () => {
  test.skip(shared === null, 'no shared test data beside the repository');

  test('imports, classifies with it, and removes it', async ({ app }) => {
    const { page } = app;
    const golden = join(shared ?? '', 'golden');
    await openView(page, 'Models');
    await page.getByRole('button', { name: 'Import' }).click();
    await chooseForImport(app, 'checkpoint', join(golden, 'tiny-clip.safetensors'));
    await chooseForImport(app, 'class embeddings', join(golden, 'class-embeddings.safetensors'));
    await chooseForImport(app, 'combiner weights', join(golden, 'combiners.safetensors'));
    await page.getByLabel('Name').fill('Tiny');
    await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
    await expect(page.getByText('Model imported')).toBeVisible();
    const manifest: unknown = JSON.parse(
      readFileSync(join(app.home, 'models', 'tiny-clip', 'manifest.json'), 'utf8'),
    );
    expect(manifest).toMatchObject({ id: 'tiny-clip', name: 'Tiny' });
    await page.getByRole('button', { name: 'Use this model' }).click();
    await openView(page, 'Classify');
    await addExamples(app);
    await allDone(page);
    await openView(page, 'Models');
    await page.getByRole('button', { name: 'Remove Tiny' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).last().click();
    await expect(page.getByRole('button', { name: 'Tiny', exact: false })).toHaveCount(0);
  });
});
