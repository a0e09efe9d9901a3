import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openBrowser } from './open-browser.ts';

it.runIf(process.platform === 'linux')(
  'opens a private page that leads to the address, which is on no command line',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dermorbit-browser-'));
    const [log, before] = [join(folder, 'log'), process.env.PATH];
    writeFileSync(
      join(folder, 'xdg-open'),
      `#!/bin/sh\necho "$@" > '${log}.part' && mv '${log}.part' '${log}'\n`,
    );
    chmodSync(join(folder, 'xdg-open'), 0o755);
    process.env.PATH = `${folder}${delimiter}${before ?? ''}`;
    try {
      const forget = openBrowser('http://127.0.0.1:1234/secret-token/', folder);
      await vi.waitUntil(() => existsSync(log), { timeout: 20_000 });
      const page = readFileSync(log, 'utf8').trim();
      expect(page).not.toContain('secret-token');
      expect(readFileSync(page, 'utf8')).toContain('url=http://127.0.0.1:1234/secret-token/');
      expect(statSync(page).mode & 0o077).toBe(0);
      expect(statSync(dirname(page)).mode & 0o077).toBe(0);
      forget();
      expect(existsSync(page)).toBe(false);
    } finally {
      process.env.PATH = before;
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

it('a browser that is not there ends nothing', async () => {
  const before = process.env.PATH;
  process.env.PATH = '';
  const forget = openBrowser('http://127.0.0.1:1/x/');
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.env.PATH = before;
  forget();
});
