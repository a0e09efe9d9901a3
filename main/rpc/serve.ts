// The serving end of a connection, over any transport: calls in, their events and answers out.
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import { clientFrameSchema, type ServerFrame } from '../contract/frames.ts';
import type { Call, Operations } from '../contract/operations.ts';

export interface Server {
  /**
   * Takes one frame from the client, whatever it is.
   * @returns false where it is none of the contract: it belongs to no call, so nobody is answered
   */
  receive(frame: unknown): boolean;
  /** The client has gone: everything that it asked for is cancelled, and nothing more is said to it. */
  close(): void;
}

/** Serves a table of operations, each call of which `call` carries out, checks of its input included. */
export function serve<C extends Operations>(
  contract: C,
  call: Call<C>,
  send: (frame: ServerFrame) => void,
): Server {
  const schema = clientFrameSchema(contract);
  const running = new Map<number, AbortController>();
  let open = true;
  const reply = (frame: ServerFrame): void => {
    if (open) send(frame);
  };

  async function answer(id: number, operation: Parameters<Call<C>>[0], input: unknown): Promise<void> {
    if (running.has(id)) {
      const error = new DermOrbitError('REQUEST_INVALID', `Call ${id} is still running.`);
      reply({ kind: 'error', id, error: error.toRecord() });
      return;
    }
    const controller = new AbortController();
    running.set(id, controller);
    let last: ServerFrame;
    try {
      const output = await call(operation, input as never, {
        signal: controller.signal,
        onEvent: (event) => {
          reply({ kind: 'event', id, event });
        },
      });
      last = { kind: 'result', id, output };
    } catch (thrown) {
      last = { kind: 'error', id, error: asDermOrbitError(thrown).toRecord() };
    }
    // Before the answer: with it, the client may use the number again.
    running.delete(id);
    reply(last);
  }

  return {
    receive: (received) => {
      const parsed = schema.safeParse(received);
      if (!parsed.success) return false;
      const frame = parsed.data;
      if (frame.kind === 'cancel') running.get(frame.id)?.abort();
      else void answer(frame.id, frame.operation, frame.input);
      return true;
    },
    close: () => {
      open = false;
      for (const controller of running.values()) controller.abort();
    },
  };
}
