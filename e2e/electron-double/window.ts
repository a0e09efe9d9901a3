// BrowserWindow and its webContents, each on a page of the double's Chromium.
import type { Frame, Page } from '@playwright/test';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { browser, ownNavigations, toApp, toBrowser, wiring } from './chromium.ts';
import { ipcMain } from './ipc.ts';
import { preloadScript } from './preload-world.ts';

interface WindowOptions {
  readonly width?: number;
  readonly height?: number;
  readonly webPreferences?: { readonly preload?: string };
}

type OpenHandler = (details: { url: string }) => { action: string };

interface NavigationEvent {
  readonly url: string;
  preventDefault(): void;
}

/** Told of every webContents, as Electron's app is. */
export const contentsCreated = new EventEmitter();
export const windows: BrowserWindow[] = [];
export const windowOptions: unknown[] = [];
export const refusedNavigations: string[] = [];

class WebContents extends EventEmitter {
  readonly page: Promise<Page>;
  readonly #frames = new Map<Frame, { readonly url: string }>();
  #mainFrame: Frame | null = null;
  #openHandler: OpenHandler = () => ({ action: 'allow' });
  #destroyed = false;

  constructor(options: WindowOptions) {
    super();
    this.page = this.#open(options);
  }

  get mainFrame(): { readonly url: string } | null {
    return this.#mainFrame === null ? null : this.frameOf(this.#mainFrame);
  }

  /** One object per frame, as in Electron, so that identity can be compared. */
  frameOf(frame: Frame): { readonly url: string } {
    const known = this.#frames.get(frame) ?? {
      get url() {
        return toApp(frame.url());
      },
    };
    this.#frames.set(frame, known);
    return known;
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler;
  }

  send(channel: string, value: unknown): void {
    void this.page
      .then((page) =>
        page.evaluate(
          ([to, text]) => {
            const receive = (
              globalThis as { electronDoubleReceive?: (channel: string, value: unknown) => void }
            ).electronDoubleReceive;
            receive?.(to ?? '', JSON.parse(text ?? 'null'));
          },
          [channel, JSON.stringify(value)],
        ),
      )
      // The page may be gone or reloading; so it may in Electron.
      .catch(() => undefined);
  }

  async printToPDF(options: {
    pageSize?: string;
    printBackground?: boolean;
    preferCSSPageSize?: boolean;
  }): Promise<Buffer> {
    const page = await this.page;
    return page.pdf({
      format: options.pageSize ?? 'A4',
      printBackground: options.printBackground ?? false,
      preferCSSPageSize: options.preferCSSPageSize ?? false,
    });
  }

  /** Asks the app, as Electron does before a page goes somewhere by itself. */
  mayNavigate(url: string): boolean {
    const navigation = { allowed: true };
    const event: NavigationEvent = {
      url,
      preventDefault: () => {
        navigation.allowed = false;
      },
    };
    this.emit('will-navigate', event);
    if (!navigation.allowed) refusedNavigations.push(url);
    return navigation.allowed;
  }

  async destroy(): Promise<void> {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.emit('destroyed');
    await (await this.page).close().catch(() => undefined);
  }

  async #open({ webPreferences }: WindowOptions): Promise<Page> {
    const context = await browser;
    const blank = context.pages().find((page) => page.url() === 'about:blank' && !used.has(page));
    const page = blank ?? (await context.newPage());
    used.add(page);
    this.#mainFrame = page.mainFrame();
    await page.exposeBinding('electronDouble', (source, message: string) =>
      ipcMain.receive(this, source.frame, message),
    );
    if (webPreferences?.preload !== undefined) {
      await page.addInitScript({ content: preloadScript(readFileSync(webPreferences.preload, 'utf8')) });
    }
    page.on('popup', (popup) => {
      if (this.#openHandler({ url: toApp(popup.url()) }).action === 'deny') void popup.close();
    });
    page.on('request', (request) => {
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) {
        this.emit('did-start-navigation', {
          url: toApp(request.url()),
          isMainFrame: true,
          isSameDocument: false,
        });
      }
    });
    return page;
  }
}

const used = new WeakSet<Page>();

export type { WebContents };

export class BrowserWindow extends EventEmitter {
  readonly webContents: WebContents;
  #bounds = { x: 0, y: 0, width: 1280, height: 800 };

  constructor(options: WindowOptions) {
    super();
    windowOptions.push(options);
    windows.push(this);
    this.#bounds = {
      ...this.#bounds,
      ...(options.width && { width: options.width }),
      ...(options.height && { height: options.height }),
    };
    this.webContents = new WebContents(options);
    contentsCreated.emit('created', this.webContents);
  }

  async loadURL(address: string): Promise<void> {
    const page = await this.webContents.page;
    await page.setViewportSize({ width: this.#bounds.width, height: this.#bounds.height });
    ownNavigations.add(address);
    await page.goto(toBrowser(address));
    this.emit('ready-to-show');
  }

  /** As a person would, by its edge. */
  async resizeTo(width: number, height: number): Promise<void> {
    this.#bounds = { ...this.#bounds, width, height };
    await (await this.webContents.page).setViewportSize({ width, height });
    this.emit('resize');
  }

  getNormalBounds(): { x: number; y: number; width: number; height: number } {
    return this.#bounds;
  }

  isDestroyed(): boolean {
    return this.webContents.isDestroyed();
  }

  isMaximized(): boolean {
    return false;
  }

  isMinimized(): boolean {
    return false;
  }

  show(): void {
    this.emit('show');
  }

  focus(): void {
    this.emit('focus');
  }

  close(): void {
    this.emit('close');
    this.destroy();
  }

  destroy(): void {
    const at = windows.indexOf(this);
    if (at >= 0) windows.splice(at, 1);
    void this.webContents.destroy();
    this.emit('closed');
  }
}

wiring.mayNavigate = (page, url) => {
  const window = windows.find(({ webContents }) => pages.get(webContents) === page);
  return window?.webContents.mayNavigate(url) ?? true;
};

/** Pages by their contents, once they are open. */
const pages = new Map<WebContents, Page>();
contentsCreated.on('created', (contents: WebContents) => {
  void contents.page.then((page) => pages.set(contents, page));
});
