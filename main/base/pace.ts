// How long the rest will take, from the pace of the steps so far: shown as an estimate, never as a promise.

export interface PaceOptions {
  /**
   * Steps whose pace counts. A few, where the first ones open models or take over what is done already; all of them
   * where rarer work (a validation) belongs to the pace.
   */
  readonly window?: number;
  /** Milliseconds of a steady clock. */
  readonly now?: () => number;
}

export class Pace {
  /** When the first step that counts was done, and the ones after it. */
  readonly #times: number[] = [];
  readonly #window: number;
  readonly #now: () => number;
  #counted = 0;

  constructor({ window = Infinity, now = () => performance.now() }: PaceOptions = {}) {
    this.#window = window;
    this.#now = now;
  }

  /** Where the work begins: the first step then counts whole. Without it the first step only starts the clock. */
  begin(): this {
    this.#times.push(this.#now());
    return this;
  }

  /**
   * After each step.
   * @returns seconds for `left` more; null as long as there is nothing to compare with
   */
  step(left: number): number | null {
    const now = this.#now();
    const before = this.#times[0];
    if (before !== undefined) this.#counted++;
    if (this.#window < Infinity || before === undefined) this.#times.push(now);
    if (this.#times.length > this.#window) {
      this.#times.shift();
      this.#counted = this.#times.length - 1;
    }
    const first = this.#times[0];
    return first === undefined || this.#counted === 0 ? null : ((now - first) / this.#counted / 1000) * left;
  }
}
