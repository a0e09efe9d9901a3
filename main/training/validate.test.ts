// Figures of answers: means and distributions of weights, normalised or not.
import { expect, it } from 'vitest';
import { GraphBuilder } from '../onnx/builder.ts';
import { Validator, type AnswerableSet } from './validate.ts';

/** A graph that answers with what it is fed with. */
function echo() {
  const graph = new GraphBuilder('echo');
  const logits = graph.input('shown', 'float32', ['batch', 2]);
  const weights = graph.input('given', 'float32', ['batch', 2]);
  graph.output('logits', graph.op('Identity', [logits]), ['batch', 2]);
  graph.output('weights', graph.op('Identity', [weights]), ['batch', 2]);
  return graph.build();
}

/** One image per row of weights, in more batches than one. */
function answersTo(rows: readonly (readonly [number, number])[]): AnswerableSet {
  return {
    classes: ['A', 'B'],
    labels: rows.map(() => 0),
    feeds: (start, end) => {
      const dims = [end - start, 2];
      const logits = Float32Array.from({ length: dims[0]! * 2 }, (_, index) => (index % 2 === 0 ? 1 : 0));
      const weights = Float32Array.from(rows.slice(start, end).flat());
      return Promise.resolve({ shown: { data: logits, dims }, given: { data: weights, dims } });
    },
  };
}

async function figuresOf(rows: readonly (readonly [number, number])[]) {
  const validator = await Validator.open(echo(), [], 'cpu', 2);
  try {
    return await validator.measure(answersTo(rows));
  } finally {
    await validator.release();
  }
}

/** Bins with images, by their lower edges. */
const occupied = (edges: readonly number[], counts: readonly number[]) =>
  counts.flatMap((count, bin) => (count > 0 ? [[edges[bin], count]] : []));

it('counts shares into bins and says how they spread', async () => {
  const { meanWeights, weightHistogram } = await figuresOf([
    [0, 1],
    [0.5, 0.5],
    [0.5, 0.5],
  ]);
  expect(meanWeights.map((mean) => Number(mean.toFixed(6)))).toEqual([0.333333, 0.666667]);
  const { edges, counts, deviations } = weightHistogram!;
  expect(occupied(edges, counts[0]!)).toEqual([
    [0, 1],
    [0.5, 2],
  ]);
  // The last bin has both of its ends.
  expect(occupied(edges, counts[1]!)).toEqual([
    [0.5, 2],
    [1 - 1 / 32, 1],
  ]);
  expect(deviations[0]).toBeCloseTo(Math.sqrt(1 / 12), 6);
});

it('takes weights that are no shares as they are', async () => {
  const { meanWeights, weightHistogram } = await figuresOf([
    [-3, 40],
    [-1, 20],
  ]);
  expect(meanWeights).toEqual([-2, 30]);
  const { edges, counts } = weightHistogram!;
  expect(edges[0]).toBeLessThanOrEqual(-3);
  expect(edges.at(-1)).toBeGreaterThanOrEqual(40);
  expect(occupied(edges, counts[0]!)).toEqual([
    [-4, 1],
    [-2, 1],
  ]);
  expect(occupied(edges, counts[1]!)).toEqual([
    [20, 1],
    [40, 1],
  ]);
});

it('has no distribution of weights that are no numbers, and says so', async () => {
  const answers = await figuresOf([
    [NaN, 1],
    [0.5, 0.5],
  ]);
  expect(answers).toMatchObject({ finite: false, weightHistogram: null });
});
