import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argmax, classLogits, joined, logitFactor, norm, rowsOf, softmax } from './logits.ts';

const logits = fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 12 });

describe('softmax', () => {
  it('is a distribution for logits of any size, and keeps their order', () => {
    fc.assert(
      fc.property(logits, (values) => {
        const probabilities = softmax(values);
        expect(probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
        expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        expect(probabilities[argmax(values)]).toBe(Math.max(...probabilities));
      }),
    );
  });

  it('does not change when every logit grows by the same', () => {
    softmax([1001, 1000, 998]).forEach((p, k) => {
      expect(p).toBeCloseTo(softmax([1, 0, -2])[k]!, 12);
    });
  });

  it('is exp over the sum of exp', () => {
    const sum = Math.exp(0.3) + Math.exp(-1) + Math.exp(2);
    [0.3, -1, 2].forEach((logit, k) => {
      expect(softmax([0.3, -1, 2])[k]).toBeCloseTo(Math.exp(logit) / sum, 14);
    });
  });

  it('hands NaN on instead of hiding it', () => {
    expect(softmax([1, NaN]).some(Number.isNaN)).toBe(true);
  });
});

it('argmax gives the first of equals', () => {
  expect(argmax([1, 3, 3, 2])).toBe(1);
});

describe('class logits', () => {
  // T [2, 3]: rows are the embedding's dimensions, columns the classes.
  const T = { data: Float32Array.of(1, 2, 3, 10, 20, 30), width: 2, classes: 3 };
  const embedding = Float32Array.of(3, 4);

  it('are raw products without a rule', () => {
    expect(classLogits(embedding, T, { normalize: false, scale: 1 })).toEqual([43, 86, 129]);
  });

  it('are cosines times the scale with the rule of CLIP, if T is normalised', () => {
    expect(norm(embedding)).toBe(5);
    expect(logitFactor(embedding, { normalize: true, scale: 100 })).toBe(20);
    expect(classLogits(embedding, T, { normalize: true, scale: 100 })).toEqual([860, 1720, 2580]);
  });
});

it('rows are views, not copies', () => {
  const data = Float32Array.of(1, 2, 3, 4);
  const rows = rowsOf(data, 2);
  data[2] = 9;
  expect(rows.map((row) => [...row])).toEqual([
    [1, 2],
    [9, 4],
  ]);
});

describe('joined rows', () => {
  const data = Float32Array.of(0, 1, 2, 3, 4, 5, 6);

  it('that lie behind each other in one memory are not copied', () => {
    const rows = rowsOf(data.subarray(1), 2);
    const all = joined(rows);
    expect([...all]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(all.buffer).toBe(data.buffer);
  });

  it.each([
    ['in another order', [data.subarray(2, 4), data.subarray(0, 2)], [2, 3, 0, 1]],
    ['with a gap between them', [data.subarray(0, 2), data.subarray(3, 5)], [0, 1, 3, 4]],
    ['of which one lies elsewhere', [data.subarray(0, 2), Float32Array.of(2, 9)], [0, 1, 2, 9]],
    [
      'of which one lies elsewhere, in the same place',
      [Float32Array.of(7), Float32Array.of(0, 8).subarray(1)],
      [7, 8],
    ],
    ['that are the same', [data.subarray(0, 2), data.subarray(0, 2)], [0, 1, 0, 1]],
  ])('%s are put behind each other', (_, rows, expected) => {
    const all = joined(rows);
    expect([...all]).toEqual(expected);
    expect(all.buffer).not.toBe(rows[0]!.buffer);
  });
});
