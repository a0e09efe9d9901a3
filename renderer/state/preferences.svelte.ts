// What the page remembers between starts: shown at once, saved shortly after, kept by the main side.
import type { Preferences, PreferencesPatch } from '../../main/contract/application.ts';
import type { ApplicationClient } from '../client/client.ts';
import type { Notices } from './notices.svelte.ts';

const saveAfterMilliseconds = 250;

export class PreferencesState {
  current: Preferences;
  #unsaved: PreferencesPatch = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #client: ApplicationClient;
  readonly #notices: Notices;

  constructor(client: ApplicationClient, notices: Notices, initial: Preferences) {
    this.current = $state.raw(initial);
    this.#client = client;
    this.#notices = notices;
  }

  /** Takes effect at once; several changes in quick succession (a slider) are saved as one. */
  change(patch: PreferencesPatch): void {
    this.#unsaved = { ...this.#unsaved, ...patch };
    this.#merge(patch);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#save();
    }, saveAfterMilliseconds);
  }

  /** What the main side says is saved; fields changed here meanwhile stay as they are here. */
  receive(saved: Preferences): void {
    this.current = saved;
    this.#merge(this.#unsaved);
  }

  #merge(patch: PreferencesPatch): void {
    const defined = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
    this.current = { ...this.current, ...defined };
  }

  async #save(): Promise<void> {
    const patch = this.#unsaved;
    this.#unsaved = {};
    try {
      await this.#client.call('savePreferences', patch);
    } catch (thrown) {
      this.#notices.fault(thrown);
    }
  }
}
