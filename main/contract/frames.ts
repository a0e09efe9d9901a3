// The frames that carry a table of operations, the same over messages between processes, Electron's IPC and a
// WebSocket: calls with a number, their events and their one answer, and notices that belong to no call.
import { z } from 'zod';
import { errorRecordSchema } from './error-record.ts';
import type { OperationName, Operations } from './operations.ts';

const id = z.int().nonnegative();

/** To whoever serves the table. The input is checked against the operation's own schema once its name is known. */
export function clientFrameSchema<C extends Operations>(contract: C) {
  const names = Object.keys(contract) as [OperationName<C>, ...OperationName<C>[]];
  return z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('call'), id, operation: z.enum(names), input: z.unknown() }),
    z.strictObject({ kind: z.literal('cancel'), id }),
  ]);
}
export type ClientFrame =
  | { readonly kind: 'call'; readonly id: number; readonly operation: string; readonly input: unknown }
  | { readonly kind: 'cancel'; readonly id: number };

/** To the client. Exactly one `result` or `error` ends each call; events and outputs have the operation's schemas. */
export const serverFrameSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('event'), id, event: z.unknown() }),
  z.strictObject({ kind: z.literal('result'), id, output: z.unknown() }),
  z.strictObject({ kind: z.literal('error'), id, error: errorRecordSchema }),
  z.strictObject({ kind: z.literal('notice'), notice: z.unknown() }),
]);
export type ServerFrame = z.infer<typeof serverFrameSchema>;
