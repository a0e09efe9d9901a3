// Results leave the page: CSV, JSON, report, text. The main side writes; the page says what came of it.
import type { ExportResult } from '../../main/contract/application.ts';
import type { RequestBase } from '../../main/contract/engine.ts';
import type { ApplicationClient } from '../client/client.ts';
import { count } from '../../main/words/words.ts';
import type { Notices } from './notices.svelte.ts';

export class Exports {
  active = $state(false);
  readonly #client: ApplicationClient;
  readonly #notices: Notices;

  constructor(client: ApplicationClient, notices: Notices) {
    this.#client = client;
    this.#notices = notices;
  }

  csv(images: string[]): Promise<void> {
    return this.#run(() => this.#client.call('exportCsv', { images }), count(images.length, 'row'));
  }

  json(images: string[]): Promise<void> {
    return this.#run(() => this.#client.call('exportJson', { images }), count(images.length, 'record'));
  }

  report(image: string, base: RequestBase): Promise<void> {
    return this.#run(() => this.#client.call('exportReport', { ...base, image }), 'One page');
  }

  async copyText(image: string, base: RequestBase): Promise<void> {
    try {
      const { text, copied } = await this.#client.call('copyText', { ...base, image });
      if (!copied) await navigator.clipboard.writeText(text);
      this.#notices.show('done', 'Copied as text');
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  /** Any other export of the main side; `what` says what was saved. */
  deliver(act: () => Promise<ExportResult>, what: string): Promise<void> {
    return this.#run(act, what);
  }

  async #run(act: () => Promise<ExportResult>, what: string): Promise<void> {
    this.active = true;
    try {
      this.#deliver(await act(), what);
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
    this.active = false;
  }

  #deliver(result: ExportResult, what: string): void {
    if (result.kind === 'cancelled') return;
    if (result.kind === 'saved') {
      this.#notices.show('done', `Saved ${result.name}`, what);
      return;
    }
    const link = document.createElement('a');
    link.href = result.url;
    if (result.kind === 'download') {
      link.download = result.name;
      this.#notices.show('done', `Downloaded ${result.name}`, what);
    } else {
      link.target = '_blank';
      link.rel = 'noopener';
    }
    document.body.append(link);
    link.click();
    link.remove();
  }
}
