// The frames that carry the application's contract, the same over Electron IPC and over the WebSocket: calls
// with a number, their events and their one answer, and notices that belong to no call.
import { z } from 'zod';
import { applicationContract, noticeSchema, type ApplicationRequest } from './application.ts';
import { errorRecordSchema } from './error-record.ts';

const requestNames = Object.keys(applicationContract) as [ApplicationRequest, ...ApplicationRequest[]];
const callId = z.int().nonnegative();

/** From the page. The input is checked against the request's own schema once its name is known. */
export const pageFrameSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('call'), id: callId, request: z.enum(requestNames), input: z.unknown() }),
  z.strictObject({ kind: z.literal('cancel'), id: callId }),
]);
export type PageFrame = z.infer<typeof pageFrameSchema>;

/** To the page. Exactly one `result` or `error` ends each call. */
export const mainFrameSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('event'), id: callId, event: z.unknown() }),
  z.strictObject({ kind: z.literal('result'), id: callId, output: z.unknown() }),
  z.strictObject({ kind: z.literal('error'), id: callId, error: errorRecordSchema }),
  z.strictObject({ kind: z.literal('notice'), notice: noticeSchema }),
]);
export type MainFrame = z.infer<typeof mainFrameSchema>;

/** How the preload answers for files: an error crosses the context bridge only as data. */
export const fileAnswerSchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), value: z.unknown() }),
  z.strictObject({ ok: z.literal(false), error: errorRecordSchema }),
]);
export type FileAnswer = z.infer<typeof fileAnswerSchema>;

/**
 * What the preload puts into the page as `window.dermorbit`. Frames are checked on both sides of it. `F` is the
 * DOM's File, which this file does not know.
 */
export interface PageBridge<F> {
  send(frame: PageFrame): void;
  /** Returns a function that ends the subscription. */
  subscribe(listener: (frame: MainFrame) => void): () => void;
  /** Dropped or pasted files: those on disk by their path (folders too), others by their bytes. An Addition. */
  addFiles(files: readonly F[]): Promise<FileAnswer>;
  /** A file for an import. A FileReference. */
  addFile(file: F): Promise<FileAnswer>;
}
