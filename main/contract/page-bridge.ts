// What the preload puts into the page of the window. Depends on the other files of the contract.
import { z } from 'zod';
import { errorRecordSchema } from './error-record.ts';
import type { ClientFrame, ServerFrame } from './frames.ts';

/** How the preload answers for files: an error crosses the context bridge only as data. */
export const fileAnswerSchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), value: z.unknown() }),
  z.strictObject({ ok: z.literal(false), error: errorRecordSchema }),
]);
export type FileAnswer = z.infer<typeof fileAnswerSchema>;

/** `window.dermorbit`. Frames are checked on both sides of it. `F` is the DOM's File, which this file does not know. */
export interface PageBridge<F> {
  send(frame: ClientFrame): void;
  /** Returns a function that ends the subscription. */
  subscribe(listener: (frame: ServerFrame) => void): () => void;
  /** Dropped or pasted files: those on disk by their path (folders too), others by their bytes. An Addition. */
  addFiles(files: readonly F[]): Promise<FileAnswer>;
  /** A file for an import. A FileReference. */
  addFile(file: F): Promise<FileAnswer>;
}
