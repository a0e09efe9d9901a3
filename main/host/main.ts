// The host as a process: the application on its engine process, listening on loopback, the browser opened where
// there is a screen. Started by `npm run serve`, and by `npm start` where Electron cannot run.
import { spawn } from 'node:child_process';
import { forkProcess } from '../base/process/fork.ts';
import { openInstalledApplication, rendererFolder } from '../services/installed.ts';
import { readHostOptions } from './options.ts';
import { openHost } from './server.ts';
import { hostSurface } from './surface.ts';

const { port, browser, data } = readHostOptions(process.argv.slice(2));
const application = await openInstalledApplication(forkProcess, hostSurface, data);
const host = await openHost({ application, rendererFolder: rendererFolder(), port });

console.log(`DermOrbit is at ${host.address}`);
console.log('The address is valid until you end this program (Ctrl+C), on this computer only.');
if (browser && hasScreen()) openBrowser(host.address);

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
