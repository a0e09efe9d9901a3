// How frames and files reach the main side: implemented by bridge.ts (window) and socket.ts (browser).
import type { ClientFrame, ServerFrame } from '../../main/contract/frames.ts';

export interface Transport {
  send(frame: ClientFrame): void;
  onFrame(listener: (frame: ServerFrame) => void): void;
  /** Called with false when the main side is gone, with true when it is (back) there. */
  onConnection(listener: (connected: boolean) => void): void;
  addFiles(files: readonly File[], signal?: AbortSignal): Promise<unknown>;
  addFile(file: File): Promise<unknown>;
  addDataFile(folder: string, path: string, file: File, signal?: AbortSignal): Promise<unknown>;
  droppedFiles(transfer: DataTransfer): Promise<File[]>;
}
