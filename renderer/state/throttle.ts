// Work that is asked for often and done now and then: what comes in between is done in one go. Pure but for time.

export class Throttle {
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #act: () => void;
  readonly #pause: () => number;

  /** @param pause milliseconds from the first request to the act, asked anew each time */
  constructor(act: () => void, pause: () => number) {
    this.#act = act;
    this.#pause = pause;
  }

  request(): void {
    this.#timer ??= setTimeout(() => {
      this.now();
    }, this.#pause());
  }

  /** Does it at once, whether or not it was requested. */
  now(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#act();
  }
}
