// A stand-in for the engine in tests of what surrounds it: it answers at once with records that nothing computed.
import type { EngineApi, EngineInput, EngineOutput } from '../contract/engine.ts';
import { DermOrbitError } from '../contract/errors.ts';
import { exampleRecord } from './records.ts';

export interface FakeEngine extends EngineApi {
  /** Operations in the order of their calls. */
  readonly calls: { operation: string; input: unknown }[];
  closed: boolean;
}

/** Files whose name contains `bad` fail; between two files it waits for `pause()`. */
export function fakeEngine(pause: () => Promise<unknown> = () => Promise.resolve()): FakeEngine {
  const calls: FakeEngine['calls'] = [];
  const engine: FakeEngine = {
    calls,
    closed: false,
    call: async (operation, input, { signal, onEvent } = {}) => {
      calls.push({ operation, input });
      // Each branch answers one operation with its own type, which the checker cannot carry through the generic.
      const answer = (output: unknown): EngineOutput<typeof operation> =>
        output as EngineOutput<typeof operation>;
      if (operation === 'classify') {
        const { paths } = input as EngineInput<'classify'>;
        let failed = 0;
        for (const [index, path] of paths.entries()) {
          await pause();
          if (signal?.aborted === true) throw new DermOrbitError('CANCELLED', 'Cancelled by the test.');
          const bad = path.includes('bad');
          if (bad) failed++;
          const error = new DermOrbitError('IMAGE_TRUNCATED', 'Made up by the test.').toRecord();
          onEvent?.({ index, record: bad ? { image: { path }, error } : exampleRecord(path) } as never);
        }
        return answer({ classified: paths.length - failed, failed });
      }
      if (operation === 'inspect') {
        const { path } = input as EngineInput<'inspect'>;
        const record = exampleRecord(path);
        return answer({ record, evidence: null, evidenceError: null, alternatives: [] });
      }
      if (operation === 'models') return answer([]);
      if (operation === 'model') return answer({ name: 'Test model' });
      throw new DermOrbitError('INTERNAL', `The test engine does not know ${operation}.`);
    },
    close: () => {
      engine.closed = true;
      return Promise.resolve();
    },
  };
  return engine;
}
