// The rows of the methods table against METHODS.md's formulas, on readings made up at random; and what every row
// must do when the orientations are permuted, as turning an image permutes them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { methodSchema } from '../contract/settings.ts';
import { actOnOrientations } from '../groups/action.ts';
import { groups, type Group } from '../groups/groups.ts';
import { seededRandom } from '../testing/checkpoint-files.ts';
import { largestDifference } from '../testing/distance.ts';
import { softmax } from './logits.ts';
import { methods, stability, type OrbitReadings } from './methods.ts';
import { methodVariants } from './settings.ts';

const classes = 3;
const width = 4;
type Complete = Required<{ [Field in keyof OrbitReadings]: NonNullable<OrbitReadings[Field]> }>;

/** From a seed, and so without ties: equizero has to pick one of two that are equally sure, its formula does not say which. */
function readingsOf(group: Group): fc.Arbitrary<Complete> {
  return fc.integer({ min: 1, max: 1e9 }).map((seed) => {
    const random = seededRandom(seed);
    const row = (length: number) => Array.from({ length }, () => 6 * random() - 3);
    const rows = (length: number) => group.elements.map(() => row(length));
    const vectors = () => rows(width).map((values) => Float32Array.from(values));
    return {
      logits: rows(classes),
      normalizedLogits: rows(classes),
      lambda: row(group.order),
      lambdaEmbedding: row(group.order),
      queries: vectors(),
      keys: vectors(),
      canonical: row(group.order),
      canonicalImage: row(group.order),
      distance: row(group.order).map(Math.abs),
    };
  });
}

/** What is read of the image turned by h. */
function turned(group: Group, h: number, readings: Complete): Complete {
  return {
    logits: actOnOrientations(group, h, readings.logits),
    normalizedLogits: actOnOrientations(group, h, readings.normalizedLogits),
    lambda: actOnOrientations(group, h, readings.lambda),
    lambdaEmbedding: actOnOrientations(group, h, readings.lambdaEmbedding),
    queries: actOnOrientations(group, h, readings.queries),
    keys: actOnOrientations(group, h, readings.keys),
    canonical: actOnOrientations(group, h, readings.canonical),
    canonicalImage: actOnOrientations(group, h, readings.canonicalImage),
    distance: actOnOrientations(group, h, readings.distance),
  };
}

const close = (found: readonly number[], expected: readonly number[]) => {
  expect(largestDifference(found, expected)).toBeLessThan(1e-9);
};
const mean = (rows: readonly (readonly number[])[]) =>
  rows[0]!.map((_, k) => rows.reduce((sum, values) => sum + values[k]!, 0) / rows.length);

describe.each([groups.c2, groups.c4, groups.d1, groups.d4])('under $name', (group) => {
  const every = methodSchema.options.flatMap((name) =>
    methodVariants(name, 'feature').map((variant) => ({ name, variant })),
  );
  const invariant = every.filter(({ name }) => name !== 'vanilla');

  it.each(invariant)('$name $variant: permuted readings give permuted weights and the same answer', (row) => {
    const { name, variant } = row;
    fc.assert(
      fc.property(readingsOf(group), fc.nat(group.order - 1), (readings, h) => {
        const permuted = turned(group, h, readings);
        close(
          methods[name].featureWeights(permuted, variant).weights,
          actOnOrientations(group, h, methods[name].featureWeights(readings, variant).weights),
        );
        const [before, after] = [readings, permuted].map((at) => methods[name].embeddingAnswer(at, variant));
        close(after!.probabilities, before!.probabilities);
        close(after!.weights, actOnOrientations(group, h, before!.weights));
        expect(stability(permuted.logits, 1)).toBe(stability(readings.logits, 1));
      }),
      { numRuns: 50 },
    );
  });

  it.each(every)('$name $variant: the weights of feature level add up to 1, the answer too', (row) => {
    const { name, variant } = row;
    fc.assert(
      fc.property(readingsOf(group), (readings) => {
        const { weights } = methods[name].featureWeights(readings, variant);
        expect(weights).toHaveLength(group.order);
        expect(weights.every((weight) => weight >= 0)).toBe(true);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
        const { probabilities } = methods[name].embeddingAnswer(readings, variant);
        expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
      }),
      { numRuns: 50 },
    );
  });

  it('the formulas', () => {
    fc.assert(
      fc.property(readingsOf(group), (readings) => {
        const n = group.order;
        const own = readings.logits.map(softmax);
        const normalised = readings.normalizedLogits.map(softmax);
        const surest = own.map((probabilities) => Math.max(...probabilities));

        close(methods.equitune.featureWeights(readings).weights, new Array<number>(n).fill(1 / n));
        close(methods.lambda.featureWeights(readings).weights, softmax(readings.lambda));
        expect(methods.equizero.featureWeights(readings).weights.indexOf(1)).toBe(
          surest.indexOf(Math.max(...surest)),
        );
        const chosen = (method: 'equizero' | 'canonical', variant: object) =>
          methods[method].featureWeights(readings, variant).weights.indexOf(1);
        const first = (scores: readonly number[]) => scores.indexOf(Math.max(...scores));
        expect(chosen('canonical', { scorer: 'feature' })).toBe(first(readings.canonical));
        expect(chosen('canonical', { scorer: 'image' })).toBe(first(readings.canonicalImage));
        expect(chosen('equizero', { score: 'distance' })).toBe(first(readings.distance.map((one) => -one)));
        expect(chosen('equizero', { score: 'entropy' })).toBe(
          first(own.map((row) => row.reduce((sum, p) => sum + p * Math.log(p), 0))),
        );
        expect(chosen('equizero', { score: 'energy' })).toBe(
          first(
            readings.logits.map((row) => Math.max(...row) / 2 - row.reduce((a, b) => a + b, 0) / row.length),
          ),
        );
        const A = readings.queries.map((query) =>
          softmax(
            readings.keys.map(
              (key) => query.reduce((sum, value, i) => sum + value * key[i]!, 0) / Math.sqrt(width),
            ),
          ),
        );
        const { attention, weights } = methods.attention.featureWeights(readings);
        close(attention!.flat(), A.flat());
        close(weights, mean(A));

        close(methods.tta.embeddingAnswer(readings).probabilities, mean(own));
        close(methods.vanilla.embeddingAnswer(readings).probabilities, normalised[0]!);
        close(methods.equitune.embeddingAnswer(readings).probabilities, mean(normalised));
        const scaled = readings.normalizedLogits.map((logits, g) =>
          softmax(logits.map((logit) => readings.lambdaEmbedding[g]! * logit)),
        );
        close(methods.lambda.embeddingAnswer(readings).probabilities, mean(scaled));
        const scores = normalised[0]!.map((_, k) => Math.max(...normalised.map((row) => row[k]!)));
        const sum = scores.reduce((total, score) => total + score, 0);
        close(
          methods.equizero.embeddingAnswer(readings).probabilities,
          scores.map((score) => score / sum),
        );
      }),
      { numRuns: 50 },
    );
  });
});

