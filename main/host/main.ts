// The host as a process: the application on its engine process, listening on loopback, the browser opened where
// there is a screen. Started by `npm run serve`, and by `npm start` where Electron cannot run.
import { forkProcess } from '../base/process/fork.ts';
import { openInstalledApplication, rendererFolder } from '../services/installed.ts';
import { openBrowser } from './open-browser.ts';
import { readHostOptions } from './options.ts';
import { openHost } from './server.ts';
import { hostSurface } from './surface.ts';

const { port, browser, data } = readHostOptions(process.argv.slice(2));
const application = await openInstalledApplication(forkProcess, hostSurface, data);
const host = await openHost({ application, rendererFolder: rendererFolder(), port });

console.log(`DermOrbit is at ${host.address}`);
console.log('The address is valid until you end this program (Ctrl+C), on this computer only.');
const forgetBrowserPage = browser && hasScreen() ? openBrowser(host.address) : () => undefined;

let closing = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (closing) process.exit(1);
    closing = true;
    forgetBrowserPage();
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
