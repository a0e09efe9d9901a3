import { addExamples, addImages, allDone, openView, rows } from './actions.ts';
import { expect, test } from './fixtures.ts';
import { phantoms } from './images.ts';

test('the chosen image: evidence map, probabilities, grouping', async ({ app }) => {
  const { page } = app;
  await addExamples(app);
  const main = app.page.getByRole('main');
  // The photograph first: evidence is shown to whoever asks for it.
  const evidence = main.getByRole('img', { name: /Evidence map for/ });
  await expect(main.getByRole('img', { name: /phantom-01.*whole photograph/ })).toBeVisible();
  await expect(evidence).toHaveCount(0);
  await main.getByRole('checkbox').check();
  await expect(evidence).toBeVisible();
  for (const code of ['MEL', 'NV', 'BCC', 'AKIEC', 'BKL', 'DF', 'VASC']) {
    await expect(main.getByText(code, { exact: true })).toBeVisible();
  }
  await expect(main.getByRole('rowheader', { name: 'Malignant', exact: true })).toBeVisible();
  await expect(main.getByRole('rowheader', { name: 'Benign', exact: true })).toBeVisible();
  await rows(app.page).nth(3).click();
  await expect(main.getByRole('img', { name: /phantom-04/ })).toBeVisible();
  await main.getByRole('checkbox').uncheck();
  await expect(evidence).toHaveCount(0);
  const viewer = main.getByRole('group', { name: /^Photograph/ });
  await viewer.focus();
  await page.keyboard.down('e');
  await expect(evidence).toBeVisible();
  await page.keyboard.up('e');
  await expect(evidence).toHaveCount(0);
});

test('the answer: malignant or benign first, how sure, what was measured, no promise beyond quarter turns', async ({
  app,
}) => {
  const { page } = app;
  await addExamples(app);
  const main = page.getByRole('main');
  await expect(main.getByText(/^(Malignant|Benign) [<>\d.]+%$|undecided$/).first()).toBeVisible();
  await expect(main.getByText(/by the model’s own probabilities|^Unsure/)).toBeVisible();
  await expect(main.getByText(/orientations agree/)).toBeVisible();
  await expect(main.getByText(/Balanced accuracy \d+\.\d%, on 193 images/)).toBeVisible();
  await main.getByText('What these words mean').click();
  await expect(main.getByText(/not the chance that a person is ill/)).toBeVisible();
  await openView(page, 'About');
  await expect(main.getByText(/the same at quarter turns and mirrors/)).toBeVisible();
});

test('the photograph is zoomed by wheel, keys and buttons, moved, and fitted again', async ({ app }) => {
  const { page } = app;
  await addImages(app, phantoms().slice(0, 1));
  await allDone(page);
  const main = page.getByRole('main');
  const viewer = main.getByRole('group', { name: /^Photograph/ });
  const zoom = main.getByRole('status', { name: 'Zoom' });
  await expect(zoom).toHaveText(/%/);
  const whole = await zoom.innerText();
  const picture = main.getByRole('img', { name: /whole photograph/ });
  const left = async () => (await picture.boundingBox())?.x ?? 0;
  await viewer.focus();
  await page.keyboard.press('1');
  await expect(zoom).toHaveText('100%');
  await page.keyboard.press('+');
  await expect(zoom).toHaveText('125%');
  await page.keyboard.press('-');
  await expect(zoom).toHaveText('100%');
  await viewer.hover();
  await page.mouse.wheel(0, -600);
  await expect(zoom).not.toHaveText('100%');
  const before = await left();
  await page.keyboard.press('ArrowRight');
  await expect.poll(left).toBeLessThan(before);
  await main.getByRole('button', { name: 'Fit the whole photograph' }).click();
  await expect(zoom).toHaveText(whole);
  await viewer.dblclick();
  await expect(zoom).not.toHaveText(whole);
  await viewer.dblclick();
  await expect(zoom).toHaveText(whole);
});

test('orientations: weights, every method at once, switches at once', async ({ app }) => {
  const { page } = app;
  await addExamples(app);
  await openView(page, 'Orientations');
  const cards = page.getByRole('main').locator('ul.cards > li');
  await expect(cards).toHaveCount(4);
  const table = page.getByRole('table', { name: 'The answer of each method' });
  await expect(table.getByRole('row')).toHaveCount(8);
  await page.getByRole('radiogroup', { name: 'Group' }).getByRole('radio', { name: 'D4' }).check();
  await expect(cards).toHaveCount(8);
  await expect(page.getByText('Same answer at quarter turns and mirrors')).toBeVisible();
  await table.getByRole('button', { name: /attention/i }).click();
  await expect(page.getByText(/How much each orientation \(row\) attends/)).toBeVisible();
  await table.getByRole('button', { name: /vanilla/i }).click();
  await expect(page.getByText(/^A turn can change the answer/)).toBeVisible();
  await page.getByRole('radiogroup', { name: 'Group' }).getByRole('radio', { name: 'C1' }).check();
  await expect(cards).toHaveCount(1);
});

test('the turn test draws both models, follows the cursor, and can be cancelled', async ({ app }) => {
  const { page } = app;
  await addImages(app, phantoms().slice(0, 1));
  await allDone(page);
  await openView(page, 'Turn test');
  await page.getByLabel('Step').selectOption('30');
  await page.getByRole('button', { name: 'Turn the image' }).click();
  await page.getByText('Numbers as a table').click();
  await expect(
    page.getByRole('table', { name: 'Answer of both models at each angle' }).getByRole('row'),
  ).toHaveCount(13);
  const equivariant = page
    .getByRole('table', { name: 'Answer of both models at each angle' })
    .getByRole('row');
  // At quarter turns the pixels move exactly, and the equivariant answer with them.
  const at = (angle: number): Promise<string> =>
    equivariant
      .nth(angle / 30 + 1)
      .getByRole('cell')
      .nth(2)
      .innerText();
  for (const angle of [90, 180, 270]) expect(await at(angle)).toBe(await at(0));
  await page.getByRole('slider', { name: 'Angle' }).fill('120');
  await expect(page.getByRole('img', { name: /turned by 120°/ })).toHaveJSProperty('complete', true);
  await expect
    .poll(() =>
      page
        .getByRole('img', { name: /turned by 120°/ })
        .evaluate((image) => (image as HTMLImageElement).naturalWidth),
    )
    .toBeGreaterThan(0);
  await page.getByLabel('Step').selectOption('5');
  await page.getByRole('button', { name: /^Turn/ }).last().click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText(/Cancelled after \d+ angles/)).toBeVisible();
});