it('names the network whose reading is missing', () => {
  const readings = { logits: [[1, 2]], normalizedLogits: [[1, 2]] };
  expect(() => methods.lambda.featureWeights(readings)).toThrow(/lambda network/);
  expect(() => methods.lambda.embeddingAnswer(readings)).toThrow(/lambdaEmbedding network/);
  expect(() => methods.attention.featureWeights(readings)).toThrow(/attention network/);
  expect(() => methods.canonical.featureWeights(readings)).toThrow(/canonical network/);
  expect(() => methods.canonical.embeddingAnswer(readings, { scorer: 'image' })).toThrow(/canonicalImage/);
  expect(() => methods.equizero.featureWeights(readings, { score: 'distance' })).toThrow(/distance network/);
});

it.each(['probability', 'entropy', 'energy'] as const)(
  'equizero by %s tells apart sure orientations',
  (score) => {
    // To the last digit of their probability: a tie would go to the first, wherever the picture was turned.
    const logits = [
      [50, 0, 1],
      [60, 0, 1],
      [55, 0, 1],
    ];
    expect(logits.map((row) => Math.max(...softmax(row)))).toEqual([1, 1, 1]);
    const { weights } = methods.equizero.featureWeights({ logits, normalizedLogits: logits }, { score });
    expect(weights).toEqual([0, 1, 0]);
  },
);

it('stability is the share of orientations that agree', () => {
  const logits = [
    [2, 1],
    [0, 1],
    [3, 2],
    [5, -1],
  ];
  expect(stability(logits, 0)).toBe(0.75);
  expect(stability(logits, 1)).toBe(0.25);
  expect(stability([[], [0, 1], [], []], 1)).toBeNull();
});

it('equizero at the embedding level: an orientation weighs what the classes that it decides do', () => {
  const logits = [
    [Math.log(0.6), Math.log(0.2), Math.log(0.2)],
    [Math.log(0.1), Math.log(0.2), Math.log(0.7)],
    [Math.log(0.2), Math.log(0.5), Math.log(0.3)],
    [Math.log(0.5), Math.log(0.25), Math.log(0.25)],
  ];
  const { probabilities, weights } = methods.equizero.embeddingAnswer({ logits, normalizedLogits: logits });
  [0.6, 0.5, 0.7].forEach((score, k) => {
    expect(probabilities[k]).toBeCloseTo(score / 1.8, 12);
  });
  [0.6, 0.7, 0.5, 0].forEach((score, g) => {
    expect(weights[g]).toBeCloseTo(score / 1.8, 12);
  });
});

it.each(['vanilla', 'equitune', 'equizero', 'lambda', 'attention'] as const)(
  '%s combines maps at the feature level; tta averages answers',
  (method) => {
    expect(methods[method].averagesProbabilities).toBe(false);
    expect(methods.tta.averagesProbabilities).toBe(true);
  },
);
