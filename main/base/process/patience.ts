// A time limit that counts only time during which this computer was awake and this process ran: a laptop that sleeps for
// the night, or a debugger that holds us, makes nobody late.

/** Milliseconds between two looks at the clock. */
const tick = 1000;

/** Calls `late` after `limit` milliseconds. @returns ends the wait */
export function countdown(limit: number, late: () => void): () => void {
  let left = limit;
  let timer: NodeJS.Timeout;
  const look = (): void => {
    // However late a look comes, no more than what it was to wait has passed for the one who is waited for.
    const step = Math.min(tick, left);
    timer = setTimeout(() => {
      left -= step;
      if (left > 0) look();
      else late();
    }, step).unref();
  };
  look();
  return () => {
    clearTimeout(timer);
  };
}
