// The group C_d on token ids (METHODS.md, "Language"; Basu et al. 2023, group-theoretic fairness): g takes every word of
// an equality list to the next one, in all lists at once, and leaves every other id alone. Pure.
import { cyclicGroup, type FiniteGroup } from '../groups/groups.ts';

/** A group that acts on the ids of a vocabulary. */
export interface TokenGroup {
  readonly group: FiniteGroup;
  readonly vocabulary: number;
  /** Equality lists as ids. */
  readonly lists: readonly (readonly number[])[];
  /** powers[k][u] = g^k(u). */
  readonly powers: readonly Int32Array[];
  /** Every id of a list. */
  readonly moved: readonly number[];
  /** 1 where an id is general, [vocabulary]. */
  readonly general: Uint8Array;
}

/**
 * The group of some equality lists.
 * @param lists disjoint lists of one length, the order of the group, at least 2; ids of the vocabulary
 * @param general ids that are in no list
 */
export function makeTokenGroup(
  lists: readonly (readonly number[])[],
  general: readonly number[],
  vocabulary: number,
): TokenGroup {
  const group = cyclicGroup(lists[0]!.length);
  const powers = group.product.map((_, k) => {
    const power = Int32Array.from({ length: vocabulary }, (_id, id) => id);
    for (const list of lists) list.forEach((id, i) => (power[id] = list[group.product[i]![k]!]!));
    return power;
  });
  const marks = new Uint8Array(vocabulary);
  for (const id of general) marks[id] = 1;
  return { group, vocabulary, lists, powers, moved: lists.flat(), general: marks };
}

/** g^k x: every id of a sequence moved. */
export function actOnTokens({ powers }: TokenGroup, k: number, ids: readonly number[]): number[] {
  const power = powers[k]!;
  return ids.map((id) => power[id]!);
}

/** The orbit of a sequence: g^0 x, g^1 x, .., g^(d-1) x. */
export function orbitOfTokens(tokens: TokenGroup, ids: readonly number[]): number[][] {
  return tokens.powers.map((_, k) => actOnTokens(tokens, k, ids));
}

/** Whether the group moves anything of a sequence. */
export function isMoved(tokens: TokenGroup, ids: readonly number[]): boolean {
  const power = tokens.powers[1];
  return power !== undefined && ids.some((id) => power[id] !== id);
}

/**
 * Read back and combined: sum_k w_k b_k with b_k[u] = l(g^k x)[g^k(u)].
 * @param logits l(g^k x) for each k, [d][vocabulary]; where a weight is 0, they are not looked at
 * @param weights [d]
 * @returns [vocabulary], in double precision: single would round sums of large logits by as much as what is measured
 */
export function combineLogits(
  { powers, moved }: TokenGroup,
  logits: readonly ArrayLike<number>[],
  weights: readonly number[],
): Float64Array {
  const sum = new Float64Array(logits[0]!.length);
  weights.forEach((weight, k) => {
    if (weight === 0) return;
    const row = logits[k]!;
    for (let u = 0; u < sum.length; u++) sum[u]! += weight * row[u]!;
  });
  for (const u of moved) {
    sum[u] = weights.reduce((total, weight, k) => {
      return weight === 0 ? total : total + weight * logits[k]![powers[k]![u]!]!;
    }, 0);
  }
  return sum;
}
