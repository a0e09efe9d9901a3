// How long the rest will take, from the pace of the latest steps: the first ones open models and fill caches, and
// what is taken over from an earlier run goes by in no time.

/** Steps whose pace counts. */
const remembered = 24;

export class Pace {
  readonly #times: number[] = [];
  readonly #now: () => number;

  /** @param now milliseconds of a steady clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * After each step.
   * @returns seconds for `left` more; null before there are two steps to compare
   */
  step(left: number): number | null {
    this.#times.push(this.#now());
    if (this.#times.length > remembered) this.#times.shift();
    const [first] = this.#times;
    const last = this.#times.at(-1);
    if (first === undefined || last === undefined || this.#times.length < 2) return null;
    return ((last - first) / (this.#times.length - 1) / 1000) * left;
  }
}
