// Combination and heads on maps made up at random, without any network: what holds here holds for every model.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inverseSchema } from '../contract/settings.ts';
import { actOnGrid, actOnOrientations, orbitOf } from '../groups/action.ts';
import { groups } from '../groups/groups.ts';
import { largestDifference } from '../testing/distance.ts';
import {
  combineCompanions,
  combineFeatures,
  headEmbedding,
  headEvidence,
  headMaps,
  turnBack,
  weightedSum,
} from './combine.ts';
import { rowsOf } from './logits.ts';

const size = 3;
const channels = 2;
const length = channels * size * size;
const classes = 2;

const numbers = (count: number) =>
  fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: count, maxLength: count })
    .map((values) => Float32Array.from(values));

describe.each(Object.values(groups))('under $name', (group) => {
  const n = group.order;
  const orbit = fc.record({
    features: numbers(n * length).map((data) => rowsOf(data, length)),
    weights: numbers(n).map((values) => [...values]),
    h: fc.nat(n - 1),
  });

  it('inverse on: turning the input turns the combined map; inverse off: it stays', () => {
    fc.assert(
      fc.property(orbit, ({ features, weights, h }) => {
        const atTurned = actOnOrientations(group, h, features);
        const weightsAtTurned = actOnOrientations(group, h, weights);
        for (const inverse of inverseSchema.options) {
          const upright = combineFeatures(group, features, weights, size, inverse);
          const turned = combineFeatures(group, atTurned, weightsAtTurned, size, inverse);
          const expected = inverse === 'on' ? actOnGrid(group.elements[h]!, upright, size) : upright;
          expect(largestDifference(turned, expected)).toBeLessThan(1e-6);
        }
      }),
    );
  });

  it('is the weighted sum of the maps, each turned back by its own element', () => {
    fc.assert(
      fc.property(orbit, ({ features, weights }) => {
        const expected = new Float64Array(length);
        features.forEach((map, g) => {
          // Turning F_g by g must give f_g: the definition, read from its other end.
          const turnedBack = group.elements
            .map((element) => actOnGrid(element, map, size))
            .find(
              (candidate) => largestDifference(actOnGrid(group.elements[g]!, candidate, size), map) === 0,
            )!;
          turnedBack.forEach((value, i) => (expected[i]! += weights[g]! * value));
        });
        const combined = combineFeatures(group, features, weights, size, 'on');
        expect(largestDifference(combined, expected)).toBeLessThan(1e-6);
      }),
    );
  });

  it('leaves its inputs as they are, also with a single weight of 1', () => {
    const data = Float32Array.from({ length: n * length }, (_, i) => i);
    const weights = Array.from({ length: n }, (_, g) => (g === n - 1 ? 1 : 0));
    const before = data.slice();
    const combined = combineFeatures(group, rowsOf(data, length), weights, size, 'off');
    combined.fill(-1);
    expect(data).toEqual(before);
  });

  it('the orbit head shows every turned copy; its answer does not change when the map is turned', () => {
    fc.assert(
      fc.property(numbers(length), numbers(length), fc.nat(n - 1), (map, pool, h) => {
        expect(headMaps(group, map, size, 'plain')).toBe(map);
        expect(headMaps(group, map, size, 'orbit')).toEqual(orbitOf(group, map, size));
        // A pool that sees position: one linear form of the whole map.
        const embed = (source: Float32Array) => {
          const maps = rowsOf(headMaps(group, source, size, 'orbit'), length);
          const forms = maps.map((one) => one.reduce((sum, value, i) => sum + value * pool[i]!, 0));
          return headEmbedding(Float32Array.from(forms), 1)[0]!;
        };
        expect(embed(actOnGrid(group.elements[h]!, map, size))).toBeCloseTo(embed(map), 5);
      }),
    );
  });

  it('the evidence of the orbit head turns with the map, and keeps its sum', () => {
    // The evidence of a linear pool: cell i adds map[i] * pool[k][i] to class k.
    const evidenceOf = (map: Float32Array, pool: Float32Array) => {
      const plane = size * size;
      const maps = rowsOf(orbitOf(group, map, size), plane);
      const cells = Float32Array.from(
        maps.flatMap((one) => Array.from({ length: classes * plane }, (_, i) => one[i % plane]! * pool[i]!)),
      );
      const constant = Float32Array.from({ length: maps.length * classes }, (_, i) => (i % classes) + 1);
      return { cells, constant };
    };
    fc.assert(
      fc.property(numbers(size * size), numbers(classes * size * size), fc.nat(n - 1), (map, pool, h) => {
        const element = group.elements[h]!;
        const raw = evidenceOf(map, pool);
        const upright = headEvidence(group, raw, size, classes, 10);
        const turned = headEvidence(
          group,
          evidenceOf(actOnGrid(element, map, size), pool),
          size,
          classes,
          10,
        );
        const total = raw.cells.reduce((sum, value) => sum + value, 0);
        const kept = upright.cells.flat().reduce((sum, value) => sum + value, 0);
        expect(kept).toBeCloseTo((10 * total) / n, 4);
        upright.cells.forEach((row, k) => {
          const expected = actOnGrid(element, Float64Array.from(row), size);
          expect(largestDifference(turned.cells[k]!, expected)).toBeLessThan(1e-5);
          expect(upright.constant[k]).toBeCloseTo(10 * (k + 1), 9);
        });
      }),
    );
  });
});

it('the embedding of a head is the mean over its maps', () => {
  expect([...headEmbedding(Float32Array.of(1, 20, 3, 40, 8, 60), 2)]).toEqual([4, 40]);
});

it('companions are combined with the weights of their maps; where there are none, nothing is', () => {
  const companions = [Float32Array.of(1, 2), Float32Array.of(10, 20), Float32Array.of(100, 200)];
  expect([...combineCompanions(companions, [0.5, 0.25, 0])]).toEqual([3, 6]);
  expect(combineCompanions([new Float32Array(0), new Float32Array(0)], [0.5, 0.5])).toHaveLength(0);
});

it('what has no weight is not asked for', () => {
  const asked: number[] = [];
  const vectorOf = (g: number) => {
    asked.push(g);
    return Float32Array.of(g);
  };
  expect([...weightedSum(1, vectorOf, [0, 2, 0, 1])]).toEqual([5]);
  expect(asked).toEqual([1, 3]);
});

it('the map of the identity is not copied to be turned back', () => {
  const map = Float32Array.of(1, 2, 3, 4);
  expect(turnBack(groups.d4, 0, map, 2)).toBe(map);
});
