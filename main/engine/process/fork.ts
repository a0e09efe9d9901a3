// The engine process under plain Node: a forked child that shares nothing with us but messages.
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineChild } from './client.ts';

/** The entry beside this file: TypeScript when run from source, JavaScript when built. */
export function engineEntry(): string {
  const source = join(import.meta.dirname, 'entry.ts');
  return existsSync(source) ? source : join(import.meta.dirname, 'entry.js');
}

/** Starts the engine in a child process of Node. */
export function forkEngine(): EngineChild {
  const child = fork(engineEntry(), {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return {
    send: (request) => {
      // A child that is just dying reports through onExit; its closed channel is no second failure.
      child.send(request, () => undefined);
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
