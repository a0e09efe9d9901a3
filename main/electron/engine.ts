// The engine in Electron: a utility process, so that inference blocks neither the window nor its page.
import { utilityProcess } from 'electron';
import { engineEntry, type EngineChild } from '../services/installed.ts';

/** Starts the engine process, with this process's environment. */
export function spawnEngine(): EngineChild {
  const child = utilityProcess.fork(engineEntry(), [], {
    serviceName: 'DermOrbit engine',
    stdio: 'inherit',
  });
  return {
    send: (request) => {
      child.postMessage(request);
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
