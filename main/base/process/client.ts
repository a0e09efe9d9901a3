// A table of operations in another process, called like one in this process. The process is started at once or at the
// first call, watched, and started again when it has died - killed, out of memory, a native crash; calls that were
// under way then end with an error of the caller's choosing. A process that overstays in a native call is ended.
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { serverFrameSchema } from '../../contract/frames.ts';
import type { Call, ContractApi, Operations } from '../../contract/operations.ts';
import { createClient, type Client } from '../../rpc/client.ts';
import type { ProcessChild } from './child.ts';
import { processNoticeSchema, type ProcessNotice } from './messages.ts';
import { countdown } from './patience.ts';

/** Whether the process is there, and how often it had to be started again. */
export interface ProcessState {
  /** `idle`: not started yet, or ended and not needed since. */
  readonly state: 'idle' | 'starting' | 'ready' | 'stopped';
  readonly restarts: number;
  /** How the last process ended, if one did. */
  readonly message: string | null;
}

export interface SupervisedProcess<C extends Operations> extends ContractApi<C> {
  state(): ProcessState;
  watch(listener: (state: ProcessState) => void): void;
  /** Ends the process, if there is one, and starts it at once, however often it has died before. */
  restart(): void;
}

export interface Supervision {
  /** In sentences: "The engine process ended: ...". */
  readonly name: string;
  /** What a call ends with. */
  readonly errors: {
    /** The process died under it, or has been closed. */
    readonly stopped: ErrorCode;
    /** There is none, and none comes up. */
    readonly absent: ErrorCode;
    /** It was ended because a native call took longer than it may. */
    readonly overstayed: ErrorCode;
  };
  /** `always`: started now and again after each death; `calls`: started by a call that finds none. */
  readonly wanted: 'always' | 'calls';
}

/** Supervises a process; `spawn` is called each time one is to be started. */
export function superviseProcess<C extends Operations>(
  contract: C,
  spawn: () => ProcessChild,
  supervision: Supervision,
): SupervisedProcess<C> {
  return new ProcessClient(contract, spawn, supervision);
}

class ProcessClient<C extends Operations> implements SupervisedProcess<C> {
  readonly #client: Client<C>;
  readonly #spawn: () => ProcessChild;
  readonly #supervision: Supervision;
  readonly #listeners: ((state: ProcessState) => void)[] = [];
  #child: ProcessChild | null = null;
  #state: ProcessState = { state: 'idle', restarts: 0, message: null };
  #failedStarts = 0;
  #nextStart: NodeJS.Timeout | null = null;
  #closing = false;
  /** Why we ended the process ourselves. */
  #endedBy: { readonly code: ErrorCode; readonly why: string } | null = null;
  /** Ends the wait for the process to come up, or to come back from a native call. */
  #patience: (() => void) | null = null;

