// The engine in another process, with the contract of the one in this process. If that process dies, the file it was
// at is reported as failed, a new process is started, and a batch goes on behind that file. Nothing that depends on
// the engine has to know.
import {
  engineContract,
  type Classified,
  type EngineApi,
  type EngineEvent,
  type EngineInput,
  type EngineOperation,
  type EngineOutput,
} from '../../contract/engine.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { ProcessCallOptions } from '../../contract/process.ts';
import { isFailure } from '../../contract/record.ts';
import { entryIn, type ProcessProgram, type Spawn } from '../../base/process/child.ts';
import { superviseProcess, type SupervisedProcess } from '../../base/process/client.ts';
import { filesAtOnce } from '../look-ahead.ts';
import { failureRecord } from '../record.ts';

export type EngineProcess = SupervisedProcess<typeof engineContract>;

export const engineProgram: ProcessProgram = {
  name: 'DermOrbit engine',
  entry: entryIn(import.meta.dirname),
};

/** Starts the engine process; `spawn` is called again each time it has died. */
export function startEngineProcess(spawn: Spawn): EngineProcess {
  const engine = superviseProcess(engineContract, () => spawn(engineProgram), {
    name: 'engine process',
    stopped: 'ENGINE_STOPPED',
    wanted: 'always',
  });
  return {
    state: () => engine.state(),
    watch: (listener) => {
      engine.watch(listener);
    },
    close: () => engine.close(),
    call: async <Name extends EngineOperation>(
      operation: Name,
      input: EngineInput<Name>,
      options: ProcessCallOptions<EngineEvent<Name>> = {},
    ): Promise<EngineOutput<Name>> => {
      if (operation !== 'classify') return engine.call(operation, input, options);
      const [batch, follow] = [input, options] as [EngineInput<'classify'>, ClassifyOptions];
      return (await classify(engine, batch, follow)) as EngineOutput<Name>;
    },
  };
}

type ClassifyOptions = ProcessCallOptions<EngineEvent<'classify'>>;

/**
 * A batch survives its engine. Files are prepared ahead of their turn, so the one that killed it may be any of the next
 * few: each of them is asked again alone. What kills the engine alone is the one, and fails; the rest go on.
 */
async function classify(
  engine: EngineApi,
  input: EngineInput<'classify'>,
  { signal, onEvent }: ClassifyOptions,
): Promise<EngineOutput<'classify'>> {
  const counts = { classified: 0, failed: 0 };
  let done = 0;
  let suspects = 0;
  const report = ({ record }: Pick<Classified, 'record'>) => {
    counts[isFailure(record) ? 'failed' : 'classified']++;
    onEvent?.({ index: done, record });
    done++;
  };
  while (done < input.paths.length || done === 0) {
    const alone = suspects > 0;
    const paths = input.paths.slice(done, alone ? done + 1 : undefined);
    try {
      await engine.call('classify', { ...input, paths }, { signal, onEvent: report });
      if (!alone) break;
      suspects--;
    } catch (error) {
      const path = input.paths[done];
      if (!(error instanceof DermOrbitError) || error.code !== 'ENGINE_STOPPED' || path === undefined)
        throw error;
      if (alone || paths.length === 1) report({ record: failureRecord(path, error) });
      suspects = alone ? 0 : filesAtOnce;
    }
  }
  return counts;
}
