// npm run test:e2e [-- playwright's options]: finds or installs a browser, builds what is stale, runs the tests.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installBrowser } from '../e2e/browser.ts';
import { buildFor } from './build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

console.log(`Browser for the end-to-end tests: ${installBrowser()}`);
await buildFor('electron', true);
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/@playwright/test/cli.js'),
    'test',
    '--config',
    'e2e/playwright.config.ts',
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
);
process.exitCode = status ?? 1;
