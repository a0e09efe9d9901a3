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
  };
}

const close = (found: readonly number[], expected: readonly number[]) => {
  expect(largestDifference(found, expected)).toBeLessThan(1e-9);
};
const mean = (rows: readonly (readonly number[])[]) =>
  rows[0]!.map((_, k) => rows.reduce((sum, values) => sum + values[k]!, 0) / rows.length);

describe.each([groups.c2, groups.c4, groups.d1, groups.d4])('under $name', (group) => {
  const invariantMethods = methodSchema.options.filter((name) => name !== 'vanilla');

  it.each(invariantMethods)('%s: permuted readings give permuted weights and the same answer', (name) => {
    fc.assert(
      fc.property(readingsOf(group), fc.nat(group.order - 1), (readings, h) => {
        const permuted = turned(group, h, readings);
        close(
          methods[name].featureWeights(permuted).weights,
          actOnOrientations(group, h, methods[name].featureWeights(readings).weights),
        );
        const [before, after] = [readings, permuted].map((at) => methods[name].embeddingAnswer(at));
        close(after!.probabilities, before!.probabilities);
        close(after!.weights, actOnOrientations(group, h, before!.weights));
        expect(stability(permuted, 1)).toBe(stability(readings, 1));
      }),
      { numRuns: 50 },
    );
  });

  it.each(methodSchema.options)('%s: the weights of feature level add up to 1, the answer too', (name) => {
    fc.assert(
      fc.property(readingsOf(group), (readings) => {
        const { weights } = methods[name].featureWeights(readings);
        expect(weights).toHaveLength(group.order);
        expect(weights.every((weight) => weight >= 0)).toBe(true);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
        const { probabilities } = methods[name].embeddingAnswer(readings);
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
});

it('equizero tells apart orientations that are sure to the last digit of their probability', () => {
  const logits = [
    [50, 0, 1],
    [60, 0, 1],
    [55, 0, 1],
  ];
  expect(logits.map((row) => Math.max(...softmax(row)))).toEqual([1, 1, 1]);
  expect(methods.equizero.featureWeights({ logits, normalizedLogits: logits }).weights).toEqual([0, 1, 0]);
});

it('stability is the share of orientations that agree', () => {
  const logits = [
    [2, 1],
    [0, 1],
    [3, 2],
    [5, -1],
  ];
  expect(stability({ logits, normalizedLogits: logits }, 0)).toBe(0.75);
  expect(stability({ logits, normalizedLogits: logits }, 1)).toBe(0.25);
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
