// What a preload finds in place of Electron: run inside the page, before the page's own scripts. `binding` leads to
// the main process's double.

/** In the page: the three modules that a sandboxed preload may require, and a way in for the main process. */
interface PageGlobals {
  electronDouble: (message: string) => Promise<string>;
  electronDoubleReceive?: (channel: string, value: unknown) => void;
  /** Names of dropped files -> paths, set by tests: real Electron knows the path of a File by itself. */
  electronDoublePaths?: Record<string, string>;
}

/**
 * The script that runs a preload: `source` is the built CommonJS file. Bytes cross as base64, since the binding
 * carries JSON.
 */
export function preloadScript(source: string): string {
  return `(() => {
    if (window.top !== window) return;
    const electron = (${pageElectron.toString()})();
    const module = { exports: {} };
    ((require, module, exports) => {\n${source}\n})(() => electron, module, module.exports);
  })()`;
}

function pageElectron(): unknown {
  // Only names of the page's world may be used in here: the function is sent as text.
  const page = globalThis as unknown as PageGlobals;
  const listeners = new Map<string, Set<(event: unknown, value: unknown) => void>>();
  const encode = (value: unknown): string =>
    JSON.stringify(value, (_key, part: unknown) => {
      if (!(part instanceof Uint8Array)) return part;
      let text = '';
      for (const byte of part) text += String.fromCharCode(byte);
      return { base64: btoa(text) };
    });
  page.electronDoubleReceive = (channel, value) => {
    for (const listener of listeners.get(channel) ?? []) listener({}, value);
  };
  return {
    contextBridge: {
      exposeInMainWorld: (name: string, api: object) => {
        Object.defineProperty(globalThis, name, { value: Object.freeze(api) });
      },
    },
    ipcRenderer: {
      send: (channel: string, value: unknown) => {
        void page.electronDouble(encode({ kind: 'send', channel, value }));
      },
      invoke: async (channel: string, value: unknown): Promise<unknown> =>
        JSON.parse(await page.electronDouble(encode({ kind: 'invoke', channel, value }))),
      on: (channel: string, listener: (event: unknown, value: unknown) => void) => {
        const known = listeners.get(channel) ?? new Set();
        known.add(listener);
        listeners.set(channel, known);
      },
      off: (channel: string, listener: (event: unknown, value: unknown) => void) => {
        listeners.get(channel)?.delete(listener);
      },
    },
    webUtils: {
      getPathForFile: (file: { name: string }) => page.electronDoublePaths?.[file.name] ?? '',
    },
  };
}
