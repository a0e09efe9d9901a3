// The methods table of METHODS.md: every method is one row - which weight network it asks, the weights it gives
// the orientations, and how orientations become one answer. Pure.
//
// Sources: equitune, Basu et al. 2023 (AAAI); equizero and lambda-equitune, Basu et al., "Efficient Equivariant
// Transfer Learning from Pretrained Models" (NeurIPS 2023); feature-level lambda and equiattention, Vlasenko et
// al., "(Even More) Efficient Equivariant Transfer Learning from Pretrained Models".
import type { CombinerName, Level, Method } from '../contract/settings.ts';
import { argmax, softmax } from './logits.ts';

/** What the weight networks and the attention pool said about each orientation of one image. */
export interface OrbitReadings {
  /** Logits of M2(f_g) under the model's own rule, [n][K]. */
  readonly logits: readonly (readonly number[])[];
  /** Logits of the normalised M2(f_g) (the embedding level's own rule), [n][K]. */
  readonly normalizedLogits: readonly (readonly number[])[];
  /** lambda(f_g), [n]. */
  readonly lambda?: readonly number[] | undefined;
  /** Embedding-level lambda of the normalised M2(f_g), [n]; not normalised over g. */
  readonly lambdaEmbedding?: readonly number[] | undefined;
  /** Q_g and K_g, [n, d] each. */
  readonly queries?: readonly Float32Array[] | undefined;
  readonly keys?: readonly Float32Array[] | undefined;
}

/** Weights of the orientations, [n], and for equiattention the matrix A they come from. */
export interface OrbitWeights {
  readonly weights: readonly number[];
  readonly attention: readonly (readonly number[])[] | null;
}

interface MethodRow {
  /** The levels at which it can be asked for; the first is meant where none is named. */
  readonly levels: readonly Level[];
  /** The network that the method asks, by level; null if none. */
  readonly combiner: Readonly<Record<Level, CombinerName | null>>;
  /** Weights at feature level: the combined map is sum_g w_g F_g. */
  readonly featureWeights: (orbit: OrbitReadings) => OrbitWeights;
  /** Class probabilities from the orientations' embeddings, where no feature map is combined. */
  readonly embeddingAnswer: (orbit: OrbitReadings) => EmbeddingAnswer;
  /** Whether it always answers from the orientations' embeddings, whatever the level. */
  readonly averagesProbabilities: boolean;
}

/** An answer made of probabilities: there are no logits of it. */
export interface EmbeddingAnswer extends OrbitWeights {
  readonly probabilities: readonly number[];
}

const none = { feature: null, embedding: null } as const;
const both = ['feature', 'embedding'] as const;
const uniform = (n: number) => new Array<number>(n).fill(1 / n);
const oneHot = (n: number, index: number) => Array.from({ length: n }, (_, i) => (i === index ? 1 : 0));

function average(rows: readonly (readonly number[])[], weights: readonly number[]): number[] {
  return rows[0]!.map((_, k) => rows.reduce((sum, row, g) => sum + weights[g]! * row[k]!, 0));
}

function requireReading<T>(reading: T | undefined, name: CombinerName): T {
  if (reading === undefined) throw new TypeError(`the orbit was not read with the ${name} network`);
  return reading;
}

/** A = softmax(Q K^T / sqrt(d)) row by row, [n][n]. */
function attentionMatrix(orbit: OrbitReadings): number[][] {
  const queries = requireReading(orbit.queries, 'attention');
  const keys = requireReading(orbit.keys, 'attention');
  return queries.map((query) =>
    softmax(
      keys.map((key) => {
        let product = 0;
        for (let i = 0; i < key.length; i++) product += query[i]! * key[i]!;
        return product / Math.sqrt(key.length);
      }),
    ),
  );
}

/** The mean over the rows of A [F_g] is one weighted sum: its weights are A's column means. */
function attentionWeights(orbit: OrbitReadings): OrbitWeights {
  const attention = attentionMatrix(orbit);
  return { weights: average(attention, uniform(attention.length)), attention };
}

/**
 * The orientation whose own answer is surest: argmin over g of minus its largest class probability p. Compared by
 * 1 / p - 1, which does not round to a tie where several orientations are sure to the last digit: a tie would go to
 * the first, and the answer would then depend on how the image is turned.
 */
