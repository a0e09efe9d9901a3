// A process of ours behind a table of operations: what travels between it and whoever started it. Structured clone:
// no functions, no classes. Which operations there are is the table's own matter (engine.ts, jobs.ts).
import { z } from 'zod';
import { errorRecordSchema } from './error-record.ts';

/** One operation: what goes in, what is streamed meanwhile, what comes out. */
export interface OperationSchemas {
  readonly input: z.ZodType;
  readonly event: z.ZodType;
  readonly output: z.ZodType;
}

/** A table of operations by name. */
export type ProcessContract = Readonly<Record<string, OperationSchemas>>;
export type OperationName<C extends ProcessContract> = keyof C & string;

/** What a call of an operation brings with it. Aborting ends the work with CANCELLED. */
export interface ProcessCallOptions<E> {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: (event: E) => void;
}

/** How the operations of a table are called, in this process or another. */
export interface ContractApi<C extends ProcessContract> {
  call<Name extends OperationName<C>>(
    operation: Name,
    input: z.input<C[Name]['input']>,
    options?: ProcessCallOptions<z.infer<C[Name]['event']>>,
  ): Promise<z.infer<C[Name]['output']>>;
  close(): Promise<void>;
}

const call = z.int().nonnegative();

/** To the process; `input` is checked by the operation's own schema. */
export const processRequestSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), call, operation: z.string(), input: z.unknown() }),
  z.object({ kind: z.literal('cancel'), call }),
  z.object({ kind: z.literal('close') }),
]);
export type ProcessRequest = z.infer<typeof processRequestSchema>;

/** From the process; `output` and `event` are checked by the operation's own schemas. */
export const processReplySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  /** A native call begins: for so many milliseconds at most the process hears nothing. */
  z.object({ kind: z.literal('deaf'), limit: z.number().positive() }),
  /** It is over. */
  z.object({ kind: z.literal('hearing') }),
  z.object({ kind: z.literal('event'), call, event: z.unknown() }),
  z.object({ kind: z.literal('done'), call, output: z.unknown() }),
  z.object({ kind: z.literal('failed'), call, error: errorRecordSchema }),
]);
export type ProcessReply = z.infer<typeof processReplySchema>;
