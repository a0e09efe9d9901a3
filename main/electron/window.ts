// The one window: where it stood last time, hardened, shown once there is something to see.
import { BrowserWindow, nativeTheme, screen, type Rectangle } from 'electron';
import type { SettingsStore, WindowPlace } from '../services/settings-store.ts';
import { origin } from './origin.ts';

const standard = { width: 1280, height: 800 } as const;
/** After the last move or resize; milliseconds. */
const saveDelay = 400;
/** The page's background in each theme, so that nothing flashes before the first paint. */
const background = { dark: '#101418', light: '#f7f8fa' } as const;

export function openWindow(settings: SettingsStore, preload: string): BrowserWindow {
  const place = settings.window;
  const window = new BrowserWindow({
    ...(place === null ? standard : visible(place)),
    minWidth: 820,
    minHeight: 600,
    title: 'DermOrbit',
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? background.dark : background.light,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      // A dropped file is handled by the page; nothing navigates to it.
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  if (place?.maximized === true) window.maximize();
  window.once('ready-to-show', () => {
    window.show();
  });
  rememberPlace(window, settings);
  void window.loadURL(`${origin}/`);
  return window;
}

/** A remembered place that is on no screen any more keeps its size only. */
function visible({ x, y, width, height }: WindowPlace): Partial<Rectangle> {
  if (x === undefined || y === undefined) return { width, height };
  const seen = screen.getAllDisplays().some(({ workArea }) => {
    const across = Math.min(x + width, workArea.x + workArea.width) - Math.max(x, workArea.x);
    const down = Math.min(y + height, workArea.y + workArea.height) - Math.max(y, workArea.y);
    return across > 100 && down > 50;
  });
  return seen ? { x, y, width, height } : { width, height };
}

function rememberPlace(window: BrowserWindow, settings: SettingsStore): void {
  let timer: NodeJS.Timeout | undefined;
  const save = (): void => {
    clearTimeout(timer);
    if (window.isDestroyed() || window.isMinimized()) return;
    // A place that cannot be saved is no reason to trouble anyone.
    settings
      .saveWindow({ ...window.getNormalBounds(), maximized: window.isMaximized() })
      .catch(() => undefined);
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(save, saveDelay);
  };
  window.on('resize', later);
  window.on('move', later);
  window.on('maximize', later);
  window.on('unmaximize', later);
  window.on('close', save);
}
