// The long jobs of this session, as the main side tells of them: they go on whether or not a page looks.
import type { DataFolder, DataReference, Job } from '../../main/contract/application-jobs.ts';
import { asDermOrbitError } from '../../main/contract/errors.ts';
import type { TrainingEvent } from '../../main/contract/training-events.ts';
import type { ApplicationClient } from '../client/client.ts';
import type { Notices } from './notices.svelte.ts';

export class Jobs {
  /** The latest first. */
  all = $state.raw<readonly Job[]>([]);
  /** Folders that the host was started with. */
  roots = $state.raw<readonly DataReference[]>([]);

  readonly running: Job | null = $derived.by(() => this.all.find(({ state }) => state === 'running') ?? null);

  readonly #client: ApplicationClient;
  readonly #notices: Notices;
  readonly #ended: ((job: Job) => void)[] = [];
  readonly #training: ((job: string, event: TrainingEvent) => void)[] = [];

  constructor(client: ApplicationClient, notices: Notices) {
    this.#client = client;
    this.#notices = notices;
  }

  async load(): Promise<void> {
    try {
      [this.all, this.roots] = await Promise.all([
        this.#client.call('jobs', {}),
        this.#client.call('dataRoots', {}),
      ]);
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  /** Called with every job that ends while this page is open. */
  onEnd(listener: (job: Job) => void): void {
    this.#ended.push(listener);
  }

  /** Called with every event of a training; what it said before is had by `trainingLog`. */
  onTrainingEvent(listener: (job: string, event: TrainingEvent) => void): void {
    this.#training.push(listener);
  }

  receive(job: Job): void {
    const known = this.all.find(({ id }) => id === job.id);
    this.all = known ? this.all.map((one) => (one.id === job.id ? job : one)) : [job, ...this.all];
    if (job.state !== 'running' && known?.state !== job.state) {
      for (const listener of this.#ended) listener(job);
    }
  }

  receiveEvent(job: string, event: TrainingEvent): void {
    for (const listener of this.#training) listener(job, event);
  }

  async cancel(job: string): Promise<void> {
    try {
      await this.#client.call('cancelJob', { job });
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  async resume(job: string): Promise<void> {
    try {
      this.receive(await this.#client.call('resumeJob', { job }));
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  /** What a training said so far. */
  log(job: string): Promise<readonly TrainingEvent[]> {
    return this.#client.call('trainingLog', { job });
  }

  /** What lies directly in a folder; null if it cannot be read, which is then said. */
  async contents(folder: DataReference): Promise<DataFolder | null> {
    try {
      return await this.#client.call('dataFolder', { id: folder.id });
    } catch (thrown) {
      this.#notices.fault(asDermOrbitError(thrown));
      return null;
    }
  }

  /** Opens a dialog (needs `session.dialogs`); null if dismissed. */
  async choose(kind: DataReference['kind']): Promise<DataReference | null> {
    try {
      return await this.#client.call('chooseData', { kind });
    } catch (thrown) {
      this.#notices.fault(thrown);
      return null;
    }
  }
}
