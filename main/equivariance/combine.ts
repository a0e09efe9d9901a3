// Combination and heads: orbit features -> combined map -> what the head is asked -> one embedding and
// one evidence map. Pure functions on typed arrays.
import type { Head, Inverse } from '../contract/settings.ts';
import { actOnGrid, orbitOf } from '../groups/action.ts';
import type { Group } from '../groups/groups.ts';

/**
 * The combined feature map sum_g w_g F_g, with F_g = g^-1 f_g (inverse on) or f_g itself (inverse off).
 * Orientations of weight 0 are not touched, so vanilla and equizero return their one map unchanged.
 * @param features orbit features f_g, n arrays [C, s, s]
 * @param weights [n]
 * @param size s
 * @returns [C, s, s]
 */
export function combineFeatures(
  group: Group,
  features: readonly Float32Array[],
  weights: readonly number[],
  size: number,
  inverse: Inverse,
): Float32Array {
  return weightedSum(
    features[0]!.length,
    (g) => (inverse === 'on' ? turnBack(group, g, features[g]!, size) : features[g]!),
    weights,
  );
}

/** F_g = g^-1 f_g: an orientation's map in the frame of the picture, [C, s, s]; the map itself for the identity. */
export function turnBack(group: Group, g: number, map: Float32Array, size: number): Float32Array {
  return g === 0 ? map : actOnGrid(group.elements[group.inverse[g]!]!, map, size);
}

/**
 * What a head keeps of the combined map beside it (a class token, or what follows from the map): sum_g w_g p_g. Exact,
 * since the weights of a combined map sum to 1 and a companion is affine in its view and does not turn with it.
 * @param companions p_g of f_g; n arrays of one length, which may be 0
 */
export function combineCompanions(
  companions: readonly Float32Array[],
  weights: readonly number[],
): Float32Array {
  return weightedSum(companions[0]!.length, (g) => companions[g]!, weights);
}

/**
 * sum_g w_g v_g.
 * @param vectorOf v_g, of this length; not asked for where its weight is 0
 * @param weights [n]
 */
export function weightedSum(
  length: number,
  vectorOf: (g: number) => Float32Array,
  weights: readonly number[],
): Float32Array {
  const sum = new Float32Array(length);
  weights.forEach((weight, g) => {
    if (weight === 0) return;
    const vector = vectorOf(g);
    for (let i = 0; i < length; i++) sum[i]! += weight * vector[i]!;
  });
  return sum;
}

/**
 * The maps that a head shows to the model's head: F alone (plain), or hF for every h (orbit).
 * @param combined [C, s, s]
 * @returns [m, C, s, s], m = 1 or n
 */
export function headMaps(group: Group, combined: Float32Array, size: number, head: Head): Float32Array {
  return head === 'plain' ? combined : orbitOf(group, combined, size);
}

/**
 * (1/m) sum_h M2(hF): the mean of the embeddings of a head's maps.
 * @param embeddings [m, E]
 * @returns [E]
 */
export function headEmbedding(embeddings: Float32Array, width: number): Float32Array {
  const maps = embeddings.length / width;
  const mean = new Float32Array(width);
  for (let i = 0; i < embeddings.length; i++) mean[i % width]! += embeddings[i]! / maps;
  return mean;
}

/** What a head says about where its raw logits e T come from, for each of a head's m maps. */
export interface RawEvidence {
  /** [m, K, s * s] */
  readonly cells: Float32Array;
  /** [m, K] */
  readonly constant: Float32Array;
}

/**
 * The evidence of a head in the frame of the combined map: each map's evidence turned back by h^-1, then averaged,
 * and scaled as the logits are.
 * @param factor logits / (e T) of the head's embedding (see logitFactor)
 * @returns cells [K][s*s] and constant [K]; for each class they add up to its logit
 */
export function headEvidence(
  group: Group,
  { cells, constant }: RawEvidence,
  size: number,
  classes: number,
  factor: number,
): { cells: number[][]; constant: number[] } {
  const plane = size * size;
  const maps = constant.length / classes;
  const sum = new Float64Array(classes * plane);
  for (let h = 0; h < maps; h++) {
    const map = cells.subarray(h * classes * plane, (h + 1) * classes * plane);
    const upright = actOnGrid(group.elements[group.inverse[h]!]!, map, size);
    for (let i = 0; i < sum.length; i++) sum[i]! += upright[i]!;
  }
  const scale = factor / maps;
  return {
    cells: Array.from({ length: classes }, (_, k) =>
      Array.from(sum.subarray(k * plane, (k + 1) * plane), (value) => value * scale),
    ),
    constant: Array.from({ length: classes }, (_, k) => {
      let total = 0;
      for (let h = 0; h < maps; h++) total += constant[h * classes + k]!;
      return total * scale;
    }),
  };
}
