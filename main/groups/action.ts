// The one action of a group: on anything whose last two axes are a square grid (images, feature maps), and on
// vectors with one entry per orientation (weights). Pure; depends on nothing but groups.ts.
import type { FiniteGroup, Group, GroupElement } from './groups.ts';

type NumericArray = Float32Array | Float64Array | Uint8Array;

const gridPermutations = new Map<string, Int32Array>();

/**
 * The permutation of an s x s grid: cell i of the turned grid shows cell `result[i]` of the original.
 * Cached, since one image applies the same few permutations to thousands of channels.
 */
export function gridPermutation(element: GroupElement, size: number): Int32Array {
  const key = `${size}:${element.turns}:${String(element.mirror)}`;
  const known = gridPermutations.get(key);
  if (known) return known;
  const last = size - 1;
  const permutation = new Int32Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      // Undo the turn: out[row][column] = mirrored[r][c], each quarter turn being out[i][j] = in[j][last - i].
      let r = row;
      let c = column;
      for (let k = 0; k < element.turns; k++) [r, c] = [c, last - r];
      if (element.mirror) c = last - c;
      permutation[row * size + column] = r * size + c;
    }
  }
  gridPermutations.set(key, permutation);
  return permutation;
}

/**
 * gx: applies one element to every s x s plane of an array [..., s, s].
 * @param source planes one after the other; its length is a multiple of size * size
 * @param target where to write (same length, not the same memory); allocated if absent
 * @returns target
 * @throws RangeError if the length is not a whole number of planes
 */
export function actOnGrid<T extends NumericArray>(
  element: GroupElement,
  source: T,
  size: number,
  target?: T,
): T {
  const plane = size * size;
  if (source.length % plane !== 0) {
    throw new RangeError(`${source.length} numbers are not whole planes of ${size} x ${size}`);
  }
  const out = target ?? (source.slice() as T);
  if (element.turns === 0 && !element.mirror) {
    if (target) out.set(source);
    return out;
  }
  const permutation = gridPermutation(element, size);
  for (let start = 0; start < source.length; start += plane) {
    for (let i = 0; i < plane; i++) out[start + i] = source[start + permutation[i]!]!;
  }
  return out;
}

/**
 * The orbit of a grid array: one turned copy per element, [n, ...source].
 * @param source [..., size, size]
 */
export function orbitOf(group: Group, source: Float32Array, size: number): Float32Array {
  const orbit = new Float32Array(group.order * source.length);
  group.elements.forEach((element, index) => {
    actOnGrid(element, source, size, orbit.subarray(index * source.length, (index + 1) * source.length));
  });
  return orbit;
}

/**
 * How turning the input by h permutes what is indexed by orientation: v_g(hx) = v_gh(x).
 * Holds for weights, orbit features and orbit logits alike (METHODS.md, "What is exact").
 * @param values one entry per element of the group, at x
 * @param h index of the element that turns the input
 * @returns the entries at hx
 */
export function actOnOrientations<T>(group: FiniteGroup, h: number, values: readonly T[]): T[] {
  return group.product.map((row) => values[row[h]!]!);
}