  constructor(contract: C, spawn: () => ProcessChild, supervision: Supervision) {
    this.#client = createClient(contract, {
      name: supervision.name,
      send: (frame) => {
        this.#child?.send(frame);
        return this.#child !== null;
      },
    });
    this.#spawn = spawn;
    this.#supervision = supervision;
    if (supervision.wanted === 'always') this.#start();
  }

  state(): ProcessState {
    return this.#state;
  }

  watch(listener: (state: ProcessState) => void): void {
    this.#listeners.push(listener);
  }

  restart(): void {
    if (this.#closing) return;
    this.#failedStarts = 0;
    if (this.#child) {
      this.#end({ code: this.#supervision.errors.stopped, why: 'it was asked to start again' });
    } else {
      if (this.#nextStart) clearTimeout(this.#nextStart);
      this.#start();
    }
  }

  close(): Promise<void> {
    this.#closing = true;
    if (this.#nextStart) clearTimeout(this.#nextStart);
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

  readonly call: Call<C> = async (operation, input, options) => {
    // No process is started for what is cancelled already; the client refuses it.
    if (options?.signal?.aborted === true) return this.#client.call(operation, input, options);
    if (!this.#child && !this.#closing && this.#supervision.wanted === 'calls') this.#start();
    const waits = this.#nextStart !== null && this.#failedStarts < patientStarts && !this.#closing;
    if (!this.#child && !waits) {
      const { name, errors } = this.#supervision;
      throw this.#closing
        ? new DermOrbitError(errors.stopped, `The ${name} has been closed.`)
        : new DermOrbitError(errors.absent, this.#state.message ?? `The ${name} is not running.`);
    }
    // Without a child it is sent to the next one, as soon as that is started.
    return this.#client.call(operation, input, options);
  };

  #start(): void {
    this.#nextStart = null;
    const again = this.#state.message !== null;
    const restarts = this.#state.restarts + (again ? 1 : 0);
    this.#show({ ...this.#state, state: 'starting', restarts });
    const child = this.#spawn();
    this.#child = child;
    this.#allow(startPatience, 'it did not come up');
    child.onMessage((message) => {
      const parsed = serverFrameSchema.safeParse(message);
      if (!parsed.success || this.#child !== child) return;
      if (parsed.data.kind === 'notice') this.#hear(processNoticeSchema.safeParse(parsed.data.notice).data);
      else this.#client.receive(parsed.data);
    });
    child.onExit((how) => {
      if (this.#child === child) this.#ended(how);
    });
    for (const frame of this.#client.unanswered()) child.send(frame);
  }

  /** Gives the process so many milliseconds until the next `hearing` or `ready`. */
  #allow(limit: number, late: string): void {
    this.#patience?.();
    this.#patience = countdown(limit, () => {
      const why = `${late} within ${Math.round(limit / 100) / 10} seconds`;
      this.#end({ code: this.#supervision.errors.overstayed, why });
    });
  }

  #end(reason: { readonly code: ErrorCode; readonly why: string }): void {
    this.#endedBy = reason;
    this.#child?.kill();
  }

  #ended(how: string): void {
    this.#child = null;
    this.#patience?.();
    const { name, errors, wanted } = this.#supervision;
    const { code, why } = this.#endedBy ?? { code: errors.stopped, why: how };
    this.#endedBy = null;
    this.#failedStarts = this.#state.state === 'starting' ? this.#failedStarts + 1 : 0;
    const message = `The ${name} ended: ${why}.`;
    const gone = this.#failedStarts >= patientStarts && !this.#closing;
    const reason = new DermOrbitError(gone ? errors.absent : code, message);
    // What dies before it is ready has not seen the calls: the next process is asked in its place.
    const blameless = wanted === 'always' && this.#failedStarts > 0 && !gone;
    if (!blameless || this.#closing) this.#client.fail(reason);
    if (this.#closing) {
      this.#show({ ...this.#state, state: 'stopped' });
    } else if (wanted === 'calls') {
      this.#show({ ...this.#state, state: 'idle', message });
    } else if (this.#failedStarts >= startAttempts) {
      // It dies before it is ready, again and again: it is tried less and less often, so as not to heat the computer.
      const delay = Math.min(firstDelay * 2 ** (this.#failedStarts - startAttempts), longestDelay);
      this.#nextStart = setTimeout(() => {
        this.#start();
      }, delay).unref();
      // While calls wait for it, it is on its way.
      this.#show({ ...this.#state, state: gone ? 'stopped' : 'starting', message });
    } else {
      this.#state = { ...this.#state, message };
      this.#start();
    }
  }

  #hear(notice: ProcessNotice | undefined): void {
    if (!notice) return;
    if (notice.kind === 'deaf') {
      this.#allow(notice.limit, 'a computation did not end');
      return;
    }
    this.#patience?.();
    if (notice.kind === 'hearing') return;
    this.#failedStarts = 0;
    this.#show({ ...this.#state, state: 'ready' });
  }

  #show(state: ProcessState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

/** Milliseconds until the first sign of life, however slow the disk and whatever scans it for viruses. */
const startPatience = 300_000;
/** Milliseconds a process has to finish its last native call when asked to close. */
const closePatience = 2000;
/** Deaths before the first sign of life after which the process is no longer started again at once. */
const startAttempts = 3;
/** Milliseconds until it is tried again then; twice as long each time, up to a minute. */
const firstDelay = 250;
const longestDelay = 60_000;
/** Deaths before the first sign of life that calls wait through; then they fail. */
const patientStarts = 6;
