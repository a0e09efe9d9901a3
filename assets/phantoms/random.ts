// Seeded randomness for the phantoms. Integer arithmetic only, so every machine draws the same sequence.
// May depend on nothing.

/** A seeded source of random numbers. Equal seeds give equal sequences on every machine. */
export interface Random {
  /** The next number in [0, 1). */
  next(): number;
  /** A number in [low, high). */
  between(low: number, high: number): number;
  /** An integer in [0, count). */
  integer(count: number): number;
  /** One element of a non-empty list. */
  pick<T>(list: readonly [T, ...T[]]): T;
  /** A unit vector of uniformly random direction. */
  direction(): Vector;
  /** An independent source, named by a number: drawing from it does not move this one. */
  fork(name: number): Random;
}

/** A point or direction in scene units, x to the right and y down. */
export interface Vector {
  readonly x: number;
  readonly y: number;
}

/** Scrambles 32 bits so that neighbouring inputs give unrelated outputs (multiply and xor-shift rounds). */
function scramble(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}

/**
 * The mulberry32 generator (T. Ettinger): 32 bits of state, one output per step.
 * @param seed any integer; its low 32 bits count.
 */
export function createRandom(seed: number): Random {
  const origin = seed >>> 0;
  let state = scramble(origin);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
  const integer = (count: number): number => Math.floor(next() * count);
  return {
    next,
    integer,
    between: (low, high) => low + (high - low) * next(),
    pick: (list) => list[integer(list.length)] ?? list[0],
    direction: () => {
      // Rejection from the disc instead of an angle: the sine of an angle may differ by platform, sqrt may not.
      for (;;) {
        const x = 2 * next() - 1;
        const y = 2 * next() - 1;
        const length = Math.sqrt(x * x + y * y);
        if (length > 0.05 && length <= 1) return { x: x / length, y: y / length };
      }
    },
    fork: (name) => createRandom(scramble(origin ^ Math.imul(name + 1, 0x9e3779b1))),
  };
}
