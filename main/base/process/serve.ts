// The inside of a process: a table of operations behind messages, and nothing else. Runs under child_process.fork and
// under Electron's utilityProcess; it ends when the one who started it does.
import { constants, setPriority } from 'node:os';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import {
  processRequestSchema,
  type ContractApi,
  type OperationName,
  type ProcessContract,
  type ProcessReply,
} from '../../contract/process.ts';
import { watchDeafness } from './deaf.ts';

/** The part of Electron's parentPort that is used; this room knows nothing else of Electron. */
interface ParentPort {
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

interface Parent {
  readonly send: (reply: ProcessReply) => void;
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
  // A parent that is gone leaves nobody to answer to: no failure to write to it is worth a word.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.on('disconnect', () => process.exit(0));
  return {
    send: (reply) => {
      if (process.connected) process.send?.(reply, undefined, undefined, () => undefined);
    },
    listen: (listener) => {
      process.on('message', listener);
    },
  };
}

/**
 * Answers the operations of a contract until told to close. Call it once, from the program's entry.
 * @param priority of this process; the window and its page come first
 */
export function serveContract<C extends ProcessContract>(
  contract: C,
  api: ContractApi<C>,
  priority: number = constants.priority.PRIORITY_BELOW_NORMAL,
): void {
  try {
    setPriority(priority);
  } catch {
    // Where priorities may not be changed, all goes on as it was.
  }
  const parent = connect();
  const running = new Map<number, AbortController>();

  const answer = async (call: number, operation: string, input: unknown): Promise<void> => {
    const controller = new AbortController();
    running.set(call, controller);
    try {
      if (!isOperation(contract, operation)) {
        throw new DermOrbitError('REQUEST_INVALID', `There is no operation ${String(operation)}.`);
      }
      // The operation checks its input by its own schema.
      const output = await api.call(operation, input as never, {
        signal: controller.signal,
        onEvent: (event) => {
          parent.send({ kind: 'event', call, event });
        },
      });
      parent.send({ kind: 'done', call, output });
    } catch (thrown) {
      parent.send({ kind: 'failed', call, error: asDermOrbitError(thrown).toRecord() });
    } finally {
      running.delete(call);
    }
  };

  parent.listen((message) => {
    const parsed = processRequestSchema.safeParse(message);
    if (!parsed.success) return;
    const request = parsed.data;
    if (request.kind === 'call') void answer(request.call, request.operation, request.input);
    else if (request.kind === 'cancel') running.get(request.call)?.abort();
    else void api.close().finally(() => process.exit(0));
  });
  watchDeafness((limit) => {
    parent.send(limit === null ? { kind: 'hearing' } : { kind: 'deaf', limit });
  });
  parent.send({ kind: 'ready' });
}

function isOperation<C extends ProcessContract>(contract: C, name: string): name is OperationName<C> {
  return Object.hasOwn(contract, name);
}
