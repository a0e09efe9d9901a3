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
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { CallOptions } from '../../contract/operations.ts';
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
    errors: { stopped: 'ENGINE_STOPPED', absent: 'ENGINE_ABSENT', overstayed: 'ENGINE_OVERSTAYED' },
    wanted: 'always',
  });
  return {
    state: () => engine.state(),
    watch: (listener) => {
      engine.watch(listener);
    },
    restart: () => {
      engine.restart();
    },
    close: () => engine.close(),
    call: async <Name extends EngineOperation>(
      operation: Name,
      input: EngineInput<Name>,
      options: CallOptions<EngineEvent<Name>> = {},
    ): Promise<EngineOutput<Name>> => {
      if (operation !== 'classify') return engine.call(operation, input, options);
      const [batch, follow] = [input, options] as [EngineInput<'classify'>, ClassifyOptions];
      return (await classify(engine, batch, follow)) as EngineOutput<Name>;
    },
  };
}

type ClassifyOptions = CallOptions<EngineEvent<'classify'>>;

/** How many files, counted back from the last, may have ended the engine, by how it ended; another error is no file's. */
const suspectsOf: Partial<Record<ErrorCode, number>> = {
  // Files are prepared ahead of their turn.
  ENGINE_STOPPED: filesAtOnce,
  // The networks see one file at a time.
  ENGINE_OVERSTAYED: 1,
};

/** Files in a row at which the engine may overstay; then it is not the files. */
const mostOverstays = 2;

/**
 * A batch survives its engine. Each file that may have ended it is asked again alone. What ends the engine alone is the
 * one, and fails; the rest go on. Without an engine no file fails: the batch ends, and the rest can be asked again.
 */
async function classify(
  engine: EngineApi,
  input: EngineInput<'classify'>,
  { signal, onEvent }: ClassifyOptions,
): Promise<EngineOutput<'classify'>> {
  const counts = { classified: 0, failed: 0 };
  let [done, suspects, overstays] = [0, 0, 0];
  const report = ({ record }: Pick<Classified, 'record'>) => {
    counts[isFailure(record) ? 'failed' : 'classified']++;
    onEvent?.({ index: done, record });
    done++;
  };
  const receive = (event: Pick<Classified, 'record'>) => {
    overstays = 0;
    report(event);
  };
  while (done < input.paths.length || done === 0) {
    const alone = suspects > 0;
    const paths = input.paths.slice(done, alone ? done + 1 : undefined);
    try {
      await engine.call('classify', { ...input, paths }, { signal, onEvent: receive });
      if (!alone) break;
      suspects--;
    } catch (error) {
      const path = input.paths[done];
      const blamed = error instanceof DermOrbitError ? suspectsOf[error.code] : undefined;
      if (!(error instanceof DermOrbitError) || blamed === undefined || path === undefined) throw error;
      suspects = alone ? 0 : blamed;
      if (!alone) continue;
      report({ record: failureRecord(path, error) });
      if (error.code === 'ENGINE_OVERSTAYED' && ++overstays === mostOverstays) throw error;
    }
  }
  return counts;
}
