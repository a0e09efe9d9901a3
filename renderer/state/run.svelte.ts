// The batch run: which images are being classified, how far it is, and how it ended.
import type { RequestBase } from '../../main/contract/engine.ts';
import type { ApplicationClient } from '../client/client.ts';
import { asDermOrbitError, type DermOrbitError } from '../../main/contract/errors.ts';
import type { ItemState, ListEntry } from './list.ts';
import { hasFailed } from './list.ts';
import { Throttle } from './throttle.ts';
import type { Notices } from './notices.svelte.ts';
import type { WorkList } from './worklist.svelte.ts';

/** The queue is thousands long and moves on many times a second. */
const advanceMilliseconds = 150;

/** How the last run ended; null before the first and while one goes on. */
export interface RunEnd {
  readonly kind: 'done' | 'cancelled' | 'failed';
  readonly classified: number;
  readonly failed: number;
  readonly left: number;
  readonly error: DermOrbitError | null;
}

export class Run {
  active = $state(false);
  cancelling = $state(false);
  done = $state(0);
  total = $state(0);
  secondsLeft = $state<number | null>(null);
  end = $state.raw<RunEnd | null>(null);
  /** Ids still to come, in order; the first is being computed. */
  queue = $state.raw<readonly string[]>([]);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- made anew, never changed
  readonly #queued: ReadonlySet<string> = $derived.by(() => new Set(this.queue));

  /** Finished since `queue` was last brought up to date. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- a buffer between redraws, on purpose not shown
  readonly #finished = new Set<string>();
  readonly #advance = new Throttle(
    () => {
      this.queue = this.queue.filter((id) => !this.#finished.has(id));
      this.#finished.clear();
    },
    () => advanceMilliseconds,
  );
  #abort: AbortController | null = null;
  #later: string[] = [];
  readonly #client: ApplicationClient;
  readonly #list: WorkList;
  readonly #notices: Notices;
  readonly #base: () => RequestBase;

  constructor(client: ApplicationClient, list: WorkList, notices: Notices, base: () => RequestBase) {
    this.#client = client;
    this.#list = list;
    this.#notices = notices;
    this.#base = base;
  }

  /** Where an image stands. */
  stateOf(entry: ListEntry): ItemState {
    if (this.#queued.has(entry.item.id)) return this.queue[0] === entry.item.id ? 'working' : 'queued';
    if (entry.item.record === null) return 'idle';
    return hasFailed(entry) ? 'failed' : 'done';
  }

  /** Classifies these images; while a run goes on they follow it. */
  start(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#later.push(...ids);
    if (this.active) {
      this.total += ids.length;
      this.queue = [...this.queue, ...ids];
    } else {
      void this.#work();
    }
  }

  cancel(): void {
    if (!this.active) return;
    this.cancelling = true;
    this.#later = [];
    this.#abort?.abort();
  }

  async #work(): Promise<void> {
    this.active = true;
    this.end = null;
    this.done = 0;
    this.total = this.#later.length;
    this.queue = [...this.#later];
    let failed = 0;
    let error: DermOrbitError | null = null;
    while (this.#later.length > 0 && error === null) {
      const images = this.#later;
      this.#later = [];
      const before = this.done;
      this.#abort = new AbortController();
      try {
        await this.#client.call(
          'classify',
          { ...this.#base(), images },
          {
            signal: this.#abort.signal,
            onEvent: (step) => {
              this.done = before + step.done;
              this.secondsLeft = step.secondsLeft;
              this.#finished.add(step.image);
              this.#advance.request();
              if ('error' in step.record) failed += 1;
              this.#list.receive(step.image, step.record);
            },
          },
        );
      } catch (thrown) {
        error = asDermOrbitError(thrown);
      }
    }
    this.#advance.now();
    this.#list.redraw();
    this.#finish(failed, error);
  }

  #finish(failed: number, error: DermOrbitError | null): void {
    const left = this.total - this.done;
    const kind = error === null ? 'done' : error.code === 'CANCELLED' ? 'cancelled' : 'failed';
    this.end = { kind, classified: this.done - failed, failed, left, error };
    if (kind === 'failed') this.#notices.fault(error);
    this.queue = [];
    this.#later = [];
    this.#abort = null;
    this.secondsLeft = null;
    this.cancelling = false;
    this.active = false;
  }
}
