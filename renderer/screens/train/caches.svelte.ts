// What trainings keep of images in the data folder.
import type { CacheSummary } from '../../../main/contract/caches.ts';
import type { ApplicationClient } from '../../client/client.ts';
import type { Jobs } from '../../state/jobs.svelte.ts';
import type { Notices } from '../../state/notices.svelte.ts';

export class Caches {
  /** The largest first. */
  all = $state.raw<readonly CacheSummary[]>([]);

  readonly #client: ApplicationClient;
  readonly #notices: Notices;

  constructor(client: ApplicationClient, notices: Notices, jobs: Jobs) {
    this.#client = client;
    this.#notices = notices;
    jobs.onEnd(({ kind }) => {
      if (kind === 'train') void this.load();
    });
  }

  async load(): Promise<void> {
    try {
      this.all = await this.#client.call('caches', {});
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  async remove(cache: string): Promise<void> {
    try {
      await this.#client.call('removeCache', { cache });
    } catch (thrown) {
      this.#notices.fault(thrown);
      // It may have gone, or come into use, since it was listed.
      await this.load();
    }
  }
}
