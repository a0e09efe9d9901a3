// A Chrome, Chromium or Edge to test with: the one named by DERMORBIT_BROWSER, one that is installed, or one that is
// installed now, saying so.
import { chromium } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Quiet, without GPU, and able to run as root in a container. */
export const browserArguments: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const programs = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge',
  'msedge',
];
const places: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
    'C:\\Program Files\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

/** @throws Error if there is none; `installBrowser` may change that */
export function findBrowser(): string {
  const found = installedBrowser();
  if (found === null)
    throw new Error('There is no Chrome, Chromium or Edge; run: npx playwright install chromium');
  return found;
}

/** Finds a browser, or installs one by whichever way this machine allows. @throws Error if no way does */
export function installBrowser(): string {
  const found = installedBrowser();
  if (found !== null) return found;
  console.log('There is no Chrome, Chromium or Edge here. Installing one for the tests ...');
  if (process.platform === 'linux' && process.getuid?.() === 0 && programPath('apt-get') !== null) {
    console.log('  apt-get install chromium');
    run('apt-get', ['update', '-q']);
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium']);
  }
  if (installedBrowser() === null) {
    console.log('  npx playwright install chromium');
    const cli = join(import.meta.dirname, '..', 'node_modules', '@playwright', 'test', 'cli.js');
    run(process.execPath, [cli, 'install', 'chromium']);
  }
  return findBrowser();
}

function installedBrowser(): string | null {
  const named = process.env.DERMORBIT_BROWSER;
  if (named !== undefined) return named;
  const onPath = programs.map(programPath).find((path) => path !== null);
  const known = [onPath, ...(places[process.platform] ?? []), chromium.executablePath()];
  return known.find((path) => path != null && path !== '' && existsSync(path)) ?? null;
}

function programPath(program: string): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null;
}

function run(program: string, parameters: readonly string[]): void {
  spawnSync(program, parameters, { stdio: ['ignore', 'inherit', 'inherit'] });
}
