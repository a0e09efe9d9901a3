// What no page of this app may do, whatever runs in it: leave, open windows, ask for permissions, or reach
// anything that is not the app's own. Deny by default; each line says what it shuts.
import type { App, Session, WebContents } from 'electron';
import { isOwn, origin } from './origin.ts';

/** Schemes of data that a page already holds. */
const inMemory = ['blob:', 'data:'] as const;

/** Whether a page may load an address: the app's own, or data it already holds. */
export function mayLoad(address: string): boolean {
  return isOwn(address) || inMemory.some((scheme) => address.startsWith(scheme));
}

/** Switches for Chromium; before the app is ready. */
export function guardProcess(app: App): void {
  // Every renderer in the operating system's sandbox, whatever a window's options say.
  app.enableSandbox();
  // Even if a request got past the session: no name resolves, so nothing is reached.
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  // Chromium's own errands: updates of components, field trials, metrics.
  app.commandLine.appendSwitch('disable-background-networking');
  app.commandLine.appendSwitch('disable-component-update');
  app.commandLine.appendSwitch('disable-domain-reliability');
  app.commandLine.appendSwitch('no-pings');
  // Every page that is ever made, before it loads anything.
  app.on('web-contents-created', (_event, contents) => {
    guardContents(contents);
  });
}

/** Offline by construction: the session refuses every request that is not the app's own. */
export function guardSession(session: Session): void {
  session.webRequest.onBeforeRequest((details, callback) => {
    callback({ cancel: !mayLoad(details.url) });
  });
  // Camera, location, notifications, clipboard reading, devices: the app needs none of them.
  session.setPermissionRequestHandler((_contents, _permission, callback) => {
    callback(false);
  });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  // Exports go through a save dialog of the main process, never through the page.
  session.on('will-download', (event) => {
    event.preventDefault();
  });
  // Dictionaries would be downloaded.
  session.setSpellCheckerEnabled(false);
}

function guardContents(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    // A reload of the page itself is the only navigation there is.
    if (event.url !== `${origin}/`) event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    if (!isOwn(event.url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => {
    event.preventDefault();
  });
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
