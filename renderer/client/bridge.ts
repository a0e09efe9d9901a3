// The transport in Electron: the frames go over `window.dermorbit`, which the preload provides.
import { DermOrbitError } from '../../main/contract/errors.ts';
import { fileAnswerSchema, type FileAnswer, type PageBridge } from '../../main/contract/page-bridge.ts';
import type { Transport } from './transport.ts';

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
    addFiles: async (files) => valueOf(await bridge.addFiles(files)),
    addFile: async (file) => valueOf(await bridge.addFile(file)),
    addDataFile: () =>
      Promise.reject(
        new DermOrbitError('REQUEST_INVALID', 'In the window a folder is chosen, not uploaded.'),
      ),
    // Electron resolves a dropped folder to its path by itself; the main side walks it.
    droppedFiles: (transfer) => Promise.resolve([...transfer.files]),
  };
}

function valueOf(received: FileAnswer): unknown {
  const answer = fileAnswerSchema.parse(received);
  if (!answer.ok) throw DermOrbitError.fromRecord(answer.error);
  return answer.value;
}
