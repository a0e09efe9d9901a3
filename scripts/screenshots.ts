// npm run screenshots: pictures of every screen of the real app, on phantoms, into docs/screenshots. As WebP, small
// enough for a repository. With a folder as parameter: every screen at three sizes in both themes, for looking at.
import { chromium, type Page } from '@playwright/test';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserArguments, installBrowser } from '../e2e/browser.ts';
import { labelledPhantoms } from '../e2e/images.ts';
import { sharp } from '../main/imaging/sharp.ts';
import { buildFor } from './build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Shot {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly theme: 'light' | 'dark';
}

/** What the documentation shows. */
const documented: readonly Shot[] = [
  { name: 'light', width: 1280, height: 800, theme: 'light' },
  { name: 'dark', width: 1280, height: 800, theme: 'dark' },
];

/** What a look at every screen takes. */
const thorough: readonly Shot[] = [
  [1280, 800],
  [1920, 1080],
  [900, 700],
].flatMap(([width = 0, height = 0]) =>
  (['light', 'dark'] as const).map((theme) => ({ name: `${width}-${theme}`, width, height, theme })),
);

const screens = ['classify', 'orientations', 'turn-test', 'evaluate', 'train', 'models', 'about'] as const;

const given = process.argv[2];
const folder = given ?? join(root, 'docs', 'screenshots');
mkdirSync(folder, { recursive: true });
const executablePath = installBrowser();
await buildFor('host', true);
for (const shot of given === undefined ? documented : thorough) await shoot(shot);

async function shoot({ name, width, height, theme }: Shot): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'dermorbit-screenshots-'));
  const data = await labelledPhantoms(join(home, 'phantoms'), 8);
  const preferences = { introduced: true, theme, turnStep: 15, settings: { group: 'd4' } };
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ schema: 1, preferences }));
  const host = spawn(process.execPath, [join(root, 'main/host/main.ts'), '--no-browser', '--data', data], {
    env: { ...process.env, DERMORBIT_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise<string>((resolve) => {
    host.stdout.on('data', (data: Buffer) => {
      const found = /http:\S+/.exec(data.toString());
      if (found !== null) resolve(found[0]);
    });
  });
  const browser = await chromium.launch({ executablePath, args: [...browserArguments] });
  try {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme });
    await page.goto(address);
    await page.getByRole('button', { name: 'Try examples' }).click();
    await page.getByRole('option', { name: /phantom-08.*%/ }).waitFor();
    await page.getByRole('option', { name: /phantom-01/ }).click();
    for (const [index, screen] of screens.entries()) {
      await page.keyboard.press(`Alt+${index + 1}`);
      if (screen === 'turn-test') await turn(page);
      if (screen === 'evaluate') await evaluate(page);
      if (screen === 'train') await train(page);
      await page.waitForTimeout(600);
      const png = await page.screenshot();
      await sharp(png)
        .webp({ quality: 88, effort: 6 })
        .toFile(join(folder, `${screen}-${name}.webp`));
    }
  } finally {
    await browser.close();
    host.kill('SIGTERM');
    rmSync(home, { recursive: true, force: true });
  }
}

async function turn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Turn the image' }).click();
  await page.getByRole('button', { name: 'Turn again' }).waitFor({ timeout: 120_000 });
}

/** Phantoms in classes that say nothing: what the screen looks like, not how good the model is. */
async function evaluate(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Choose folder' }).click();
  await page.getByRole('button', { name: 'phantoms', exact: true }).click();
  await page.getByRole('button', { name: 'Use phantoms' }).click();
  await page.getByText('32 images').first().waitFor();
  await page.getByText('More settings').click();
  await page.getByRole('checkbox', { name: 'Plain' }).check();
  await page.getByRole('button', { name: 'Evaluate', exact: true }).last().click();
  await page.getByRole('heading', { name: 'Confusion matrix' }).waitFor({ timeout: 300_000 });
  await page.getByRole('button', { name: 'Dismiss' }).first().click();
  await page.getByRole('button', { name: /^Vanilla/ }).click();
  await page.getByRole('button', { name: 'Show: any change of the answer' }).click();
  await page.getByRole('heading', { name: 'Confusion matrix' }).scrollIntoViewIfNeeded();
}

/** The same phantoms: the screen at work, not a model worth having. */
async function train(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Choose folder' }).click();
  await page.getByRole('button', { name: 'phantoms', exact: true }).click();
  await page.getByRole('button', { name: 'Use phantoms' }).click();
  await page.getByRole('checkbox', { name: 'Train without them' }).check();
  const number = (label: string) => page.getByRole('spinbutton', { name: label, exact: true });
  await page.getByRole('radio', { name: 'Whole model' }).check();
  await page.getByRole('radio', { name: 'λ-equitune' }).check();
  await number('Validation share').fill('0.3');
  await number('Learning rate').fill('0.0003');
  await number('Rounds').fill('12');
  await number('Steps per round').fill('4');
  await number('Batch size (images)').fill('8');
  await page.getByRole('button', { name: 'Start training' }).click();
  // Near the end, whichever round is seen first: a page that is looked at now and then may miss a short one.
  await page
    .getByText(/^(Round (9|1[0-2]) of 12|Finishing|Measuring)/)
    .or(page.getByRole('button', { name: 'Use this model' }))
    .first()
    .waitFor({ timeout: 300_000 });
}
