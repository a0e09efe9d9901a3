// The calling end of a connection, over any transport: every answer is checked against the contract before the caller
// sees it.
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import type { ClientFrame, ServerFrame } from '../contract/frames.ts';
import type { Call, Operations } from '../contract/operations.ts';

export interface Client<C extends Operations> {
  readonly call: Call<C>;
  /** Takes an event or an answer; what belongs to no call is passed over. */
  receive(frame: Exclude<ServerFrame, { kind: 'notice' }>): void;
  /** The calls that wait for their answer, to be asked of another server; those that were aborted end here. */
  unanswered(): ClientFrame[];
  /** Ends every call that waits. */
  fail(error: DermOrbitError): void;
}

interface Waiting {
  readonly signal: AbortSignal | undefined;
  readonly frame: ClientFrame & { kind: 'call' };
  readonly event: (value: unknown) => void;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: DermOrbitError) => void;
}

export interface Connection {
  /** Who answers, in sentences: "The engine process answered models with something else." */
  readonly name: string;
  /** False where nobody is there to hear it. A call is then kept for `unanswered()`. */
  readonly send: (frame: ClientFrame) => boolean;
}

/** Calls the operations of a table over a connection. */
export function createClient<C extends Operations>(contract: C, { name, send }: Connection): Client<C> {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;

  const settle = (id: number, act: (call: Waiting) => void): void => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (call) act(call);
  };
  const refuse = (id: number, operation: string): void => {
    const message = `The ${name} answered ${operation} with something else.`;
    settle(id, ({ reject }) => {
      reject(new DermOrbitError('INTERNAL', message));
    });
  };

  const call: Call<C> = async (operation, input, { signal, onEvent } = {}) => {
    if (signal?.aborted === true) throw asDermOrbitError(signal.reason, 'CANCELLED');
    const id = ++lastId;
    const cancel = (): void => {
      if (!waiting.has(id) || send({ kind: 'cancel', id })) return;
      // Nobody has heard of it yet.
      settle(id, ({ reject }) => {
        reject(asDermOrbitError(signal?.reason, 'CANCELLED'));
      });
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise((resolve, reject: (error: DermOrbitError) => void) => {
        const frame = { kind: 'call', id, operation, input } as const;
        waiting.set(id, {
          signal,
          frame,
          event: (event) => onEvent?.(event as never),
          resolve: (output) => {
            resolve(output as never);
          },
          reject,
        });
        send(frame);
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };

  return {
    call,
    receive: (frame) => {
      const asked = waiting.get(frame.id);
      if (!asked) return;
      const { operation } = asked.frame;
      const schemas = contract[operation];
      if (frame.kind === 'error') {
        settle(frame.id, ({ reject }) => {
          reject(DermOrbitError.fromRecord(frame.error));
        });
      } else if (frame.kind === 'event') {
        const event = schemas?.event.safeParse(frame.event);
        if (event?.success) asked.event(event.data);
        else {
          refuse(frame.id, operation);
          send({ kind: 'cancel', id: frame.id });
        }
      } else {
        const output = schemas?.output.safeParse(frame.output);
        if (output?.success) {
          settle(frame.id, ({ resolve }) => {
            resolve(output.data);
          });
        } else refuse(frame.id, operation);
      }
    },
    unanswered: () => {
      for (const { frame, signal, reject } of waiting.values()) {
        if (signal?.aborted !== true) continue;
        waiting.delete(frame.id);
        reject(asDermOrbitError(signal.reason, 'CANCELLED'));
      }
      return [...waiting.values()].map(({ frame }) => frame);
    },
    fail: (error) => {
      const failed = [...waiting.values()];
      waiting.clear();
      for (const { reject } of failed) reject(error);
    },
  };
}
