// The engine in another process, with the contract of the one in this process. If that process dies - killed, out
// of memory, a native crash - the file it was at is reported as failed, a new process is started, and a batch goes
// on behind that file. Nothing that depends on the engine has to know.
import { engineReplySchema, type EngineReply, type EngineRequest } from '../../contract/engine-process.ts';
import {
  engineContract,
  type Classified,
  type EngineApi,
  type EngineEvent,
  type EngineInput,
  type EngineOperation,
  type EngineOutput,
} from '../../contract/engine.ts';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import { isFailure } from '../../contract/record.ts';
import { failureRecord } from '../record.ts';

/** A started engine process, whatever started it (child_process, Electron's utilityProcess). */
export interface EngineChild {
  send(request: EngineRequest): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, with what is known of the end ("signal SIGKILL", "exit code 1"). */
  onExit(listener: (how: string) => void): void;
  kill(): void;
}

/** Whether the engine is there, and how often it had to be started again. */
export interface EngineProcessState {
  readonly state: 'starting' | 'ready' | 'stopped';
  readonly restarts: number;
  /** How the last process ended, if one did. */
  readonly message: string | null;
}

export interface EngineProcess extends EngineApi {
  state(): EngineProcessState;
  watch(listener: (state: EngineProcessState) => void): void;
}

interface Pending {
  readonly operation: EngineOperation;
  readonly onEvent: (event: never) => void;
  readonly resolve: (output: never) => void;
  readonly reject: (error: DermOrbitError) => void;
}

interface CallOptions<Name extends EngineOperation> {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: (event: EngineEvent<Name>) => void;
}

/** Starts the engine process; `spawn` is called again each time it has died. */
export function startEngineProcess(spawn: () => EngineChild): EngineProcess {
  return new EngineProcessClient(spawn);
}

class EngineProcessClient implements EngineProcess {
  readonly #spawn: () => EngineChild;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners: ((state: EngineProcessState) => void)[] = [];
  #child: EngineChild | null = null;
  #state: EngineProcessState = { state: 'starting', restarts: 0, message: null };
  #nextCall = 0;
  #failedStarts = 0;
  #closing = false;

  constructor(spawn: () => EngineChild) {
    this.#spawn = spawn;
    this.#start();
  }

  state(): EngineProcessState {
    return this.#state;
  }

  watch(listener: (state: EngineProcessState) => void): void {
    this.#listeners.push(listener);
  }

  async call<Name extends EngineOperation>(
    operation: Name,
    input: EngineInput<Name>,
    options: CallOptions<Name> = {},
  ): Promise<EngineOutput<Name>> {
    if (operation === 'classify') {
      const classified = this.#classify(input as EngineInput<'classify'>, options as CallOptions<'classify'>);
      return (await classified) as EngineOutput<Name>;
    }
    return this.#callOnce(operation, input, options);
  }

  close(): Promise<void> {
    this.#closing = true;
    const child = this.#child;
    if (!child) return Promise.resolve();
    return new Promise((resolve) => {
      const impatient = setTimeout(() => {
        child.kill();
      }, closePatience);
      child.onExit(() => {
        clearTimeout(impatient);
        resolve();
      });
      child.send({ kind: 'close' });
    });
  }

  /** A batch survives its engine: every death costs the file it happened at, and the rest go on. */
  async #classify(
    input: EngineInput<'classify'>,
    { signal, onEvent }: CallOptions<'classify'>,
  ): Promise<EngineOutput<'classify'>> {
    const counts = { classified: 0, failed: 0 };
    let done = 0;
    const report = ({ record }: Pick<Classified, 'record'>) => {
      counts[isFailure(record) ? 'failed' : 'classified']++;
      onEvent?.({ index: done, record });
      done++;
    };
    while (done < input.paths.length || done === 0) {
      const before = done;
      try {
        await this.#callOnce(
          'classify',
          { ...input, paths: input.paths.slice(before) },
          { signal, onEvent: report },
        );
        break;
      } catch (error) {
        const path = input.paths[done];
        if (!(error instanceof DermOrbitError) || error.code !== 'ENGINE_STOPPED' || path === undefined)
          throw error;
        report({ record: failureRecord(path, error) });
      }
    }
    return counts;
  }

  async #callOnce<Name extends EngineOperation>(
    operation: Name,
    input: EngineInput<Name>,
    { signal, onEvent }: CallOptions<Name>,
  ): Promise<EngineOutput<Name>> {
    if (signal?.aborted) throw asDermOrbitError(signal.reason);
    const child = this.#child;
    if (!child) throw new DermOrbitError('ENGINE_STOPPED', 'The engine has been closed.');
    const call = this.#nextCall++;
    const cancel = () => {
      // The process may have died meanwhile; then there is nobody to tell.
      if (this.#pending.has(call) && this.#child === child) child.send({ kind: 'cancel', call });
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise<EngineOutput<Name>>((resolve, reject) => {
        this.#pending.set(call, { operation, onEvent: onEvent ?? (() => undefined), resolve, reject });
        child.send({ kind: 'call', call, operation, input });
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#pending.delete(call);
    }
  }

  #start(): void {
    const child = this.#spawn();
    this.#child = child;
    child.onMessage((message) => {
      const parsed = engineReplySchema.safeParse(message);
      if (parsed.success && this.#child === child) this.#receive(parsed.data);
    });
    child.onExit((how) => {
      if (this.#child !== child) return;
      this.#child = null;
      const reason = new DermOrbitError('ENGINE_STOPPED', `The engine process ended: ${how}.`);
      const orphans = [...this.#pending.values()];
      this.#pending.clear();
      this.#failedStarts = this.#state.state === 'starting' ? this.#failedStarts + 1 : 0;
      if (this.#closing) {
        this.#show({ ...this.#state, state: 'stopped' });
      } else if (this.#failedStarts >= startAttempts) {
        // It dies before it is ready, again and again: starting it for ever would only heat the computer.
        this.#show({ ...this.#state, state: 'stopped', message: reason.message });
      } else {
        this.#show({ state: 'starting', restarts: this.#state.restarts + 1, message: reason.message });
        this.#start();
      }
      for (const { reject } of orphans) reject(reason);
    });
  }

  #receive(reply: EngineReply): void {
    if (reply.kind === 'ready') {
      this.#failedStarts = 0;
      this.#show({ ...this.#state, state: 'ready' });
      return;
    }
    const pending = this.#pending.get(reply.call);
    if (!pending) return;
    if (reply.kind === 'failed') {
      pending.reject(DermOrbitError.fromRecord(reply.error));
      return;
    }
    const contract = engineContract[pending.operation];
    const [schema, value] =
      reply.kind === 'event' ? [contract.event, reply.event] : [contract.output, reply.output];
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      pending.reject(
        new DermOrbitError('INTERNAL', `The engine answered ${pending.operation} with something else.`),
      );
    } else if (reply.kind === 'event') {
      pending.onEvent(parsed.data as never);
    } else {
      pending.resolve(parsed.data as never);
    }
  }

  #show(state: EngineProcessState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

/** Milliseconds an engine has to finish its last native call when asked to close. */
const closePatience = 2000;
/** Deaths before the first sign of life after which the engine is not started again. */
const startAttempts = 3;
