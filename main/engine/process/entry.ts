// The engine process: an engine behind messages, and nothing else. Runs under child_process.fork and under
// Electron's utilityProcess; it ends when the one who started it does.
import { constants, setPriority } from 'node:os';
import { engineRequestSchema, type EngineReply } from '../../contract/engine-process.ts';
import { asDermOrbitError } from '../../contract/errors.ts';
import { createEngine } from '../engine.ts';

/** The part of Electron's parentPort that is used; this room knows nothing else of Electron. */
interface ParentPort {
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

interface Parent {
  readonly send: (reply: EngineReply) => void;
  readonly listen: (listener: (message: unknown) => void) => void;
}

function connect(): Parent {
  const port = (process as { parentPort?: ParentPort }).parentPort;
  if (port) {
    return {
      send: (reply) => {
        port.postMessage(reply);
      },
      listen: (listener) => {
        port.on('message', ({ data }) => {
          listener(data);
        });
      },
    };
  }
  // A parent that is gone leaves nobody to answer to.
  process.on('disconnect', () => process.exit(0));
  return {
    send: (reply) => {
      if (process.connected) process.send?.(reply);
    },
    listen: (listener) => {
      process.on('message', listener);
    },
  };
}

try {
  // Inference takes every core it gets: the window and its page come first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // Where priorities may not be changed, all goes on as it was.
}

const parent = connect();
const engine = createEngine();
const running = new Map<number, AbortController>();

parent.listen((message) => {
  const parsed = engineRequestSchema.safeParse(message);
  if (!parsed.success) return;
  const request = parsed.data;
  switch (request.kind) {
    case 'cancel':
      running.get(request.call)?.abort();
      return;
    case 'close':
      void engine.close().finally(() => process.exit(0));
      return;
    case 'call': {
      const { call, operation } = request;
      const controller = new AbortController();
      running.set(call, controller);
      engine
        .call(operation, request.input as never, {
          signal: controller.signal,
          onEvent: (event) => {
            parent.send({ kind: 'event', call, event });
          },
        })
        .then(
          (output) => {
            parent.send({ kind: 'done', call, output });
          },
          (error: unknown) => {
            parent.send({ kind: 'failed', call, error: asDermOrbitError(error).toRecord() });
          },
        )
        .finally(() => running.delete(call));
    }
  }
});
parent.send({ kind: 'ready' });
