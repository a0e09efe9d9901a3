// The inside of a command's child (command.ts): its arguments and its interruptions come as messages. The signals of a
// terminal reach the child, too; they are left to the parent, or each would count twice.
import { childMark, heard, interruptions, type CommandMessage } from './command.ts';

type Listener = () => void;
let listener: Listener | null = null;
let joined = false;

/** Whether this process is such a child. */
export function isCommandChild(): boolean {
  return joined || (process.env[childMark] !== undefined && process.connected);
}

/** Takes the place of the process that a person started. @returns its arguments */
export function joinCommand(): Promise<string[]> {
  joined = true;
  // Not for the processes that this one starts.
  Reflect.deleteProperty(process.env, childMark);
  for (const signal of interruptions) process.on(signal, () => undefined);
  // Without its parent nobody waits for the work; what is done is kept.
  process.on('disconnect', interrupt);
  return new Promise((resolve) => {
    process.on('message', (message: CommandMessage) => {
      if (message.kind === 'interrupt') {
        process.send?.(heard, undefined, undefined, () => undefined);
        interrupt();
        return;
      }
      // From here on the work alone decides how long this process lives.
      process.channel?.unref();
      resolve([...message.arguments]);
    });
  });
}

/** Until somebody wants to end in good order, an interruption simply ends the process. */
function interrupt(): void {
  if (listener) listener();
  else process.exit(130);
}

/** Calls the listener at every interruption, wherever this process hears of them. */
export function onInterruption(interrupted: Listener): void {
  if (joined) listener = interrupted;
  else for (const signal of interruptions) process.on(signal, interrupted);
}
