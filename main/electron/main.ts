// The desktop app's main process: one window on one application, guarded before anything is loaded.
import { app, BrowserWindow, ipcMain, nativeTheme, protocol, session } from 'electron';
import { join, resolve } from 'node:path';
import type { Application } from '../services/application.ts';
import {
  dataFolder,
  installationFolder,
  openInstalledApplication,
  rendererFolder,
} from '../services/installed.ts';
import { openResources } from '../services/resources.ts';
import { guardProcess, guardSession } from './guards.ts';
import { connectPage } from './ipc.ts';
import { installMenu } from './menu.ts';
import { declareScheme, serveScheme } from './protocol.ts';
import { windowSurface } from './surface.ts';
import { spawnUtility } from './process.ts';
import { openWindow } from './window.ts';

guardProcess(app);
declareScheme(protocol);
app.setPath('userData', join(dataFolder(), 'window'));
// In the packaged app, models and phantoms lie beside the archive of the code.
if (app.isPackaged) process.env.DERMORBIT_RESOURCES = process.resourcesPath;

let window: BrowserWindow | null = null;
/** Files that the system asked to open before the application was there. */
const early: string[] = filesOf(process.argv.slice(app.isPackaged ? 1 : 2));

if (app.requestSingleInstanceLock()) void start();
else app.quit();

async function start(): Promise<void> {
  app.on('open-file', (event, path) => {
    event.preventDefault();
    early.push(path);
  });
  await app.whenReady();
  const application = await openInstalledApplication(spawnUtility, (documents) =>
    windowSurface(documents, () => window),
  );
  guardSession(session.defaultSession);
  serveScheme(protocol, openResources(application, rendererFolder()));
  installMenu((notice) => {
    application.notify(notice);
  });
  followTheme(application);
  const open = (): void => {
    window = openWindow(application.settings, join(installationFolder(), 'dist', 'preload', 'preload.cjs'));
    connectPage(ipcMain, application, window.webContents);
    window.once('closed', () => {
      window = null;
    });
  };
  open();
  acceptFiles(application, open);
  app.on('activate', () => {
    if (window === null) open();
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  closeWith(application);
}

/** Files from "open with", from a second start, and those that came early. */
function acceptFiles(application: Application, open: () => void): void {
  const add = (paths: readonly string[]): void => {
    if (paths.length > 0) void application.addPaths(paths);
  };
  add(early.splice(0));
  app.removeAllListeners('open-file');
  app.on('open-file', (event, path) => {
    event.preventDefault();
    add([path]);
  });
  app.on('second-instance', (_event, parameters, workingFolder) => {
    if (window === null) open();
    else if (window.isMinimized()) window.restore();
    window?.focus();
    add(filesOf(parameters.slice(1)).map((path) => resolve(workingFolder, path)));
  });
}

/** Window frame, dialogs and menus follow the page's theme. */
function followTheme(application: Application): void {
  nativeTheme.themeSource = application.settings.preferences.theme;
  application.onNotice((notice) => {
    if (notice.kind === 'preferences') nativeTheme.themeSource = notice.preferences.theme;
  });
}

/** The engine and the uploads go before the process does. */
function closeWith(application: Application): void {
  let closed = false;
  app.on('will-quit', (event) => {
    if (closed) return;
    event.preventDefault();
    void application.close().finally(() => {
      closed = true;
      app.quit();
    });
  });
}

function filesOf(parameters: readonly string[]): string[] {
  return parameters.filter((parameter) => !parameter.startsWith('-'));
}
