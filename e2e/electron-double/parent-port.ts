// Gives a forked process the `process.parentPort` that Electron gives its utility processes.
import { EventEmitter } from 'node:events';

const port = new EventEmitter();
process.on('message', (data) => port.emit('message', { data }));
Object.defineProperty(process, 'parentPort', {
  value: {
    on: (event: string, listener: (message: { data: unknown }) => void) => port.on(event, listener),
    postMessage: (message: unknown) => process.send?.(message),
  },
});
// A utility process ends with its parent.
process.on('disconnect', () => process.exit(0));
