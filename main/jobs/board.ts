// The jobs of this session: one runs at a time, in the job process; every page is told how it goes on. What is known
// of a job outlives the page that started it.
import { LRUCache } from 'lru-cache';
import type { Job } from '../contract/application-jobs.ts';
import type { Notice } from '../contract/application.ts';
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import type { JobProgress } from '../contract/jobs.ts';
import type { TrainingEvent } from '../contract/training-events.ts';
import { newId } from '../base/ids.ts';

/** How a job hears of itself while it runs. */
export interface JobHandle {
  readonly signal: AbortSignal;
  readonly progress: (progress: JobProgress) => void;
  readonly training: (event: TrainingEvent) => void;
}

/** What can be started: the first time, and again to go on where it ended. Returns the id of what came out. */
export interface JobPlan {
  readonly kind: Job['kind'];
  readonly title: string;
  /** Of a training its run, of an evaluation its request. */
  readonly runId: string;
  run(handle: JobHandle, attempt: number): Promise<string>;
}

interface Entry {
  readonly plan: JobPlan;
  readonly log: TrainingEvent[];
  job: Job;
  attempt: number;
  controller: AbortController;
}

/** Milliseconds between two notices of the same job's progress; pages redraw no faster. */
const noticePause = 150;
/** Jobs that are remembered. */
const maxJobs = 50;

/** Of these a training says many, and the latest replaces the one before. */
const replacing: ReadonlySet<TrainingEvent['kind']> = new Set(['reading', 'cache', 'step', 'measuring']);

export class JobBoard {
  /** In the order of their starts: looked at by `peek`, so that looking changes nothing. */
  readonly #entries = new LRUCache<string, Entry>({ max: maxJobs });
  readonly #notify: (notice: Notice) => void;
  #told = new Map<string, number>();

  constructor(notify: (notice: Notice) => void) {
    this.#notify = notify;
  }

  /** The latest first. */
  jobs(): Job[] {
    return [...this.#entries.values()].map(({ job }) => job);
  }

  /** @throws DermOrbitError JOB_UNKNOWN */
  log(id: string): TrainingEvent[] {
    return [...this.#entry(id).log];
  }

  /** @throws DermOrbitError JOB_RUNNING while another one runs */
  start(plan: JobPlan): Job {
    this.requireIdle();
    const job: Job = {
      id: newId(),
      kind: plan.kind,
      title: plan.title,
      runId: plan.runId,
      state: 'running',
      started: new Date().toISOString(),
      ended: null,
      progress: null,
      error: null,
      result: null,
    };
    const entry: Entry = { plan, log: [], job, attempt: 0, controller: new AbortController() };
    this.#entries.set(job.id, entry);
    this.#begin(entry);
    return entry.job;
  }

  /** @throws DermOrbitError JOB_UNKNOWN, JOB_RUNNING; REQUEST_INVALID if it is done */
  resume(id: string): Job {
    const entry = this.#entry(id);
    this.requireIdle();
    if (entry.job.state === 'done') throw new DermOrbitError('REQUEST_INVALID', 'The job is done.');
    entry.attempt++;
    entry.controller = new AbortController();
    entry.job = { ...entry.job, state: 'running', ended: null, error: null, progress: null };
    this.#begin(entry);
    return entry.job;
  }

  /** @throws DermOrbitError JOB_UNKNOWN */
  cancel(id: string): void {
    this.#entry(id).controller.abort();
  }

  #begin(entry: Entry): void {
    this.#show(entry, {});
    const { signal } = entry.controller;
    const handle: JobHandle = {
      signal,
      progress: (progress) => {
        const changed = entry.job.progress?.stage !== progress.stage;
        entry.job = { ...entry.job, progress };
        this.#tell(entry.job.id, changed, () => {
          this.#notify({ kind: 'job', job: entry.job });
        });
      },
      training: (event) => {
        this.#record(entry, event);
      },
    };
    const ended = () => new Date().toISOString();
    entry.plan.run(handle, entry.attempt).then(
      (result) => {
        this.#show(entry, { state: 'done', ended: ended(), result });
      },
      (thrown: unknown) => {
        const error = asDermOrbitError(thrown);
        const state = error.code === 'CANCELLED' ? 'cancelled' : 'failed';
        this.#show(entry, { state, ended: ended(), error: state === 'failed' ? error.toRecord() : null });
      },
    );
  }

  /** Everything lasting is kept and told; of what replaces itself, the latest is kept and told now and then. */
  #record(entry: Entry, event: TrainingEvent): void {
    const { log, job } = entry;
    const replaces = replacing.has(event.kind);
    const tell = () => {
      this.#notify({ kind: 'trainingEvent', job: job.id, event });
    };
    if (!replaces) {
      log.push(event);
      tell();
      return;
    }
    const first = log.at(-1)?.kind !== event.kind;
    if (!first) log.pop();
    log.push(event);
    this.#tell(job.id, first, tell);
  }

  #tell(id: string, atOnce: boolean, tell: () => void): void {
    const now = performance.now();
    if (!atOnce && now - (this.#told.get(id) ?? -Infinity) < noticePause) return;
    this.#told.set(id, now);
    tell();
  }

  #show(entry: Entry, change: Partial<Job>): void {
    entry.job = { ...entry.job, ...change };
    this.#notify({ kind: 'job', job: entry.job });
  }

  /** @throws DermOrbitError JOB_RUNNING while a job runs */
  requireIdle(): void {
    const running = [...this.#entries.values()].find(({ job }) => job.state === 'running');
    if (running) throw new DermOrbitError('JOB_RUNNING', `"${running.job.title}" is still running.`);
  }

  #entry(id: string): Entry {
    const entry = this.#entries.peek(id);
    if (entry === undefined) throw new DermOrbitError('JOB_UNKNOWN', 'This job is no longer known.');
    return entry;
  }
}
