// A small seeded generator, so that every interval can be computed again. xoshiro128** of Blackman and Vigna
// 2021 ("Scrambled linear pseudorandom number generators"), seeded by splitmix32. Not for secrets. Pure.

/** Uniform whole numbers from 0 to 2^32 - 1. */
export type Random = () => number;

/** A generator for a seed; the same seed gives the same numbers everywhere. */
export function seededRandom(seed: number): Random {
  let mixed = seed | 0;
  const next = () => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let word = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return word ^ (word >>> 15);
  };
  return xoshiro128(next(), next(), next(), next());
}

/** The generator for a given state; the state must not be all zeros. */
export function xoshiro128(a: number, b: number, c: number, d: number): Random {
  return () => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return scrambled;
  };
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** A uniform whole number from 0 to `limit` - 1, without the small preference that a plain modulo has. */
export function below(random: Random, limit: number): number {
  const cut = 2 ** 32 - (2 ** 32 % limit);
  let word = random();
  while (word >= cut) word = random();
  return word % limit;
}
