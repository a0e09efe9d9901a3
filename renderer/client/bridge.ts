// The transport in Electron: the frames go over `window.dermorbit`, which the preload provides.
import type { PageBridge } from '../../main/contract/wire.ts';
import type { Transport } from './client.ts';

declare global {
  interface Window {
    /** Present in Electron only. */
    readonly dermorbit?: PageBridge<File>;
  }
}

export function bridgeTransport(bridge: PageBridge<File>): Transport {
  return {
    send: (frame) => {
      bridge.send(frame);
    },
    onFrame: (listener) => {
      bridge.subscribe(listener);
    },
    // The window does not outlive the main process.
    onConnection: () => undefined,
    addFiles: (files) => bridge.addFiles(files),
    addFile: (file) => bridge.addFile(file),
    // Electron resolves a dropped folder to its path by itself; the main side walks it.
    droppedFiles: (transfer) => Promise.resolve([...transfer.files]),
  };
}
