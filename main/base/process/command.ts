// A command whose work is done in a child of it. The process that a person started stays able to hear: it passes
// interruptions on, ends the child when it does not (a native call hears nothing), and says so when it has crashed.
// The child has a short command line whatever was typed - ONNX Runtime searches /proc/self/cmdline with a recursive
// regular expression and overflows the stack on a long one - and gets the arguments as a message instead.
import { fork, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

/** What ends a command in good order: Ctrl-C, a polite kill, a terminal that is closed. */
export const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Interruption = (typeof interruptions)[number];

/** Marks the child, which unsets it at once. */
export const childMark = 'DERMORBIT_COMMAND_CHILD';

/** From the one that was started to its child. No schema: this process loads as little as it can. */
export type CommandMessage =
  { readonly kind: 'arguments'; readonly arguments: readonly string[] } | { readonly kind: 'interrupt' };

/** From the child: it has heard an interruption, so no native call holds it. */
export const heard = 'heard';

/** Milliseconds that are given, where a program and not a person asked for the end: docker waits ten seconds. */
const deafPatience = 8000;
/** Milliseconds for a last word after the second interruption. */
const lastWord = 500;

export interface CommandEnd {
  /** As a shell would have it: 128 and the signal's number where one ended the work. */
  readonly code: number;
  /** The signal that ended the child though nobody had asked for its end; null otherwise. */
  readonly crash: NodeJS.Signals | null;
}

/**
 * Runs a program in a child process that has this one's standard streams.
 * @param entry the child's first file; it calls `joinCommand` (command-child.ts) first of all
 * @param patience milliseconds in which a polite kill must be heard
 */
export function runCommand(
  entry: string,
  args: readonly string[],
  patience = deafPatience,
): Promise<CommandEnd> {
  const child = fork(entry, [], { stdio: 'inherit', env: { ...process.env, [childMark]: '1' } });
  const interrupted = passInterruptions(child, patience);
  tell(child, { kind: 'arguments', arguments: [...args] });
  return new Promise((resolve) => {
    child.once('error', () => {
      resolve({ code: 1, crash: null });
    });
    child.once('exit', (code, signal) => {
      const asked = interrupted();
      const ending = signal === null ? null : (asked ?? signal);
      const isInterruption = ending !== null && (interruptions as readonly string[]).includes(ending);
      resolve({
        code: ending === null ? (code ?? 1) : 128 + constants.signals[ending],
        crash: isInterruption ? null : ending,
      });
    });
  });
}

/** Hands every interruption on; @returns what the first one was, if there has been one. */
function passInterruptions(child: ChildProcess, patience: number): () => Interruption | null {
  let first: Interruption | null = null;
  const endAfter = (milliseconds: number) =>
    setTimeout(() => {
      child.kill('SIGKILL');
    }, milliseconds).unref();
  let deaf: NodeJS.Timeout | undefined;
  child.on('message', (message) => {
    if (message === heard) clearTimeout(deaf);
  });
  for (const signal of interruptions) {
    process.on(signal, () => {
      tell(child, { kind: 'interrupt' });
      // Who presses Ctrl-C sees whether it helped and can press again; a program that asks politely asks once.
      if (first !== null) endAfter(lastWord);
      else if (signal !== 'SIGINT') deaf = endAfter(patience);
      first ??= signal;
    });
  }
  return () => first;
}

function tell(child: ChildProcess, message: CommandMessage): void {
  // A child that is just ending is heard of by its exit.
  if (child.connected) child.send(message, () => undefined);
}
