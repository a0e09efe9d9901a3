// Opens the default browser at the host's address without writing the address, whose token is the key to everything,
// on a command line: other users of the computer can read those.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';

/** How long the page that leads to the address stays: browsers can take their time to start (milliseconds). */
const kept = 120_000;

const openers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  win32: ['cmd', '/c', 'start', '""'],
  darwin: ['open'],
};

/**
 * Opens a page that only this user can read and that leads to the address. If there is no browser, the printed
 * address is all that is needed.
 * @returns removes the page
 */
export function openBrowser(address: string, parent = tmpdir()): () => void {
  // mkdtemp makes the folder readable by this user only (mode 0700).
  const folder = mkdtempSync(join(parent, 'dermorbit-open-'));
  const page = join(folder, 'dermorbit.html');
  writeFileSync(page, redirect(address), { mode: 0o600 });
  const [command = 'xdg-open', ...parameters] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...parameters, page], { detached: true, stdio: 'ignore' });
  child.on('error', () => undefined);
  child.unref();
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  setTimeout(remove, kept).unref();
  return remove;
}

/** The address is of our own making: digits, dots and characters of base64url. */
function redirect(address: string): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8" />',
    '<meta name="referrer" content="no-referrer" />',
    `<meta http-equiv="refresh" content="0; url=${address}" />`,
    '<title>DermOrbit</title>',
    `<p><a href="${address}">Open DermOrbit</a></p>`,
    '</html>',
    '',
  ].join('\n');
}
