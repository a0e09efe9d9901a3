// The app as each surface runs it, opened for one test: a page to act on, and what a person does outside the page
// (file dialogs, the menu, ending the engine).
import { chromium, type Browser, type Page } from '@playwright/test';
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { browserArguments, findBrowser } from './browser.ts';
import { askElectron, installedElectron, launchElectron } from './real-electron.ts';
import type { DoubleMessage, DoubleRequest, DoubleState } from './electron-double/protocol.ts';

export const root = join(import.meta.dirname, '..');

/** The built main process, as Electron starts it. */
const mainFile = join(root, 'dist/main/electron/main.js');

export type SurfaceName = 'host' | 'electron';

export interface OpenApp {
  readonly surface: SurfaceName;
  /** Whether the window is the double's: some things only it can tell. */
  readonly double: boolean;
  readonly page: Page;
  /** DERMORBIT_HOME of this run. */
  readonly home: string;
  /** A folder for files of the test; removed with the home. */
  readonly files: string;
  /** Addresses that pages asked for. */
  readonly requests: readonly string[];
  /** Does something that opens a file dialog, and chooses these files there. */
  choose(paths: readonly string[], act: () => Promise<void>): Promise<void>;
  /** Does something that exports, and returns what arrived: the saved file or the download. */
  exported(name: string, act: () => Promise<void>): Promise<Buffer>;
  /** Kills the engine process, as a crash would. */
  killEngine(): Promise<void>;
  /** The same to the process of long jobs. */
  killJobs(): Promise<void>;
  /** Electron only: asks the double. */
  ask(request: DoubleRequest): Promise<unknown>;
  state(): Promise<DoubleState>;
  close(): Promise<void>;
}

/** Pages of both surfaces come from 127.0.0.1 from app://, or from the double's stand-in for it. */
export const ownAddress =
  /^(?:http:\/\/127\.0\.0\.1:\d+\/|https:\/\/dermorbit\.invalid\/|app:\/\/dermorbit\/|blob:|data:)/;

/** Settings that a test begins with; by default the introduction has been read. */
export type StartSettings = Readonly<Record<string, unknown>> | string;

/** Starts the app with a home of its own. */
export async function openApp(
  surface: SurfaceName,
  settings: StartSettings = { introduced: true },
): Promise<OpenApp> {
  const home = mkdtempSync(join(tmpdir(), 'dermorbit-e2e-'));
  const files = join(home, 'files');
  mkdirSync(files);
  const text = typeof settings === 'string' ? settings : JSON.stringify({ schema: 1, preferences: settings });
  writeFileSync(join(home, 'settings.json'), text);
  if (surface === 'host') return openHostApp(home, files);
  const electron = installedElectron();
  return electron === null ? openDoubleApp(home, files) : openElectronApp(electron, home, files);
}

