import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actOnGrid, actOnOrientations, gridPermutation, orbitOf } from './action.ts';
import { cyclicGroup, groupNames, groups, type Group } from './groups.ts';

const everyGroup: Group[] = Object.values(groups);
const randomPlanes = fc
  .record({
    size: fc.integer({ min: 1, max: 7 }),
    planes: fc.integer({ min: 1, max: 3 }),
    seed: fc.integer(),
  })
  .map(({ size, planes, seed }) => {
    // Distinct numbers: no symmetric array can hide a wrong permutation.
    const data = Float32Array.from({ length: planes * size * size }, (_, i) => i + (seed % 1000) / 1000);
    return { size, data };
  });

it('has a group for every name, each of its order', () => {
  expect(Object.keys(groups)).toEqual([...groupNames]);
  expect(everyGroup.map((group) => group.order)).toEqual([1, 2, 4, 2, 8]);
});

describe.each(everyGroup)('$name', (group) => {
  const indices = group.elements.map((_, index) => index);

  it('is a group: closed, associative, with identity 0 and inverses', () => {
    for (const a of indices) {
      expect(group.product[0]![a]).toBe(a);
      expect(group.product[a]![0]).toBe(a);
      expect(group.product[a]![group.inverse[a]!]).toBe(0);
      expect(group.product[group.inverse[a]!]![a]).toBe(0);
      expect([...group.product[a]!].sort()).toEqual(indices);
      for (const b of indices) {
        for (const c of indices) {
          expect(group.product[group.product[a]![b]!]![c]).toBe(group.product[a]![group.product[b]![c]!]);
        }
      }
    }
  });

  it('acts as a homomorphism: a(bx) = (ab)x', () => {
    fc.assert(
      fc.property(randomPlanes, ({ size, data }) => {
        for (const a of indices) {
          for (const b of indices) {
            const twice = actOnGrid(group.elements[a]!, actOnGrid(group.elements[b]!, data, size), size);
            const once = actOnGrid(group.elements[group.product[a]![b]!]!, data, size);
            expect(twice).toEqual(once);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is undone by the inverse, and acts faithfully on grids of at least 2 x 2', () => {
    fc.assert(
      fc.property(randomPlanes, ({ size, data }) => {
        for (const a of indices) {
          const there = actOnGrid(group.elements[a]!, data, size);
          expect(actOnGrid(group.elements[group.inverse[a]!]!, there, size)).toEqual(data);
          if (a > 0 && size > 1) expect(there).not.toEqual(data);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('turning x by h permutes its orbit: element g of the orbit of hx is element gh of the orbit of x', () => {
    const size = 5;
    const x = Float32Array.from({ length: 2 * size * size }, (_, i) => Math.sin(i * 12.9898) * 43758.5453);
    const rowsOf = (data: Float32Array) =>
      indices.map((g) => Array.from(orbitOf(group, data, size).subarray(g * x.length, (g + 1) * x.length)));
    for (const h of indices) {
      expect(rowsOf(actOnGrid(group.elements[h]!, x, size))).toEqual(actOnOrientations(group, h, rowsOf(x)));
    }
  });
});

describe('the action on a known grid', () => {
  const x = Float32Array.of(1, 2, 3, 4);
  it.each([
    { name: 'one quarter turn, counter-clockwise', element: groups.c4.elements[1], turned: [2, 4, 1, 3] },
    { name: 'half turn', element: groups.c2.elements[1], turned: [4, 3, 2, 1] },
    { name: 'mirror left to right', element: groups.d1.elements[1]!, turned: [2, 1, 4, 3] },
    { name: 'mirror, then one quarter turn', element: groups.d4.elements[5]!, turned: [1, 3, 2, 4] },
  ])('$name', ({ element, turned }) => {
    expect(Array.from(actOnGrid(element!, x, 2))).toEqual(turned);
  });

  it('refuses what is not whole planes', () => {
    expect(() => actOnGrid(groups.c4.elements[1]!, new Float32Array(5), 2)).toThrow(RangeError);
  });
});

it('a permutation is worked out once', () => {
  // 11 x 11 is a size of no other test: here it is worked out.
  const element = groups.d4.elements[6]!;
  const permutation = gridPermutation(element, 11);
  expect(gridPermutation(element, 11)).toBe(permutation);
  expect([...permutation].sort((a, b) => a - b)).toEqual([...permutation.keys()]);
  // Mirrored, then turned by half: upside down. Cell (0, 1) shows cell (10, 1).
  expect([...permutation.slice(0, 3)]).toEqual([110, 111, 112]);
});

describe('a grid of four', () => {
  const grid = Float32Array.of(1, 2, 3, 4);
  it.each([
    ['c1', [1, 2, 3, 4]],
    ['c4', [1, 2, 3, 4, 2, 4, 1, 3, 4, 3, 2, 1, 3, 1, 4, 2]],
    ['d1', [1, 2, 3, 4, 2, 1, 4, 3]],
  ] as const)(
    'has this orbit under %s: quarter turns against the clock, or the mirror image',
    (name, orbit) => {
      expect([...orbitOf(groups[name], grid, 2)]).toEqual(orbit);
    },
  );

  it('stays as it is, and what is no whole number of planes is refused', () => {
    const identity = groups.c4.elements[0]!;
    const copy = actOnGrid(identity, grid, 2);
    expect(copy).not.toBe(grid);
    expect([...copy, ...grid]).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    expect(() => actOnGrid(identity, grid, 3)).toThrow('4 numbers are not whole planes of 3 x 3');
  });
});

describe.each([1, 2, 3, 4, 7])('the cyclic group of order %i', (d) => {
  const { name, order, product, inverse } = cyclicGroup(d);
  const powers = Array.from({ length: d }, (_, k) => k);

  it('adds exponents modulo its order', () => {
    expect([name, order]).toEqual([`C${d}`, d]);
    for (const a of powers) {
      expect(product[a]).toEqual(powers.map((b) => (a + b) % d));
      expect(product[a]![inverse[a]!]).toBe(0);
    }
    expect(inverse).toHaveLength(d);
  });
});

it('there is the c4 of quarter turns among them', () => {
  const { product, inverse } = cyclicGroup(4);
  expect({ product, inverse }).toEqual({ product: groups.c4.product, inverse: groups.c4.inverse });
});

it.each([0, -1, 1.5, NaN])('no cyclic group has order %d', (d) => {
  expect(() => cyclicGroup(d)).toThrow(`order ${d}`);
});
