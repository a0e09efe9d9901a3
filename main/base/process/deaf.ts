// Work during which a process hears nothing: a native call that blocks its thread. Nothing inside can end one that never
// returns, so whoever supervises the process is told before it how long it may take, and after it that it is over.

/** Told before each call how many milliseconds it may take at most, and null after it. */
export type DeafnessListener = (limit: number | null) => void;

let listener: DeafnessListener | null = null;
let last: Promise<unknown> = Promise.resolve();

/** Who is told of native calls in this process; without anyone, as in a command, they are made all the same. */
export function watchDeafness(told: DeafnessListener | null): void {
  listener = told;
}

/**
 * Makes a native call. Calls follow one another, as they would on their one thread, so that each is timed by itself.
 * @param limit milliseconds after which the process may be ended
 */
export function callNatively<T>(limit: number, call: () => Promise<T>): Promise<T> {
  const tell = listener;
  if (tell === null) return call();
  const made = last.then(async () => {
    tell(limit);
    try {
      return await call();
    } finally {
      tell(null);
    }
  });
  last = made.catch(() => undefined);
  return made;
}
