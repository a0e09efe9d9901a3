// Real Electron, where its program is installed: the same tests, driven by Playwright's `_electron`. Dialogs, links
// and the clipboard are stood in for inside its main process; everything else is as people have it.
import { _electron, type ElectronApplication } from '@playwright/test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DoubleRequest } from './electron-double/protocol.ts';

const packageFolder = join(import.meta.dirname, '..', 'node_modules', 'electron');

/** The path of Electron's program; null where it is not installed. */
export function installedElectron(): string | null {
  const pathFile = join(packageFolder, 'path.txt');
  if (!existsSync(pathFile)) return null;
  const program = join(packageFolder, 'dist', readFileSync(pathFile, 'utf8').trim());
  return existsSync(program) ? program : null;
}

/** Starts the built app in it, with the stand-ins in place. */
export async function launchElectron(
  program: string,
  main: string,
  home: string,
): Promise<ElectronApplication> {
  const application = await _electron.launch({
    executablePath: program,
    args: [main, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: { ...environment(), DERMORBIT_HOME: home },
  });
  await application.evaluate(({ dialog, shell }) => {
    const answers: (readonly string[] | string | null)[] = [];
    const opened: string[] = [];
    Object.assign(globalThis, { testAnswers: answers, testOpened: opened });
    const next = (): readonly string[] | string | null => answers.shift() ?? null;
    dialog.showOpenDialog = () => {
      const answer = next();
      return Promise.resolve({
        canceled: answer === null,
        filePaths: answer === null ? [] : [answer].flat(),
      });
    };
    dialog.showSaveDialog = () => {
      const answer = next();
      return Promise.resolve({
        canceled: answer === null,
        filePath: typeof answer === 'string' ? answer : '',
      });
    };
    shell.openExternal = (address: string) => {
      opened.push(address);
      return Promise.resolve();
    };
  });
  return application;
}

/** Carries out in real Electron what the double can be asked, as far as it makes sense there. */
export async function askElectron(
  application: ElectronApplication,
  request: DoubleRequest,
): Promise<unknown> {
  return application.evaluate(async ({ app, BrowserWindow, Menu, clipboard, nativeTheme }, asked) => {
    const stand = globalThis as unknown as { testAnswers: unknown[]; testOpened: string[] };
    switch (asked.ask) {
      case 'answerDialog':
        return stand.testAnswers.push(asked.answer);
      case 'menu': {
        let items = Menu.getApplicationMenu()?.items ?? [];
        for (const label of asked.labels) {
          const item = items.find((candidate) => candidate.label === label);
          if (item === undefined) throw new Error(`There is no menu item ${label}`);
          items = item.submenu?.items ?? [];
          // Declared as any function; a menu item's takes no more than this.
          if (items.length === 0) (item.click as () => void)();
        }
        return null;
      }
      case 'killEngine':
      case 'killJobs': {
        const wanted = asked.ask === 'killEngine' ? 'DermOrbit engine' : 'DermOrbit jobs';
        const found = app.getAppMetrics().find(({ name }) => name === wanted);
        return found !== undefined && process.kill(found.pid, 'SIGKILL');
      }
      case 'secondInstance':
        return app.emit('second-instance', {}, ['electron', ...asked.parameters], process.cwd());
      case 'resize':
        BrowserWindow.getAllWindows()[0]?.setSize(asked.width, asked.height);
        return null;
      case 'quit':
        app.quit();
        return null;
      case 'state':
        return Promise.resolve({
          clipboard: await clipboard.readText(),
          opened: stand.testOpened,
          themeSource: nativeTheme.themeSource,
        });
      case 'permission':
        return null;
    }
  }, request);
}

function environment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}
