// Processes of ours in Electron: utility processes, so that their work blocks neither the window nor its page.
import { utilityProcess } from 'electron';
import type { ProcessChild, ProcessProgram } from '../base/process/child.ts';

/** Starts a program, with this process's environment. */
export function spawnUtility({ name, entry }: ProcessProgram): ProcessChild {
  const child = utilityProcess.fork(entry, [], { serviceName: name, stdio: 'inherit' });
  return {
    send: (message) => {
      child.postMessage(message);
    },
    onMessage: (listener) => {
      child.on('message', listener);
    },
    onExit: (listener) => {
      child.once('exit', (code) => {
        listener(`exit code ${code}`);
      });
    },
    kill: () => {
      child.kill();
    },
  };
}
