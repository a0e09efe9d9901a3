// A process under plain Node: a forked child that shares nothing with us but messages.
import { fork } from 'node:child_process';
import type { ProcessChild, ProcessProgram } from './child.ts';

/** Starts a program in a child process of Node. */
export function forkProcess({ entry }: ProcessProgram): ProcessChild {
  const child = fork(entry, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    send: (message) => {
      // A child that is just dying reports through onExit; its closed channel is no second failure.
      child.send(message, () => undefined);
    },
    onMessage: (listener) => {
      child.on('message', listener);
    },
    onExit: (listener) => {
      child.once('exit', (code, signal) => {
        listener(signal ? `signal ${signal}` : `exit code ${code ?? 'unknown'}`);
      });
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}
