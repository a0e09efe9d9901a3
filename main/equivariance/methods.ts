// The methods table of METHODS.md: every method is one row - which weight network it asks, the weights it gives
// the orientations, and how orientations become one answer. Pure.
//
// Sources: equitune, Basu et al. 2023 (AAAI); equizero and lambda-equitune, Basu et al., "Efficient Equivariant
// Transfer Learning from Pretrained Models" (NeurIPS 2023); feature-level lambda and equiattention, Vlasenko et
// al., "(Even More) Efficient Equivariant Transfer Learning from Pretrained Models"; canonical, Kaba et al. 2023.
import type { CombinerName, Level, Method, Score, Scorer, Settings } from '../contract/settings.ts';
import { firstOfBest, preference } from './choose.ts';
import { argmax, softmax } from './logits.ts';

/**
 * What the weight networks and the head said about each orientation of one image. The logits of an orientation that the
 * image tower did not see are an empty row: canonical's image scorer chooses before it runs.
 */
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
  /** canonical's scores of f_g, [n]; more is better. */
  readonly canonical?: readonly number[] | undefined;
  /** canonical's scores of small pictures of gx, [n]; more is better. */
  readonly canonicalImage?: readonly number[] | undefined;
  /** Squared Mahalanobis distance of M2(f_g) to the nearest class mean, [n]. */
  readonly distance?: readonly number[] | undefined;
}

/** The settings that decide what a method asks and how it combines. */
export type Combination = Pick<Settings, 'method' | 'level' | 'scorer' | 'score'>;

/** Weights of the orientations, [n], and for equiattention the matrix A they come from. */
export interface OrbitWeights {
  readonly weights: readonly number[];
  readonly attention: readonly (readonly number[])[] | null;
}

/** What of the settings a method may still depend on once its network was asked. */
type Variant = Pick<Settings, 'scorer' | 'score'>;

interface MethodRow {
  /** The levels at which it can be asked for; the first is meant where none is named. */
  readonly levels: readonly Level[];
  /** The network that the method asks; null if none. */
  readonly combiner: (settings: Omit<Combination, 'method'>) => CombinerName | null;
  /** Weights at feature level: the combined map is sum_g w_g F_g. */
  readonly featureWeights: (orbit: OrbitReadings, variant?: Variant) => OrbitWeights;
  /** Class probabilities from the orientations' embeddings, where no feature map is combined. */
  readonly embeddingAnswer: (orbit: OrbitReadings, variant?: Variant) => EmbeddingAnswer;
  /** Whether it always answers from the orientations' embeddings, whatever the level. */
  readonly averagesProbabilities: boolean;
}

/** An answer made of probabilities: there are no logits of it. */
export interface EmbeddingAnswer extends OrbitWeights {
  readonly probabilities: readonly number[];
}

const none = () => null;
const both = ['feature', 'embedding'] as const;
const uniform = (n: number) => new Array<number>(n).fill(1 / n);
const oneHot = (n: number, index: number) => Array.from({ length: n }, (_, i) => (i === index ? 1 : 0));

function average(rows: readonly (readonly number[])[], weights: readonly number[]): number[] {
  const asked = rows.find((row) => row.length > 0)!;
  return asked.map((_, k) =>
    rows.reduce((sum, row, g) => (weights[g] === 0 ? sum : sum + weights[g]! * row[k]!), 0),
  );
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

const oneOf = (n: number, chosen: number): OrbitWeights => ({ weights: oneHot(n, chosen), attention: null });

/** The orientation with the best score of its own answer or embedding, alone. */
function bestScored(orbit: OrbitReadings, score: Score = 'probability'): OrbitWeights {
  const distances = score === 'distance' ? requireReading(orbit.distance, 'distance') : null;
  const scores = orbit.logits.map((logits, g) => preference[score]({ logits, distance: distances?.[g] }));
  return oneOf(scores.length, firstOfBest(scores));
}

const scorerNetworks: Readonly<Record<Scorer, 'canonical' | 'canonicalImage'>> = {
  feature: 'canonical',
  image: 'canonicalImage',
};

/** The orientation that the scorer likes best, alone. */
function canonicalWeights(orbit: OrbitReadings, { scorer = 'feature' }: Variant = {}): OrbitWeights {
  const network = scorerNetworks[scorer];
  const scores = requireReading(orbit[network], network);
  return oneOf(scores.length, firstOfBest(scores));
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
    combiner: ({ level, score }) => (level === 'feature' && score === 'distance' ? 'distance' : null),
    featureWeights: (orbit, { score } = {}) => bestScored(orbit, score),
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
    combiner: ({ level }) => (level === 'feature' ? 'lambda' : 'lambdaEmbedding'),
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
    combiner: () => 'attention',
    featureWeights: attentionWeights,
    // Neither paper defines this one: the attention's weights, applied to the orientations' probabilities.
    embeddingAnswer: (orbit) => averageAnswer(orbit.normalizedLogits, attentionWeights(orbit)),
    averagesProbabilities: false,
  },
  canonical: {
    levels: both,
    combiner: ({ scorer = 'feature' }) => scorerNetworks[scorer],
    featureWeights: canonicalWeights,
    embeddingAnswer: (orbit, variant) =>
      averageAnswer(orbit.normalizedLogits, canonicalWeights(orbit, variant)),
    averagesProbabilities: false,
  },
};

/** Whether the orientation is chosen before the image tower runs, which then sees that view alone. */
export function choosesBeforeTower({ method, scorer }: Pick<Settings, 'method' | 'scorer'>): boolean {
  return method === 'canonical' && scorer === 'image';
}

/**
 * Share of the orientations whose own top class is `topClass`; null where not every orientation was asked.
 * @param answers [n][K] of each orientation by itself; an empty row for one that was not asked
 */
export function stability(answers: readonly (readonly number[])[], topClass: number): number | null {
  if (answers.some((row) => row.length === 0)) return null;
  return answers.filter((row) => argmax(row) === topClass).length / answers.length;
}
