// The methods table of METHODS.md ("Language"): every method is one row - what it reads of the orbit of a prefix, how
// the elements of the group weigh, and which ids keep the plain model's logit. Pure.
//
// Sources: EquiLM and R-EquiLM, Basu et al. 2023 (AAAI); EquizeroLM, Basu et al., "Efficient Equivariant Transfer
// Learning from Pretrained Models" (NeurIPS 2023). lambda-EquiLM is lambda-equitune of the latter, on words.
import type { LanguageMethod } from '../contract/language.ts';
import { softmax } from '../equivariance/logits.ts';
import type { LambdaNet } from './lambda/net.ts';
import { bestElements } from './scores.ts';
import { combineLogits, type TokenGroup } from './token-group.ts';

/** What the model said of every element of the orbit of a prefix, at one position. */
export interface OrbitReading {
  /** l(g^k x), [d][V]; the plain method reads the first alone. */
  readonly logits: readonly Float32Array[];
  /** The last hidden state of g^k x, [d][W]. */
  readonly hidden: readonly Float32Array[];
}

/** How the methods that have a choice are to choose. */
export interface MethodOptions {
  readonly method: LanguageMethod;
  /** Of equizero; by the logits of each element. */
  readonly score: (logits: ArrayLike<number>, k: number) => number;
  /**
   * Equizero, where several elements score best - as all do where the prefix holds no equality word: the first of them,
   * or their mean, which is fair even then.
   */
  readonly ties: 'first' | 'mean';
  /** Of lambda. */
  readonly net: LambdaNet | null;
}

/** What a method makes of the orbit at one position. */
export interface Combined {
  /** [V] */
  readonly logits: Float64Array;
  /** [d]; null for plain. */
  readonly weights: readonly number[] | null;
  /** Equizero: the element that answers; null where a mean of several does. */
  readonly element: number | null;
}

interface MethodRow {
  /** Whether the whole orbit is read, or the prefix as it is. */
  readonly readsOrbit: boolean;
  /** Whether one element answers alone. */
  readonly chooses: boolean;
  /** Whether general ids keep the plain logit. */
  readonly relaxed: boolean;
  readonly weights: (orbit: OrbitReading, options: MethodOptions) => readonly number[];
}

const equalWeights = ({ logits }: OrbitReading) => logits.map(() => 1 / logits.length);

export const languageMethods: Readonly<Record<LanguageMethod, MethodRow>> = {
  plain: { readsOrbit: false, chooses: false, relaxed: false, weights: () => [1] },
  equilm: { readsOrbit: true, chooses: false, relaxed: false, weights: equalWeights },
  'r-equilm': { readsOrbit: true, chooses: false, relaxed: true, weights: equalWeights },
  equizero: {
    readsOrbit: true,
    chooses: true,
    relaxed: false,
    weights: ({ logits }, { score, ties }) => {
      const best = bestElements(logits.map((row, k) => score(row, k)));
      const chosen = ties === 'first' ? best.slice(0, 1) : best;
      return logits.map((_, k) => (chosen.includes(k) ? 1 / chosen.length : 0));
    },
  },
  lambda: {
    readsOrbit: true,
    chooses: false,
    relaxed: false,
    weights: ({ hidden }, { net }) => {
      if (!net) throw new TypeError('the lambda method was asked for without its net');
      return softmax(hidden.map((state) => net.value(state)));
    },
  },
};

/**
 * The logits of a method at one position.
 * @param tokens null for the plain method only
 * @param kept weights to use instead of the method's own: equizero's, fixed by the context
 */
export function combineReading(
  tokens: TokenGroup | null,
  orbit: OrbitReading,
  options: MethodOptions,
  kept: readonly number[] | null = null,
): Combined {
  const row = languageMethods[options.method];
  if (!tokens || !row.readsOrbit) {
    return { logits: Float64Array.from(orbit.logits[0]!), weights: null, element: null };
  }
  const weights = kept ?? row.weights(orbit, options);
  const logits = combineLogits(tokens, orbit.logits, weights);
  if (row.relaxed) {
    const plain = orbit.logits[0]!;
    for (let u = 0; u < logits.length; u++) if (tokens.general[u] === 1) logits[u] = plain[u]!;
  }
  const element = row.chooses ? weights.indexOf(1) : -1;
  return { logits, weights, element: element < 0 ? null : element };
}
