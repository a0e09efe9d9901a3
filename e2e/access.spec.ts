import { AxeBuilder } from '@axe-core/playwright';
import { addExamples, allDone, rows } from './actions.ts';
import { expect, test } from './fixtures.ts';

const views = ['Classify', 'Orientations', 'Turn test', 'Evaluate', 'Train', 'Models', 'About'] as const;

for (const theme of ['light', 'dark'] as const) {
  test.describe(theme, () => {
    test.use({ settings: { introduced: true, theme, turnStep: 90 } });
    test('no screen has a serious violation of WCAG', async ({ app }) => {
      const { page } = app;
      const check = async (screen: string): Promise<void> => {
        // axe's own way of running in frames opens a page, which neither surface lets it do.
        const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        const found = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
        expect(found, `${screen}, ${theme}`).toEqual([]);
      };
      await check('empty');
      await addExamples(app);
      for (const [index, name] of views.entries()) {
        await page.keyboard.press(`Alt+${index + 1}`);
        if (name === 'Turn test') {
          await page.getByRole('button', { name: 'Turn the image' }).click();
          await expect(page.getByRole('button', { name: 'Turn again' })).toBeVisible();
        }
        await page.waitForTimeout(300);
        await check(name);
      }
      await page.keyboard.press('F1');
      await check('keyboard sheet');
    });
  });
}

test('everything by keyboard: add, choose, look, switch, turn, export', async ({ app }) => {
  const { page } = app;
  const press = (key: string): Promise<void> => page.keyboard.press(key);
  const tabTo = async (name: RegExp): Promise<void> => {
    for (let presses = 0; presses < 60; presses++) {
      await press('Tab');
      const focused = await page.evaluate(() => {
        const element = document.activeElement === document.body ? null : document.activeElement;
        return `${element?.getAttribute('aria-label') ?? ''} ${element?.textContent ?? ''}`;
      });
      if (name.test(focused)) return;
    }
    throw new Error(`No way to ${name.source} by Tab`);
  };
  await expect(page.getByRole('button', { name: 'Try examples' })).toBeVisible();
  await tabTo(/Try examples/);
  await press('Enter');
  await allDone(page);
  await tabTo(/^(?:8 )?images/);
  await press('ArrowDown');
  await expect(rows(page).nth(1)).toHaveAttribute('aria-selected', 'true');
  await press('End');
  await expect(rows(page).last()).toHaveAttribute('aria-selected', 'true');
  await press('Alt+2');
  await expect(page.getByRole('table', { name: 'The answer of each method' })).toBeVisible();
  await press('Alt+g');
  await expect(
    page.getByRole('radiogroup', { name: 'Group' }).getByRole('radio', { name: 'D1' }),
  ).toBeChecked();
  await press('Alt+3');
  await tabTo(/Turn the image/);
  await press('Enter');
  await expect(page.getByRole('progressbar', { name: 'Turn test' })).toBeVisible();
  await press('Escape');
  await expect(page.getByText(/Cancelled after/)).toBeVisible();
  await press('Alt+1');
  await page.getByRole('button', { name: 'Export' }).focus();
  await press('Enter');
  await press('ArrowDown');
  await press('ArrowDown');
  await expect(page.getByRole('menuitem', { name: /Report/ })).toBeFocused();
  await press('Escape');
  await expect(page.getByRole('button', { name: 'Export' })).toBeFocused();
});
