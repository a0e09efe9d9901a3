// A table of operations - what goes in, what is streamed meanwhile, what comes out - and how those of a table are
// called, in this process or over whatever lies between (main/rpc). The tables: engine.ts, jobs.ts, application.ts.
import type { z } from 'zod';

export interface OperationSchemas {
  readonly input: z.ZodType;
  readonly event: z.ZodType;
  readonly output: z.ZodType;
}

/** Operations by name. */
export type Operations = Readonly<Record<string, OperationSchemas>>;
export type OperationName<C extends Operations> = keyof C & string;

/** As the caller gives it; defaults may be absent. */
export type InputOf<C extends Operations, Name extends keyof C> = z.input<C[Name]['input']>;
/** As it is after its schema has run. */
export type CheckedInputOf<C extends Operations, Name extends keyof C> = z.output<C[Name]['input']>;
export type EventOf<C extends Operations, Name extends keyof C> = z.output<C[Name]['event']>;
export type OutputOf<C extends Operations, Name extends keyof C> = z.output<C[Name]['output']>;

/** What a call brings with it. Aborting ends the work with CANCELLED. */
export interface CallOptions<E> {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: (event: E) => void;
}

/** Calls an operation of the table. @throws DermOrbitError, always */
export type Call<C extends Operations> = <Name extends OperationName<C>>(
  operation: Name,
  input: InputOf<C, Name>,
  options?: CallOptions<EventOf<C, Name>>,
) => Promise<OutputOf<C, Name>>;

export interface ContractApi<C extends Operations> {
  call: Call<C>;
  close(): Promise<void>;
}
