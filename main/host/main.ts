// The host as a process: the application on its engine process, listening on loopback, the browser opened where
// there is a screen. Started by `npm run serve`, and by `npm start` where Electron cannot run.
//   --port N       instead of any free port
//   --no-browser   only print the address
//   --data DIR     offer this folder of labelled images for evaluation and training (may be given several times)
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { forkProcess } from '../process/fork.ts';
import { openInstalledApplication, rendererFolder } from '../services/installed.ts';
import { openHost } from './server.ts';
import { hostSurface } from './surface.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'no-browser': { type: 'boolean', default: false },
    data: { type: 'string', multiple: true, default: [] },
  },
});
const dataRoots = values.data.map((folder) => resolve(folder));
for (const folder of dataRoots) {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) continue;
  console.error(`--data ${folder}: there is no such folder.`);
  process.exit(2);
}

const application = await openInstalledApplication(forkProcess, hostSurface, dataRoots);
const host = await openHost({ application, rendererFolder: rendererFolder(), port: Number(values.port) });

console.log(`DermOrbit is at ${host.address}`);
console.log('The address is valid until you end this program (Ctrl+C), on this computer only.');
if (!values['no-browser'] && hasScreen()) openBrowser(host.address);

let closing = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (closing) process.exit(1);
    closing = true;
    void host
      .close()
      .then(() => application.close())
      .finally(() => process.exit(0));
  });
}

function hasScreen(): boolean {
  if (process.platform !== 'linux') return process.env.SSH_CONNECTION === undefined;
  return process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined;
}

/** Opens the default browser; if there is none, the printed address is all that is needed. */
function openBrowser(address: string): void {
  const openers: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
    win32: ['cmd', '/c', 'start', '""', address],
    darwin: ['open', address],
  };
  const [command, ...parameters] = openers[process.platform] ?? ['xdg-open', address];
  const child = spawn(command, parameters, { detached: true, stdio: 'ignore' });
  child.on('error', () => undefined);
  child.unref();
}
