// Laws that hold for every graph, and the composite functions that the towers are made of.
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../onnx/builder.ts';
import { elementTypes } from '../onnx/graph.ts';
import { gradientError, runOnce, type GradientCase } from '../testing/gradient-check.ts';
import ort from 'onnxruntime-node';
import { gradients } from './gradients.ts';

type Build = GradientCase['build'];
const dims = [2, 3, 4];
const type = 'float64';
const double = (graph: GraphBuilder, value: number) =>
  graph.op('Cast', [graph.float32('number', Float32Array.of(value), [])], { to: elementTypes.float64.onnx });

const quickGelu: Build = (graph, { x }) =>
  graph.op('Mul', [x!, graph.op('Sigmoid', [graph.op('Mul', [x!, double(graph, 1.702)])])]);
const squares: Build = (graph, { x }) => graph.op('Mul', [x!, x!]);
const half: Build = (graph, { x }) => graph.op('Softmax', [graph.op('Tanh', [x!])], { axis: 1 });

describe('composite functions', () => {
  const compose =
    (outer: Build, inner: Build): Build =>
    (graph, inputs) =>
      outer(graph, { x: inner(graph, inputs) });
  const cases: Record<string, Build> = {
    QuickGELU: quickGelu,
    'QuickGELU of squares': compose(quickGelu, squares),
    'squares of QuickGELU': compose(squares, quickGelu),
    'softmax of tanh of squares': compose(half, squares),
    'a value used three times': (graph, { x }) =>
      graph.op('Add', [graph.op('Mul', [x!, quickGelu(graph, { x: x! })]), graph.op('Exp', [x!])]),
  };
  it.each(Object.entries(cases))('%s', async (_, build) => {
    expect(await gradientError({ inputs: { x: { dims } }, output: dims, build })).toBeLessThan(1e-7);
  });

  it('GELU by the error function', async () => {
    const build: Build = (graph, { x }) => {
      const number = (value: number) => graph.float32('number', Float32Array.of(value), []);
      const bell = graph.op('Add', [
        graph.op('Erf', [graph.op('Mul', [x!, number(Math.SQRT1_2)])]),
        number(1),
      ]);
      return graph.op('Mul', [graph.op('Mul', [x!, bell]), number(0.5)]);
    };
    const check: GradientCase = { inputs: { x: { dims } }, output: dims, build, type: 'float32', step: 1e-2 };
    expect(await gradientError(check)).toBeLessThan(1e-3);
  });

  it('attention over batches of unknown size', async () => {
    const graph = new GraphBuilder('attention');
    const x = graph.input('x', type, ['batch', 3, 4]);
    const scores = graph.op('Softmax', [graph.op('MatMul', [x, graph.transpose(x, [0, 2, 1])])], {
      axis: -1,
    });
    const mean = graph.op('ReduceMean', [graph.op('MatMul', [scores, x])], { axes: [0, 1], keepdims: 0 });
    graph.output('loss', graph.op('ReduceSum', [graph.op('Mul', [mean, mean])], { keepdims: 0 }), [], type);
    const values = Array.from({ length: 24 }, (_, i) => Math.sin(i));
    const run = async (moved: readonly number[]) => {
      const made = gradients(graph.build().graph, 'loss', ['x']);
      const builder = new GraphBuilder('run', made.graph);
      builder.output('gradient', made.gradients.get('x')!, ['batch', 3, 4], type);
      return runOnce(builder.build(), { x: new ort.Tensor('float64', Float64Array.from(moved), [2, 3, 4]) });
    };
    const { gradient } = await run(values);
    const step = 1e-5;
    for (const at of [0, 7, 23]) {
      const shifted = (by: number) => values.map((value, i) => (i === at ? value + by : value));
      const [up, down] = [(await run(shifted(step))).loss![0]!, (await run(shifted(-step))).loss![0]!];
      expect(gradient![at]!).toBeCloseTo((up - down) / (2 * step), 7);
    }
  });
});

describe('laws', () => {
  const values = Array.from({ length: 24 }, (_, i) => Math.cos(3 * i));

  /** The gradient of sum(y c) with respect to x. */
  async function gradientOf(build: Build, scale = 1, stretched: readonly number[] = dims): Promise<number[]> {
    const graph = new GraphBuilder('law');
    const count = stretched.reduce((total, dim) => total * dim, 1);
    const x = graph.input('x', type, stretched);
    const y = build(graph, { x });
    const scaled = graph.op('Mul', [y, double(graph, scale)]);
    graph.output('loss', graph.op('ReduceSum', [scaled], { keepdims: 0 }), [], type);
    const made = gradients(graph.build().graph, 'loss', ['x']);
    const builder = new GraphBuilder('run', made.graph);
    builder.output('gradient', made.gradients.get('x')!, stretched, type);
    const x64 = Float64Array.from(values.slice(0, count));
    return (await runOnce(builder.build(), { x: new ort.Tensor('float64', x64, stretched) })).gradient!;
  }
  const close = (found: readonly number[], expected: readonly number[]) => {
    expect(found).toHaveLength(expected.length);
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 10);
    });
  };

  it('the gradient of a scaled loss is the scaled gradient', async () => {
    close(
      await gradientOf(quickGelu, -2.5),
      (await gradientOf(quickGelu)).map((value) => -2.5 * value),
    );
  });

  it('the gradient of a sum is the sum of the gradients', async () => {
    const both: Build = (graph, inputs) =>
      graph.op('Add', [quickGelu(graph, inputs), squares(graph, inputs)]);
    const [first, second] = [await gradientOf(quickGelu), await gradientOf(squares)];
    close(
      await gradientOf(both),
      first.map((value, i) => value + second[i]!),
    );
  });

  it('the gradient of a chain is the product of the derivatives', async () => {
    const chain: Build = (graph, { x }) => graph.op('Exp', [graph.op('Sigmoid', [x!])]);
    const expected = values.map((value) => {
      const y = 1 / (1 + Math.exp(-value));
      return Math.exp(y) * y * (1 - y);
    });
    close(await gradientOf(chain), expected);
  });

  it('stretching an operand sums its gradient over the copies', async () => {
    const stretch: Build = (graph, { x }) =>
      graph.op('Mul', [x!, graph.op('Expand', [double(graph, 1), graph.int64('shape', [5, 1, 1, 1])])]);
    close(
      await gradientOf(stretch),
      values.map(() => 5),
    );
  });

  it('the gradient of a moved element goes where it came from', async () => {
    const turned: Build = (graph, { x }) =>
      graph.op('Mul', [graph.transpose(x!, [1, 0]), graph.transpose(x!, [1, 0])]);
    close(
      await gradientOf(turned, 1, [4, 6]),
      values.map((value) => 2 * value),
    );
  });

  it.each([
    ['a value that the graph lacks', 'nothing', 'no value nothing'],
    ['more than one number', 'x', 'not one number'],
  ])('a loss may not be %s', (_, loss, message) => {
    const graph = new GraphBuilder('bad');
    graph.output('y', graph.op('Exp', [graph.input('x', type, [2])]), [2], type);
    expect(() => gradients(graph.build().graph, loss, ['x'])).toThrow(message);
  });

  it('a parameter may not be a whole number', () => {
    const graph = new GraphBuilder('bad');
    const x = graph.input('x', 'int64', []);
    graph.output('loss', graph.op('Cast', [x], { to: elementTypes.float64.onnx }), [], type);
    expect(() => gradients(graph.build().graph, 'loss', ['x'])).toThrow('only float values');
  });
});
