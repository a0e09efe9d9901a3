// What travels between the engine process and whoever started it. Structured clone: no functions, no classes.
import { z } from 'zod';
import { engineContract, type EngineOperation } from './engine.ts';
import { errorRecordSchema } from './record.ts';

const operations = Object.keys(engineContract) as [EngineOperation, ...EngineOperation[]];
const call = z.int().nonnegative();

/** To the engine process. */
export const engineRequestSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), call, operation: z.enum(operations), input: z.unknown() }),
  z.object({ kind: z.literal('cancel'), call }),
  z.object({ kind: z.literal('close') }),
]);
export type EngineRequest = z.infer<typeof engineRequestSchema>;

/** From the engine process; `output` and `event` are checked against the operation's own schemas. */
export const engineReplySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('event'), call, event: z.unknown() }),
  z.object({ kind: z.literal('done'), call, output: z.unknown() }),
  z.object({ kind: z.literal('failed'), call, error: errorRecordSchema }),
]);
export type EngineReply = z.infer<typeof engineReplySchema>;
