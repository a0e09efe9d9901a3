// What only the window has: its hardening, its menu, its place, what the system hands to it.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addExamples, allDone, openView, rows } from './actions.ts';
import { expect, test } from './fixtures.ts';
import { manyImages, phantoms } from './images.ts';

test('every window is sandboxed, isolated and without Node', async ({ app }) => {
  test.skip(!app.double, 'asks the double');
  await addExamples(app);
  const { windows, sandboxed, switches } = await app.state();
  expect(sandboxed).toBe(true);
  expect(switches).toContain('host-resolver-rules=MAP * ~NOTFOUND');
  for (const window of windows) {
    expect(window).toMatchObject({
      webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false },
    });
  }
  const leaked = await app.page.evaluate(() =>
    ['require', 'process', 'module', 'Buffer'].filter((name) => name in window),
  );
  expect(leaked).toEqual([]);
});

test('the page can neither leave, nor open windows, nor get permissions', async ({ app, expectedErrors }) => {
  test.skip(!app.double, 'asks the double');
  expectedErrors.push('Failed to load', 'net::ERR');
  await app.page.evaluate(() => {
    window.location.href = 'https://example.com/';
  });
  await app.page.evaluate(() => window.open('https://example.com/'));
  await expect.poll(async () => (await app.state()).refusedNavigations).toContain('https://example.com/');
  expect(app.page.url()).toBe('https://dermorbit.invalid/');
  await expect.poll(() => app.page.context().pages().length).toBe(1);
  for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal']) {
    expect(await app.ask({ ask: 'permission', permission })).toEqual({ checked: false, requested: false });
  }
});

test('frames that are not of the contract are dropped before they reach the application', async ({ app }) => {
  const outcome = await app.page.evaluate(() => {
    const bridge = (window as unknown as { dermorbit: { send: (frame: unknown) => void } }).dermorbit;
    const tried = [
      { kind: 'call', id: 1, operation: 'constructor', input: {} },
      { kind: 'call', id: 1, operation: 'openExternal', input: { url: 'https://example.com' } },
      { kind: 'invoke', channel: 'shell' },
      null,
    ];
    return tried.map((frame) => {
      try {
        bridge.send(frame);
        return 'sent';
      } catch {
        return 'refused';
      }
    });
  });
  expect(outcome).toEqual(['refused', 'refused', 'refused', 'refused']);
});

test('only addresses of the table reach the browser', async ({ app }) => {
  await openView(app.page, 'About');
  await app.page.getByText('ISIC Archive').click();
  await expect.poll(async () => (await app.state()).opened).toEqual(['https://www.isic-archive.com/']);
});

test('the menu opens images and screens', async ({ app }) => {
  await app.ask({ ask: 'answerDialog', answer: phantoms().slice(0, 2) });
  await app.ask({ ask: 'menu', labels: ['File', 'Add Images …'] });
  await expect(rows(app.page)).toHaveCount(2);
  await allDone(app.page);
  await app.ask({ ask: 'menu', labels: ['View', 'Turn Test'] });
  await expect(app.page.getByRole('button', { name: 'Turn the image' })).toBeVisible();
  await app.ask({ ask: 'menu', labels: ['Help', 'About DermOrbit'] });
  await expect(app.page.getByRole('heading', { name: 'Research use only' })).toBeVisible();
});

test('a second start hands its files to the window', async ({ app }) => {
  await app.ask({ ask: 'secondInstance', parameters: ['--flag', ...phantoms().slice(0, 3)] });
  await expect(rows(app.page)).toHaveCount(3);
});

test('files dropped from the disk are read where they lie, folders walked', async ({ app }) => {
  test.skip(!app.double, 'asks the double');
  const folder = join(app.files, 'dropped');
  mkdirSync(folder);
  manyImages(folder, 3);
  await expect(app.page.getByRole('button', { name: 'Open images' })).toBeVisible();
  await app.page.evaluate((path) => {
    // Real Electron knows a dropped File's path; the double is told it.
    Object.assign(window, { electronDoublePaths: { dropped: path } });
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([], 'dropped'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, folder);
  await expect(rows(app.page)).toHaveCount(3);
  await allDone(app.page);
  await expect(app.page.getByText(folder)).toBeVisible();
});

test('a dismissed dialog changes nothing', async ({ app }) => {
  await app.ask({ ask: 'answerDialog', answer: null });
  await app.page.getByRole('button', { name: 'Open images' }).click();
  await addExamples(app);
  await app.ask({ ask: 'answerDialog', answer: null });
  await app.ask({ ask: 'menu', labels: ['File', 'Export Table (CSV) …'] });
  await expect(app.page.getByText(/^Saved/)).toHaveCount(0);
});

test('the window remembers its size', async ({ app }) => {
  await app.ask({ ask: 'resize', width: 1111, height: 777 });
  await expect
    .poll(() => readFileSync(join(app.home, 'settings.json'), 'utf8'))
    .toMatch(/"width": 1111,\s+"height": 777/);
});

test('the theme of the page is the theme of the window', async ({ app }) => {
  await app.page.getByRole('button', { name: /theme/i }).click();
  await expect.poll(async () => (await app.state()).themeSource).not.toBe('system');
});
