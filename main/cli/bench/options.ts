// What every benchmark suite is told.

/** Options of every suite. */
export interface BenchOptions {
  readonly runs: number;
  readonly json: boolean;
}
