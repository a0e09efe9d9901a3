// The inside of a process: a table of operations behind messages, and nothing else. Runs under child_process.fork and
// under Electron's utilityProcess; it ends when the one who started it does.
import { constants, setPriority } from 'node:os';
import type { ServerFrame } from '../../contract/frames.ts';
import type { ContractApi, Operations } from '../../contract/operations.ts';
import { serve } from '../../rpc/serve.ts';
import { watchDeafness } from './deaf.ts';
import { closeMessageSchema, type ProcessNotice } from './messages.ts';

/** The part of Electron's parentPort that is used; this room knows nothing else of Electron. */
interface ParentPort {
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

interface Parent {
  readonly send: (frame: ServerFrame) => void;
  readonly listen: (listener: (message: unknown) => void) => void;
}

function connect(): Parent {
  const port = (process as { parentPort?: ParentPort }).parentPort;
  if (port) {
    return {
      send: (frame) => {
        port.postMessage(frame);
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
    send: (frame) => {
      if (process.connected) process.send?.(frame, undefined, undefined, () => undefined);
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
export function serveContract<C extends Operations>(
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
  const server = serve(contract, api.call.bind(api), parent.send);
  parent.listen((message) => {
    if (closeMessageSchema.safeParse(message).success) void api.close().finally(() => process.exit(0));
    else server.receive(message);
  });
  const tell = (notice: ProcessNotice): void => {
    parent.send({ kind: 'notice', notice });
  };
  watchDeafness((limit) => {
    tell(limit === null ? { kind: 'hearing' } : { kind: 'deaf', limit });
  });
  tell({ kind: 'ready' });
}
