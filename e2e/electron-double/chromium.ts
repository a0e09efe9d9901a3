// The double's browser: one real Chromium with one window's pages in it. Electron's app:// becomes an https origin
// that no network knows; every request is intercepted, shown to the app's own request filter, and answered by
// the app's own protocol handler.
import {
  chromium,
  type BrowserContext,
  type Frame,
  type Page,
  type Request,
  type Route,
} from '@playwright/test';
import { mkdtempSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { browserArguments, findBrowser } from '../browser.ts';

const stand = 'https://dermorbit.invalid/';
const real = 'app://dermorbit/';

export function toApp(address: string): string {
  return address.startsWith(stand) ? real + address.slice(stand.length) : address;
}

export function toBrowser(address: string): string {
  return address.startsWith(real) ? stand + address.slice(real.length) : address;
}

/** The app's parts that requests pass through; filled in by the app as it starts. */
export const wiring: {
  filter: ((details: { url: string }, callback: (answer: { cancel?: boolean }) => void) => void) | null;
  handler: ((request: globalThis.Request) => Promise<Response>) | null;
  /** Whether a page may go to an address by itself. */
  mayNavigate: (page: Page, url: string) => boolean;
  readonly refused: string[];
} = { filter: null, handler: null, mayNavigate: () => true, refused: [] };

/** Navigations that the app itself began (loadURL): will-navigate is not asked about them. */
export const ownNavigations = new Set<string>();

export const debuggingPort = await freePort();
export const browser: Promise<BrowserContext> = launch();

async function launch(): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'dermorbit-double-')), {
    executablePath: findBrowser(),
    args: [...browserArguments, `--remote-debugging-port=${debuggingPort}`],
    viewport: null,
  });
  await context.route('**/*', respond);
  return context;
}

async function respond(route: Route, request: Request): Promise<void> {
  const url = toApp(request.url());
  const frame = frameOf(request);
  // A window that the page opened has no frame yet; the app refuses such windows (see window.ts).
  if (frame === null) return route.abort('aborted');
  const navigates = request.isNavigationRequest() && frame.parentFrame() === null;
  if (navigates && !ownNavigations.delete(url) && !wiring.mayNavigate(frame.page(), url)) {
    return route.abort('aborted');
  }
  const cancelled = await new Promise<boolean>((resolve) => {
    if (wiring.filter === null) resolve(false);
    else
      wiring.filter({ url }, ({ cancel }) => {
        resolve(cancel === true);
      });
  });
  if (cancelled) {
    wiring.refused.push(url);
    return route.abort('blockedbyclient');
  }
  // Nothing but the app's scheme exists here, as in the app with its resolver shut.
  if (!url.startsWith(real) || wiring.handler === null) return route.abort('namenotresolved');
  const body = request.postDataBuffer();
  const response = await wiring.handler(
    new globalThis.Request(url, {
      method: request.method(),
      ...(body === null ? {} : { body: new Uint8Array(body) }),
    }),
  );
  await route.fulfill({
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  });
}

function frameOf(request: Request): Frame | null {
  try {
    return request.frame();
  } catch {
    return null;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
