// Batch norm of 1x1 convolutions: the closed form against the op, values, statistics and gradients.
import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { randomSource, runOnce } from '../testing/gradient-check.ts';
import { gradients } from './gradients.ts';

const [batch, channels, filters] = [4, 3, 5];
const inputs = {
  x: [batch, channels, 2, 3],
  kernel: [filters, channels, 1, 1],
  scale: [filters],
  shift: [filters],
  factors: [batch, filters, 2, 3],
} as const;

/** @param closed a bias, which the norm cancels, keeps a convolution from the closed form */
function lossAndGradients(closed: boolean, bound: boolean): Model {
  const graph = new GraphBuilder('pointwise');
  for (const [name, [first, ...others]] of Object.entries(inputs)) {
    graph.input(name, 'float32', [first === batch && !bound ? 'batch' : first, ...others]);
  }
  const vector = (name: string, value: number) =>
    graph.float32(name, new Float32Array(filters).fill(value), [filters]);
  const conv = graph.op('Conv', ['x', 'kernel', ...(closed ? [] : [vector('zeros', 0)])]);
  const tensors = [conv, 'scale', 'shift', vector('mean', 1), vector('variance', 2)];
  graph.ops('BatchNormalization', tensors, { training_mode: 1 }, ['norm', 'mean_after', 'variance_after']);
  const weighted = graph.op('Mul', [graph.op('Sigmoid', ['norm']), 'factors']);
  const loss = graph.op('ReduceSum', [weighted], { keepdims: 0 }, 'loss');
  const made = graph.build();
  const parameters = ['x', 'kernel', 'scale', 'shift'];
  const differentiated = gradients(made.graph, loss, parameters);
  const results = [
    loss,
    ...differentiated.gradients.values(),
    ...differentiated.statistics.map(({ next }) => next),
  ];
  const dims = [[], ...parameters.map((name) => inputs[name as keyof typeof inputs]), [filters], [filters]];
  const outputs = results.map((name, index) => ({ name, type: 'float32' as const, dims: dims[index]! }));
  return { ...made, graph: { ...differentiated.graph, outputs } };
}

const next = randomSource(5);
const feeds = Object.fromEntries(
  Object.entries(inputs).map(([name, dims]) => {
    const count = dims.reduce((total: number, dim) => total * dim, 1);
    return [
      name,
      new ort.Tensor(
        'float32',
        Float32Array.from({ length: count }, () => 2 * next() - 1),
        dims,
      ),
    ];
  }),
);

describe('batch norm of a 1x1 convolution', () => {
  it.each([
    ['bound', true],
    ['named', false],
  ])('is the same in closed form, the batch size %s', async (_, bound) => {
    const models = [lossAndGradients(true, bound), lossAndGradients(false, bound)];
    const withBatches = models.map(({ graph }) => graph.nodes.some(({ inputs: [, of] }) => of === 'scale'));
    expect(withBatches).toEqual([false, true]);
    const [closed, plain] = await Promise.all(models.map((model) => runOnce(model, feeds)));
    const [found, expected] = [Object.values(closed!), Object.values(plain!)];
    expect(found).toHaveLength(expected.length);
    expected.forEach((numbers, index) => {
      expect(Math.hypot(...numbers)).toBeGreaterThan(0.01);
      numbers.forEach((value, at) => {
        expect(found[index]![at]).toBeCloseTo(value, 4);
      });
    });
  });
});