function surestOrientation(orbit: OrbitReadings): number {
  const doubts = orbit.logits.map((logits) => {
    const top = argmax(logits);
    return logits.reduce((sum, logit, k) => (k === top ? sum : sum + Math.exp(logit - logits[top]!)), 0);
  });
  return argmax(doubts.map((doubt) => -doubt));
}

function averageAnswer(logits: readonly (readonly number[])[], weights: OrbitWeights): EmbeddingAnswer {
  return { probabilities: average(logits.map(softmax), weights.weights), ...weights };
}

const equalWeights = (orbit: OrbitReadings): OrbitWeights => ({
  weights: uniform(orbit.logits.length),
  attention: null,
});
const identityOnly = (orbit: OrbitReadings): OrbitWeights => ({
  weights: oneHot(orbit.logits.length, 0),
  attention: null,
});

export const methods: Readonly<Record<Method, MethodRow>> = {
  vanilla: {
    levels: ['feature'],
    combiner: none,
    featureWeights: identityOnly,
    embeddingAnswer: (orbit) => averageAnswer(orbit.normalizedLogits, identityOnly(orbit)),
    averagesProbabilities: false,
  },
  tta: {
    levels: ['feature'],
    combiner: none,
    featureWeights: equalWeights,
    embeddingAnswer: (orbit) => averageAnswer(orbit.logits, equalWeights(orbit)),
    averagesProbabilities: true,
  },
  equitune: {
    levels: both,
    combiner: none,
    featureWeights: equalWeights,
    embeddingAnswer: (orbit) => averageAnswer(orbit.normalizedLogits, equalWeights(orbit)),
    averagesProbabilities: false,
  },
  equizero: {
    levels: both,
    combiner: none,
    featureWeights: (orbit) => ({
      weights: oneHot(orbit.logits.length, surestOrientation(orbit)),
      attention: null,
    }),
    // The largest probability over g for each class; divided by their sum, since the maxima of n distributions
    // are none. An orientation's weight is the probability of the classes it decides.
    embeddingAnswer: (orbit) => {
      const rows = orbit.normalizedLogits.map(softmax);
      const deciding = rows[0]!.map((_, k) => argmax(rows.map((row) => row[k]!)));
      const scores = deciding.map((g, k) => rows[g]![k]!);
      const sum = scores.reduce((total, score) => total + score, 0);
      const probabilities = scores.map((score) => score / sum);
      const weights = new Array<number>(rows.length).fill(0);
      deciding.forEach((g, k) => (weights[g]! += probabilities[k]!));
      return { probabilities, weights, attention: null };
    },
    averagesProbabilities: false,
  },
  lambda: {
    levels: both,
    combiner: { feature: 'lambda', embedding: 'lambdaEmbedding' },
    featureWeights: (orbit) => ({
      weights: softmax(requireReading(orbit.lambda, 'lambda')),
      attention: null,
    }),
    // softmax(w_g e_g T), averaged over g: here the weights scale the logits and are not normalised.
    embeddingAnswer: (orbit) => {
      const weights = requireReading(orbit.lambdaEmbedding, 'lambdaEmbedding');
      const scaled = orbit.normalizedLogits.map((logits, g) => logits.map((logit) => weights[g]! * logit));
      return {
        probabilities: averageAnswer(scaled, equalWeights(orbit)).probabilities,
        weights,
        attention: null,
      };
    },
    averagesProbabilities: false,
  },
  attention: {
    levels: ['feature'],
    combiner: { feature: 'attention', embedding: 'attention' },
    featureWeights: attentionWeights,
    // Neither paper defines this one: the attention's weights, applied to the orientations' probabilities.
    embeddingAnswer: (orbit) => averageAnswer(orbit.normalizedLogits, attentionWeights(orbit)),
    averagesProbabilities: false,
  },
};

/** Share of the orientations whose own top class is `topClass`. */
export function stability(orbit: OrbitReadings, topClass: number): number {
  const agreeing = orbit.logits.filter((logits) => argmax(logits) === topClass);
  return agreeing.length / orbit.logits.length;
}
