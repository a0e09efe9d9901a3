// The installed models, what is known about each, the providers of this computer, and a running import.
import type { FileReference, FilePurpose } from '../../main/contract/application.ts';
import type { Progress, ProviderStatus } from '../../main/contract/engine.ts';
import { asDermOrbitError, type DermOrbitError } from '../../main/contract/errors.ts';
import type { ModelDetails, ModelSummary, Verification } from '../../main/contract/manifest.ts';
import type { ApplicationClient } from '../client/client.ts';
import type { Notices } from './notices.svelte.ts';

export interface ImportForm {
  readonly id: string;
  readonly name: string;
  readonly files: Readonly<Partial<Record<FilePurpose, FileReference>>>;
}

export class Models {
  summaries = $state.raw<readonly ModelSummary[]>([]);
  loaded = $state(false);
  /** Whose card the Models screen shows; null: the one in use. */
  shownId = $state<string | null>(null);
  details = $state.raw<Readonly<Record<string, ModelDetails>>>({});
  verifications = $state.raw<Readonly<Record<string, Verification | 'running'>>>({});
  providers = $state.raw<readonly ProviderStatus[] | null>(null);
  measuring = $state(false);
  progress = $state.raw<Progress | null>(null);
  importing = $state(false);
  importError = $state.raw<DermOrbitError | null>(null);

  #abort: AbortController | null = null;
  readonly #client: ApplicationClient;
  readonly #notices: Notices;

  constructor(client: ApplicationClient, notices: Notices) {
    this.#client = client;
    this.#notices = notices;
  }

  async load(): Promise<void> {
    try {
      this.summaries = await this.#client.call('models', {});
      this.loaded = true;
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  async loadDetails(id: string): Promise<void> {
    if (this.details[id] !== undefined) return;
    try {
      const details = await this.#client.call('model', { id });
      this.details = { ...this.details, [id]: details };
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }

  /** Compares every file of a package with the hash in its manifest. */
  async verify(id: string): Promise<void> {
    this.verifications = { ...this.verifications, [id]: 'running' };
    try {
      const verification = await this.#client.call('verifyModel', { id });
      this.verifications = { ...this.verifications, [id]: verification };
    } catch (thrown) {
      this.verifications = Object.fromEntries(
        Object.entries(this.verifications).filter(([key]) => key !== id),
      );
      this.#notices.fault(thrown);
    }
  }

  /** Asks which providers work here, and how fast each is with a model. */
  async measure(model: string | null): Promise<void> {
    this.measuring = true;
    try {
      this.providers = await this.#client.call('providers', model === null ? {} : { model });
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
    this.measuring = false;
  }

  /** True if it was removed. */
  async remove(id: string): Promise<boolean> {
    try {
      await this.#client.call('removeModel', { id });
      await this.load();
      return true;
    } catch (thrown) {
      this.#notices.fault(thrown);
      return false;
    }
  }

  /** True if it was imported; a refusal stands in `importError`. */
  async import(form: ImportForm): Promise<boolean> {
    const checkpoint = form.files.checkpoint;
    if (checkpoint === undefined) return false;
    const optional = (['classEmbeddings', 'prompts', 'combiners', 'card'] as const).flatMap((purpose) => {
      const file = form.files[purpose];
      return file === undefined ? [] : [[purpose, file.id] as const];
    });
    const abort = new AbortController();
    this.#abort = abort;
    this.importing = true;
    this.importError = null;
    this.progress = null;
    let done = false;
    try {
      await this.#client.call(
        'importModel',
        {
          checkpoint: checkpoint.id,
          id: form.id,
          ...(form.name === '' ? {} : { name: form.name }),
          ...Object.fromEntries(optional),
        },
        {
          signal: abort.signal,
          onEvent: (progress) => {
            this.progress = progress;
          },
        },
      );
      await this.load();
      done = true;
    } catch (thrown) {
      this.importError = asDermOrbitError(thrown);
    }
    this.importing = false;
    this.progress = null;
    this.#abort = null;
    return done;
  }

  cancelImport(): void {
    this.#abort?.abort();
  }
}
