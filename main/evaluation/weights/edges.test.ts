import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fittedEdges } from './edges.ts';

it('fits shares that spread over everything', () => {
  const edges = fittedEdges([0, 0.3, 1]);
  expect([edges[0], edges[1], edges.at(-1)]).toEqual([0, 1 / 32, 1]);
});

it('looks closely at weights that are nearly alike', () => {
  const edges = fittedEdges([0.2499, 0.25, 0.2501]);
  expect(edges.at(-1)! - edges[0]!).toBeLessThan(0.0005);
});

it('does not look closer than float32 does at weights that are alike', () => {
  const edges = fittedEdges([0.25, 0.25]);
  expect(edges[1]! - edges[0]!).toBeGreaterThanOrEqual(0.25 * 2 ** -20);
  expect(fittedEdges([0])).toHaveLength(33);
});

it('holds every weight between edges that are multiples of a power of two', () => {
  const weight = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  /** Weights that once lay outside: the quotient of weight and width is too small for a number. */
  const met: [number[]][] = [[[-5e-324, 64]], [[-5e-324, 1e6]], [[-5e-324, -0]], [[-0, 1]], [[-1e-320, 33]]];
  fc.assert(
    fc.property(fc.array(weight, { minLength: 1, maxLength: 20 }), (weights) => {
      const edges = fittedEdges(weights);
      const width = edges[1]! - edges[0]!;
      expect(edges[0]).toBeLessThanOrEqual(Math.min(...weights));
      expect(edges.at(-1)).toBeGreaterThanOrEqual(Math.max(...weights));
      expect(Number.isInteger(Math.log2(width))).toBe(true);
      expect(edges.every((edge) => Number.isInteger(edge / width))).toBe(true);
    }),
    { examples: met },
  );
});
