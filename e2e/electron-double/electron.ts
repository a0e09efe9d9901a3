// A test double of the `electron` module: the parts that main/electron uses, on a real Chromium driven by Playwright.
// It exists because Electron's binary cannot be had on every test machine; where it can, the same tests run in it.
import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { browser, debuggingPort, wiring } from './chromium.ts';
import type { DoubleMessage, DoubleRequest, DoubleState } from './protocol.ts';
import { BrowserWindow, contentsCreated, refusedNavigations, windowOptions, windows } from './window.ts';

export { BrowserWindow } from './window.ts';
export { ipcMain } from './ipc.ts';

Object.defineProperty(process, 'versions', {
  value: { ...process.versions, electron: '0.0.0-double', chrome: '0.0.0-double' },
});

const seen = { clipboard: '', opened: [] as string[], switches: [] as string[], sandboxed: false };
const dialogAnswers: (readonly string[] | string | null)[] = [];

// ------------------------------------------------------------------------------------------------------- app

class App extends EventEmitter {
  readonly isPackaged = false;
  readonly commandLine = {
    appendSwitch: (name: string, value = ''): void => {
      seen.switches.push(value === '' ? name : `${name}=${value}`);
    },
  };

  async whenReady(): Promise<void> {
    await browser;
  }

  enableSandbox(): void {
    seen.sandboxed = true;
  }

  requestSingleInstanceLock(): boolean {
    return true;
  }

  setPath(): void {
    // The profile's folder is the double's own.
  }

  quit(): void {
    for (const window of [...windows]) window.close();
    const quitting = { prevented: false };
    this.emit('will-quit', {
      preventDefault: () => {
        quitting.prevented = true;
      },
    });
    if (!quitting.prevented) void browser.then((context) => context.close()).finally(() => process.exit(0));
  }
}

export const app = new App();
contentsCreated.on('created', (contents) => app.emit('web-contents-created', {}, contents));

// ------------------------------------------------------------------------------------- requests and permissions

let permissionRequest:
  ((contents: unknown, permission: string, callback: (granted: boolean) => void) => void) | null = null;
let permissionCheck: ((contents: unknown, permission: string) => boolean) | null = null;

export const session = {
  defaultSession: Object.assign(new EventEmitter(), {
    webRequest: {
      onBeforeRequest: (listener: NonNullable<typeof wiring.filter>) => {
        wiring.filter = listener;
      },
    },
    setPermissionRequestHandler: (handler: typeof permissionRequest) => {
      permissionRequest = handler;
    },
    setPermissionCheckHandler: (handler: typeof permissionCheck) => {
      permissionCheck = handler;
    },
    setDevicePermissionHandler: () => undefined,
    setSpellCheckerEnabled: () => undefined,
  }),
};

export const protocol = {
  registerSchemesAsPrivileged: () => undefined,
  handle: (_scheme: string, handler: NonNullable<typeof wiring.handler>) => {
    wiring.handler = handler;
  },
};

// ------------------------------------------------------------------------------------------ dialogs and system

function nextAnswer(): readonly string[] | string | null {
  const answer = dialogAnswers.shift();
  if (answer === undefined) throw new Error('A dialog was opened that the test does not expect');
  return answer;
}

export const dialog = {
  showOpenDialog: () => {
    const answer = nextAnswer();
    return Promise.resolve({ canceled: answer === null, filePaths: answer === null ? [] : [answer].flat() });
  },
  showSaveDialog: () => {
    const answer = nextAnswer();
    return Promise.resolve({ canceled: answer === null, filePath: typeof answer === 'string' ? answer : '' });
  },
};

export const clipboard = {
  writeText: (text: string) => {
    seen.clipboard = text;
    return Promise.resolve();
  },
};

export const shell = {
  openExternal: (address: string) => {
    seen.opened.push(address);
    return Promise.resolve();
  },
  openPath: (path: string) => {
    seen.opened.push(path);
    return Promise.resolve('');
  },
};

export const screen = {
  getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }],
};

type Theme = 'system' | 'light' | 'dark';
let theme: Theme = 'system';

export const nativeTheme = {
  shouldUseDarkColors: false,
  get themeSource(): Theme {
    return theme;
  },
  set themeSource(source: Theme) {
    theme = source;
    const colorScheme = source === 'system' ? null : source;
    for (const window of windows)
      void window.webContents.page.then((page) => page.emulateMedia({ colorScheme }));
  },
};

// ------------------------------------------------------------------------------------------------------ menu

interface MenuItem {
  readonly label?: string;
  readonly submenu?: readonly MenuItem[];
  readonly click?: () => void;
}
let menu: readonly MenuItem[] = [];

export const Menu = {
  buildFromTemplate: (template: readonly MenuItem[]) => template,
  setApplicationMenu: (template: readonly MenuItem[]) => {
    menu = template;
  },
};

function clickMenu(labels: readonly string[]): void {
  let items = menu;
  let item: MenuItem | undefined;
  for (const label of labels) {
    item = items.find((candidate) => candidate.label === label);
    items = item?.submenu ?? [];
  }
  if (item?.click === undefined) throw new Error(`There is no menu item ${labels.join(' > ')}`);
  item.click();
}

// ------------------------------------------------------------------------------------------- utility process

/** By the names that task managers show. */
const children = new Map<string, ChildProcess>();

export const utilityProcess = {
  fork: (path: string, _parameters: readonly string[], { serviceName }: { serviceName: string }) => {
    const child = fork(path, {
      execArgv: ['--import', fileURLToPath(new URL('parent-port.ts', import.meta.url))],
      serialization: 'advanced',
    });
    children.set(serviceName, child);
    return {
      postMessage: (message: object) => child.send(message, () => undefined),
      on: (event: 'message', listener: (message: unknown) => void) => child.on(event, listener),
      once: (event: 'exit', listener: (code: number) => void) =>
        child.once(event, (code) => {
          listener(code ?? 1);
        }),
      kill: () => child.kill(),
    };
  },
};

// --------------------------------------------------------------------------------------------- the test's wishes

function state(): DoubleState {
  return {
    ...seen,
    themeSource: theme,
    windows: windowOptions,
    refusedRequests: wiring.refused,
    refusedNavigations,
  };
}

async function carryOut(request: DoubleRequest): Promise<unknown> {
  switch (request.ask) {
    case 'answerDialog':
      return dialogAnswers.push(request.answer);
    case 'menu':
      clickMenu(request.labels);
      return null;
    case 'killEngine':
      return children.get('DermOrbit engine')?.kill('SIGKILL');
    case 'killJobs':
      return children.get('DermOrbit jobs')?.kill('SIGKILL');
    case 'secondInstance':
      app.emit('second-instance', {}, ['electron', ...request.parameters], process.cwd());
      return null;
    case 'permission':
      return {
        checked: permissionCheck?.(null, request.permission),
        requested: await new Promise((resolve) => {
          permissionRequest?.(null, request.permission, resolve);
        }),
      };
    case 'resize':
      return windows[0]?.resizeTo(request.width, request.height);
    case 'quit':
      app.quit();
      return null;
    case 'state':
      return state();
  }
}

function tell(message: DoubleMessage): void {
  if (process.connected) process.send?.(message);
}

process.on('message', (request: DoubleRequest) => {
  void carryOut(request).then((result) => {
    tell({ tell: 'done', result: result ?? null });
  });
});
process.on('disconnect', () => {
  app.quit();
});
contentsCreated.once('created', (contents: BrowserWindow['webContents']) => {
  void contents.page.then(() => {
    tell({ tell: 'ready', port: debuggingPort });
  });
});