async function openHostApp(home: string, files: string): Promise<OpenApp> {
  const child = spawn(process.execPath, [join(root, 'main/host/main.ts'), '--no-browser', '--data', files], {
    env: { ...process.env, DERMORBIT_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await printedAddress(child);
  const browser = await chromium.launch({ executablePath: findBrowser(), args: [...browserArguments] });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  const requests = watchRequests(page);
  await page.goto(address);
  return {
    surface: 'host',
    double: false,
    page,
    home,
    files,
    requests,
    choose: async (paths, act) => {
      const chooser = page.waitForEvent('filechooser');
      await act();
      await (await chooser).setFiles([...paths]);
    },
    exported: async (_name, act) => {
      const download = page.waitForEvent('download');
      await act();
      return readFileSync(await (await download).path());
    },
    killEngine: () => killChild(child, 'engine'),
    killJobs: () => killChild(child, 'jobs'),
    ask: () => Promise.reject(new Error('Only the window has an Electron to ask')),
    state: () => Promise.reject(new Error('Only the window has an Electron to ask')),
    close: async () => {
      await browser.close();
      await ended(child);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function openDoubleApp(home: string, files: string): Promise<OpenApp> {
  const child = fork(mainFile, [], {
    env: { ...process.env, DERMORBIT_HOME: home },
    execArgv: ['--import', join(root, 'e2e/electron-double/register.ts')],
  });
  const ready = await nextMessage(child, 'ready');
  const browser: Browser = await chromium.connectOverCDP(`http://127.0.0.1:${ready.port}`);
  const page = browser.contexts()[0]?.pages()[0];
  if (page === undefined) throw new Error('The window has no page');
  const requests = watchRequests(page);
  await page.waitForURL('https://dermorbit.invalid/');
  const ask = async (request: DoubleRequest): Promise<unknown> => {
    const answer = nextMessage(child, 'done');
    child.send(request);
    return (await answer).result;
  };
  const close = async (): Promise<void> => {
    await ask({ ask: 'quit' }).catch(() => undefined);
    await browser.close();
    await ended(child);
    rmSync(home, { recursive: true, force: true });
  };
  return windowApp({ double: true, page, home, files, requests, ask, close });
}

async function openElectronApp(program: string, home: string, files: string): Promise<OpenApp> {
  const electron = await launchElectron(program, mainFile, home);
  const page = await electron.firstWindow();
  const requests = watchRequests(page);
  await page.waitForURL('app://dermorbit/');
  const ask = (request: DoubleRequest): Promise<unknown> => askElectron(electron, request);
  const close = async (): Promise<void> => {
    await electron.close();
    rmSync(home, { recursive: true, force: true });
  };
  return windowApp({ double: false, page, home, files, requests, ask, close });
}

type WindowParts = Pick<OpenApp, 'double' | 'page' | 'home' | 'files' | 'requests' | 'ask' | 'close'>;

/** What a person does around a window, whichever Electron it is. */
function windowApp(parts: WindowParts): OpenApp {
  const { page, files, ask } = parts;
  return {
    ...parts,
    surface: 'electron',
    choose: async (paths, act) => {
      await ask({ ask: 'answerDialog', answer: paths });
      await act();
    },
    exported: async (name, act) => {
      const path = join(files, basename(name));
      await ask({ ask: 'answerDialog', answer: path });
      await act();
      await page.getByText(basename(name)).first().waitFor();
      return readFileSync(path);
    },
    killEngine: async () => {
      await ask({ ask: 'killEngine' });
    },
    killJobs: async () => {
      await ask({ ask: 'killJobs' });
    },
    state: async () => (await ask({ ask: 'state' })) as DoubleState,
  };
}

function watchRequests(page: Page): string[] {
  const requests: string[] = [];
  page.context().on('request', (request) => requests.push(request.url()));
  return requests;
}

function printedAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (data: Buffer) => {
      const address = /http:\/\/127\.0\.0\.1:\S+/.exec(data.toString())?.[0];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', (code) => {
      reject(new Error(`The host ended with exit code ${code ?? 'none'}`));
    });
  });
}

function nextMessage<Tell extends DoubleMessage['tell']>(
  child: ChildProcess,
  tell: Tell,
): Promise<Extract<DoubleMessage, { tell: Tell }>> {
  return new Promise((resolve, reject) => {
    const receive = (message: DoubleMessage): void => {
      if (message.tell !== tell) return;
      child.off('message', receive);
      resolve(message as Extract<DoubleMessage, { tell: Tell }>);
    };
    child.on('message', receive);
    child.once('exit', (code) => {
      reject(new Error(`The app ended with exit code ${code ?? 'none'}`));
    });
  });
}

/** The child process of a process whose entry lies in that room of main/. */
function childOf(parent: number, room: 'engine' | 'jobs'): number {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const entry = { engine: /main.engine.process.entry/, jobs: /main.jobs.entry/ }[room];
  const row = rows.find((line) => Number(line.trim().split(/\s+/)[1]) === parent && entry.test(line));
  if (row === undefined) throw new Error(`Process ${parent} has no child for ${room}`);
  return Number(row.trim().split(/\s+/)[0]);
}

/** Rejects where there is none at the moment. */
function killChild({ pid = 0 }: ChildProcess, room: 'engine' | 'jobs'): Promise<void> {
  return Promise.resolve().then(() => {
    process.kill(childOf(pid, room), 'SIGKILL');
  });
}

/** Asks a process to end, and makes it. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const impatient = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exit;
  clearTimeout(impatient);
}
