// What travels between a process of ours and whoever started it, beside the frames of its contract. Structured clone: no
// functions, no classes.
import { z } from 'zod';
import type { ClientFrame } from '../../contract/frames.ts';

/** To the process: end, when the work at hand allows. */
export const closeMessageSchema = z.object({ kind: z.literal('close') });

export type ProcessMessage = ClientFrame | z.infer<typeof closeMessageSchema>;

/** From the process, as notices. */
export const processNoticeSchema = z.discriminatedUnion('kind', [
  /** Once: it listens now. */
  z.object({ kind: z.literal('ready') }),
  /** A native call begins: for so many milliseconds at most the process hears nothing. */
  z.object({ kind: z.literal('deaf'), limit: z.number().positive() }),
  /** It is over. */
  z.object({ kind: z.literal('hearing') }),
]);
export type ProcessNotice = z.infer<typeof processNoticeSchema>;
