// A process for tests whose operation never returns from a native call.
import { z } from 'zod';
import { callNatively } from '../base/process/deaf.ts';
import { serveContract } from '../base/process/serve.ts';

export const deafContract = {
  sleep: {
    input: z.object({ limit: z.number(), forever: z.boolean() }),
    event: z.never(),
    output: z.literal('awake'),
  },
} as const;

if (process.send !== undefined) {
  serveContract(deafContract, {
    call: async (_operation, input) => {
      const { limit, forever } = input as { limit: number; forever: boolean };
      const call = () => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forever ? undefined : 20);
        return Promise.resolve('awake' as never);
      };
      return callNatively(limit, call);
    },
    close: () => Promise.resolve(),
  });
}
