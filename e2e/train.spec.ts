// The Train screen: labelled images are chosen and looked into, a training is started, stopped, found again after a
// reload, resumed to its end, and what came of it is used.
import { AxeBuilder } from '@axe-core/playwright';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { chooseLabelled, openView } from './actions.ts';
import { expect, test } from './fixtures.ts';
import { labelledClasses, labelledPhantoms } from './images.ts';

test('a weight network, from the choice of images to the model in use', async ({ app }) => {
  const { page } = app;
  const start = page.getByRole('button', { name: 'Start training' });
  const found = page.getByRole('region', { name: 'What was found' });
  await openView(page, 'Train');
  await expect(start).toBeDisabled();
  await expect(page.getByText('Choose a folder of labelled images')).toBeVisible();
  await chooseLabelled(app, await labelledPhantoms(join(app.files, 'labelled'), 3));

  // What was found is said before anything starts, and what is doubtful is asked.
  const [learn, validate] = [2 * labelledClasses.length, labelledClasses.length];
  await expect(found).toContainText(`${learn} images for training, ${validate} for validation`);
  await expect(found.getByRole('row', { name: /Melanoma 2 1/ })).toBeVisible();
  await expect(found).toContainText('Lesions unknown');
  await expect(found).toContainText('1 image has no label');
  await expect(found).toContainText('not known before the first steps');
  await expect(start).toBeDisabled();
  await found.getByRole('checkbox', { name: 'Train without them' }).check();
  await expect(start).toBeEnabled();

  const name = page.getByRole('textbox', { name: 'Name of the new model' });
  await expect(name).toHaveValue('dermorbit-base-lambda');
  await name.fill('dermorbit-base');
  await expect(page.getByText('A model or a run has this name')).toBeVisible();
  await expect(start).toBeDisabled();
  await name.fill('mine');
  const number = (label: string) => page.getByRole('spinbutton', { name: label, exact: true });
  await number('Learning rate').fill('0');
  await expect(page.getByText('A setting is not possible')).toBeVisible();
  await number('Learning rate').fill('0.1');
  await number('Rounds').fill('500');
  await number('Steps per round').fill('2');
  await number('Batch size (images)').fill('2');
  await start.click();

  // It goes on while another screen is looked at, and is stopped at a round; there are two to be compared by then.
  await expect(page.getByRole('status').filter({ hasText: /^Round ([2-9]|[1-9]\d)/ })).toHaveCount(1);
  await openView(page, 'About');
  await openView(page, 'Train');
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(page.getByText(/Stopped after round \d+ of 500/)).toBeVisible();
  const run = join(app.home, 'runs', 'mine');
  for (const file of ['checkpoint.bin', 'curves.png']) expect(existsSync(join(run, file))).toBe(true);

  await page.reload();
  await openView(page, 'Train');
  await page.getByRole('button', { name: /^mine.*stopped at round/ }).click();
  const accuracy = page.getByRole('img', { name: /^Balanced accuracy, validation images/ });
  await expect(accuracy).toBeVisible();
  await expect(page.getByRole('img', { name: /^Mean weight of each orientation/ })).toBeVisible();
  const weight = page.getByRole('img', { name: /^Weight of 90°, mean and standard deviation/ });
  await expect(weight).toHaveAccessibleName(/before training, .* in round \d+$/);
  const slider = page.getByRole('slider', { name: 'Round' });
  await slider.fill('0');
  await expect(weight).toHaveAccessibleName(/in round 1$/);
  await page.getByText('Weights as a table').click();
  const spread = page.getByRole('table', { name: /^Mean weight and standard deviation/ });
  await expect(spread.getByRole('row', { name: /^before training/ })).toBeVisible();
  await page.getByText('Numbers as a table').click();
  const rounds = page.getByRole('table', { name: 'Figures of each round' }).getByRole('row');
  await expect(rounds.nth(1)).toContainText(/^0/);
  const before = await rounds.count();
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const serious = async () =>
    (await axe.analyze()).violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect((await serious()).map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);

  await page.getByText('With other settings').click();
  await number('Rounds').fill(String(before));
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByRole('heading', { name: 'Finished' })).toBeVisible();
  const result = page.getByRole('table', { name: /The new model beside/ });
  await expect(result.getByRole('row')).toHaveCount(1 + 4);
  // The orbit head does not flip; vanilla's rate is whatever these phantoms give.
  const flips = async (row: RegExp) => {
    const headings = await result.getByRole('columnheader').allInnerTexts();
    // The heading of the accuracy spans its interval's column, too.
    const cells = result.getByRole('row', { name: row }).getByRole('cell');
    return cells.nth(headings.indexOf('Flips'));
  };
  await expect(await flips(/^mine, lambda/)).toHaveText('0.0%');
  await expect(await flips(/^dermorbit-base, vanilla/)).toHaveText(/^\d+\.\d%$/);
  await expect(rounds).toHaveCount(1 + before + 1);

  await page.getByRole('button', { name: 'Its card' }).click();
  await expect(page.getByRole('heading', { name: 'mine' }).first()).toBeVisible();
  await openView(page, 'Train');
  await page.getByRole('button', { name: 'Use this model' }).click();
  await expect(page.getByRole('contentinfo')).toContainText('mine');
  await expect(page.getByRole('navigation').getByRole('button', { name: 'Classify' })).toHaveAttribute(
    'aria-current',
    'page',
  );

  // The form offers nothing that is taken; the run goes, its model stays.
  await openView(page, 'Train');
  await page.getByRole('button', { name: 'Remove run' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove run' }).click();
  await expect(page.getByText('None yet. Runs are kept')).toBeVisible();
  expect(existsSync(run)).toBe(false);
  expect(existsSync(join(app.home, 'models', 'mine'))).toBe(true);

  // What was computed of the images stays until it is removed.
  const caches = page.getByRole('region', { name: /^Cached images/ });
  await expect(caches).toContainText('Feature maps, C4, dermorbit-base');
  await caches.getByRole('button', { name: /^Remove Feature maps/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(caches).toHaveCount(0);
  expect(readdirSync(join(app.home, 'caches'))).toEqual([]);
});
