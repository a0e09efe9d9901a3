// How far two arrays are apart. Test use only.

/**
 * |a - b| / |b| (Euclidean); 0 for two arrays of zeros.
 * @throws RangeError if the lengths differ
 */
export function relativeDistance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) {
    throw new RangeError(`${found.length} numbers are not compared with ${expected.length}`);
  }
  let [difference, length] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (found[i]! - expected[i]!) ** 2;
    length += expected[i]! ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / length);
}

/**
 * The largest |a_i - b_i|; NaN if any number is NaN.
 * @throws RangeError if the lengths differ
 */
export function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) {
    throw new RangeError(`${found.length} numbers are not compared with ${expected.length}`);
  }
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
