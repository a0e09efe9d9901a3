// End-to-end tests: the same behaviours in a browser on the host, and in the window through Electron or its double.
import { defineConfig } from '@playwright/test';
import type { SurfaceOptions } from './fixtures.ts';

export default defineConfig<SurfaceOptions>({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  // Each test has an app and an engine of its own; the smallest supported machine has two cores.
  workers: 1,
  // What waits, waits long: the engine gives way to everything else, so a busy machine is slow, and not red.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  // A test that passes at the second try has told nothing.
  retries: 0,
  forbidOnly: true,
  reporter: [['list']],
  outputDir: '../test-results',
  projects: [
    // Each kind of test once: the window's own in the window, packaging and what strangers do to a port beside the host.
    { name: 'host', testIgnore: 'electron.spec.ts', use: { surface: 'host' } },
    {
      name: 'electron',
      testIgnore: ['packaging.spec.ts', 'foreign-pages.spec.ts'],
      use: { surface: 'electron' },
    },
  ],
});
