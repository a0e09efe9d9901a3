// The chosen image in depth. A change of settings asks again and keeps what is shown until the answer comes, so
// that nothing blinks; a newer question always wins.
import type { Inspection, RequestBase } from '../../main/contract/engine.ts';
import { asDermOrbitError, type DermOrbitError } from '../../main/contract/errors.ts';
import type { ApplicationClient } from '../client/client.ts';

/** A change of settings is asked at once; walking through the list waits until the person stays on an image. */
const settleMilliseconds = 90;

export class InspectionState {
  /** The image that `current` and `error` are about. */
  imageId = $state<string | null>(null);
  current = $state.raw<Inspection | null>(null);
  error = $state.raw<DermOrbitError | null>(null);
  pending = $state(false);
  /** Time from the question to the answer, milliseconds. */
  milliseconds = $state<number | null>(null);

  #abort: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #client: ApplicationClient;

  constructor(client: ApplicationClient) {
    this.#client = client;
  }

  ask(image: string, base: RequestBase): void {
    this.#stop();
    const sameImage = this.imageId === image;
    if (!sameImage) {
      this.imageId = image;
      this.current = null;
      this.error = null;
    }
    this.pending = true;
    this.#timer = setTimeout(() => void this.#call(image, base), sameImage ? 0 : settleMilliseconds);
  }

  clear(): void {
    this.#stop();
    this.imageId = null;
    this.current = null;
    this.error = null;
    this.pending = false;
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
  }

  async #call(image: string, base: RequestBase): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    const started = performance.now();
    try {
      const answer = await this.#client.call('inspect', { ...base, image }, { signal: abort.signal });
      if (this.#abort !== abort) return;
      this.current = answer;
      this.error = null;
      this.milliseconds = performance.now() - started;
    } catch (thrown) {
      if (this.#abort !== abort) return;
      this.current = null;
      this.error = asDermOrbitError(thrown);
    }
    this.#abort = null;
    this.pending = false;
  }
}
