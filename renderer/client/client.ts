// How the page reaches the main side: `connect()` finds the preload's bridge (Electron) or opens the WebSocket
// (browser), and hands back one client that looks the same over both. Every answer is checked against the
// contract before the page sees it.
import { createClient } from '../../main/rpc/client.ts';
import type { Transport } from './transport.ts';
import './jitless.ts';
import {
  additionSchema,
  applicationContract,
  fileReferenceSchema,
  noticeSchema,
  type Addition,
  type ApplicationApi,
  type FileReference,
  type Notice,
} from '../../main/contract/application.ts';
import { DermOrbitError } from '../../main/contract/errors.ts';
import { bridgeTransport } from './bridge.ts';
import { socketTransport } from './socket.ts';

export interface ApplicationClient extends ApplicationApi {
  /** Adds files from `<input type=file>` or the clipboard. Their items arrive as `itemsAdded` notices. */
  addFiles(files: readonly File[], signal?: AbortSignal): Promise<Addition>;
  /** Adds what was dropped, folders included. Call it within the drop handler, before any `await`. */
  addDropped(transfer: DataTransfer, signal?: AbortSignal): Promise<Addition>;
  /** Hands over one file for an import (where `session.dialogs` is false, or dropped). */
  addFile(file: File): Promise<FileReference>;
  /**
   * Uploads one file of a labelled folder under its path in there; the folder comes from `newDataFolder`. In the
   * window there are dialogs instead.
   */
  addDataFile(folder: string, path: string, file: File, signal?: AbortSignal): Promise<void>;
  /** Returns a function that ends the subscription. */
  onNotice(listener: (notice: Notice) => void): () => void;
  /** Told false when the main side is gone, true when it is back (then load the session and list again). */
  onConnection(listener: (connected: boolean) => void): () => void;
}

/** The client of this page: over the preload's bridge if there is one, else over a WebSocket beside the page. */
export function connect(): ApplicationClient {
  return clientOver(
    window.dermorbit === undefined
      ? socketTransport(new URL('.', window.location.href))
      : bridgeTransport(window.dermorbit),
  );
}

/** A client over any transport (tests bring their own). */
export function clientOver(transport: Transport): ApplicationClient {
  const client = createClient(applicationContract, {
    name: 'main process',
    send: (frame) => {
      transport.send(frame);
      return true;
    },
  });
  const noticeListeners = new Set<(notice: Notice) => void>();
  const connectionListeners = new Set<(connected: boolean) => void>();
  /** Notices from before anyone listens: a menu command chosen while the page is still starting. */
  const early: Notice[] = [];

  transport.onFrame((frame) => {
    if (frame.kind !== 'notice') {
      client.receive(frame);
      return;
    }
    const notice = noticeSchema.parse(frame.notice);
    if (noticeListeners.size === 0) early.push(notice);
    for (const listener of noticeListeners) listener(notice);
  });

  transport.onConnection((connected) => {
    if (!connected)
      client.fail(new DermOrbitError('CANCELLED', 'DermOrbit was closed while this was running.'));
    for (const listener of connectionListeners) listener(connected);
  });

  return {
    call: client.call,
    addFiles: async (files, signal) => additionSchema.parse(await transport.addFiles(files, signal)),
    addDropped: async (transfer, signal) => {
      // Called before the first await: see filesOf in dropped.ts.
      const files = transport.droppedFiles(transfer);
      return additionSchema.parse(await transport.addFiles(await files, signal));
    },
    addFile: async (file) => fileReferenceSchema.parse(await transport.addFile(file)),
    addDataFile: async (folder, path, file, signal) => {
      await transport.addDataFile(folder, path, file, signal);
    },
    onNotice: (listener) => {
      noticeListeners.add(listener);
      for (const notice of early.splice(0)) listener(notice);
      return () => noticeListeners.delete(listener);
    },
    onConnection: (listener) => {
      connectionListeners.add(listener);
      return () => connectionListeners.delete(listener);
    },
  };
}
