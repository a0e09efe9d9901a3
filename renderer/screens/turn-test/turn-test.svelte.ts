// The turn test of one image: points as they come, and what they were measured with.
import type { RequestBase, TurnTestPoint } from '../../../main/contract/engine.ts';
import { asDermOrbitError, type DermOrbitError } from '../../../main/contract/errors.ts';
import type { ApplicationClient } from '../../client/client.ts';

export class TurnTest {
  points = $state.raw<readonly TurnTestPoint[]>([]);
  /** Points that the whole circle needs. */
  expected = $state(0);
  active = $state(false);
  cancelled = $state(false);
  error = $state.raw<DermOrbitError | null>(null);
  /** What the points belong to: image, model, settings and step as one string. */
  subject = $state('');
  readonly whole: boolean = $derived(this.points.length > 0 && this.points.length === this.expected);

  #abort: AbortController | null = null;
  readonly #client: ApplicationClient;

  constructor(client: ApplicationClient) {
    this.#client = client;
  }

  /** A name for what would be measured; points are shown only for the subject that they were measured for. */
  static subjectOf(image: string, base: RequestBase, step: number): string {
    return JSON.stringify([image, base, step]);
  }

  async start(image: string, base: RequestBase, step: number): Promise<void> {
    this.cancel();
    const abort = new AbortController();
    this.#abort = abort;
    this.subject = TurnTest.subjectOf(image, base, step);
    this.points = [];
    this.expected = Math.ceil(360 / step);
    this.error = null;
    this.cancelled = false;
    this.active = true;
    try {
      await this.#client.call(
        'turnTest',
        { ...base, image, step },
        {
          signal: abort.signal,
          onEvent: (point) => {
            if (this.#abort === abort) this.points = [...this.points, point];
          },
        },
      );
    } catch (thrown) {
      const error = asDermOrbitError(thrown);
      if (this.#abort === abort && error.code !== 'CANCELLED') this.error = error;
      if (this.#abort === abort && error.code === 'CANCELLED') this.cancelled = true;
    }
    if (this.#abort === abort) {
      this.active = false;
      this.#abort = null;
    }
  }

  /** Stops; the points measured so far stay. */
  cancel(): void {
    this.#abort?.abort();
  }
}
