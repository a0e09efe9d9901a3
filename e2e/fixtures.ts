// `test` with the app opened for it. After every test: no error in the console, no request off this computer.
import { expect, test as base } from '@playwright/test';
import { openApp, ownAddress, type OpenApp, type StartSettings, type SurfaceName } from './surfaces.ts';

export interface SurfaceOptions {
  surface: SurfaceName;
  /** The settings file's preferences, or its raw text. */
  settings: StartSettings;
}

interface Fixtures {
  app: OpenApp;
  /** Parts of console errors that a test provokes on purpose. */
  expectedErrors: string[];
}

export const test = base.extend<SurfaceOptions & Fixtures>({
  surface: ['host', { option: true }],
  settings: [{ introduced: true }, { option: true }],
  // Playwright's fixtures name what they use by destructuring, even if it is nothing.

  expectedErrors: async ({}, use) => {
    await use([]);
  },
  app: async ({ surface, settings, expectedErrors }, use) => {
    const app = await openApp(surface, settings);
    const errors: string[] = [];
    app.page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
    });
    app.page.on('pageerror', (error) => errors.push(String(error)));
    await use(app);
    const unexpected = errors.filter((error) => !expectedErrors.some((part) => error.includes(part)));
    const foreign = app.requests.filter((address) => !ownAddress.test(address));
    await app.close();
    expect(unexpected, 'errors in the console').toEqual([]);
    expect(foreign, 'requests off this computer').toEqual(expectedErrors.length > 0 ? expect.any(Array) : []);
  },
});

export { expect } from '@playwright/test';
