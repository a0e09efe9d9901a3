// The largest networks of their kind fit, and what only looks like a network does not.
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './builder.ts';
import { costOf, graphLimits, requireBounded, UnknownOperatorError } from './bounds.ts';
import type { Model } from './graph.ts';

const image = { image: [8, 3, 64, 64] };

/** A graph from `image` to `features`; `features` costs nothing unless `make` says so. */
function graphOf(make: (graph: GraphBuilder, image: string) => string): Model {
  const graph = new GraphBuilder('tower');
  const value = make(graph, graph.input('image', 'float32', ['batch', 3, 64, 64]));
  graph.output('features', value, ['batch', 'a', 'b', 'c']);
  return graph.build();
}
const ints = (graph: GraphBuilder, name: string, values: readonly number[]) => graph.int64(name, values);
const square = (graph: GraphBuilder, size: number) => {
  const one = graph.float32('one', new Float32Array(1), [1, 1]);
  return graph.op('Expand', [one, ints(graph, 'square', [size, size])], {}, 'expanded');
};

it('counts bytes, weights and products', () => {
  const model = graphOf((graph, value) => {
    const kernel = graph.float16Weight('kernel', new Uint16Array(4 * 3 * 9), [4, 3, 3, 3]);
    return graph.op('Conv', [value, kernel], { pads: [1, 1, 1, 1] }, 'conv');
  });
  const { nodes, workingBytes, weightBytes, work } = costOf(model, image);
  const [input, output] = [8 * 3 * 64 * 64, 8 * 4 * 64 * 64];
  expect(nodes).toBe(3);
  // The kernel, widened to single precision.
  expect(weightBytes).toBe(4 * 3 * 9 * 4);
  // Input, output and the windows of one image.
  expect(workingBytes).toBe(4 * (input + output + 64 * 64 * 27));
  const kernel = 4 * 3 * 9;
  expect(work).toBe(16 * (2 * kernel + (input + kernel + output) + 2 * output) + output * 27);
});

describe('a graph is refused', () => {
  const refused: readonly (readonly [string, (graph: GraphBuilder, image: string) => string, RegExp])[] = [
    [
      'that expands what depends on the image',
      (graph, value) => {
        const mean = graph.op('ReduceMean', [value], { keepdims: 1 }, 'mean');
        const wide = graph.op('Expand', [mean, ints(graph, 'size', [1, 800, 1000, 1000])], {}, 'wide');
        return graph.op('ReduceMax', [wide], { keepdims: 1 }, 'max');
      },
      /its values would take 3\.2 GB/,
    ],
    [
      'that expands a constant',
      (graph, value) =>
        graph.op('Add', [value, graph.op('ReduceMax', [square(graph, 30_000)], {}, 'm')], {}, 'a'),
      /blown up to 3\.6 GB/,
    ],
    [
      'that pads',
      (graph, value) => {
        const pads = ints(graph, 'pads', [0, 0, 5000, 5000, 0, 0, 5000, 5000]);
        return graph.op('Pad', [value, pads], {}, 'padded');
      },
      /its values would take/,
    ],
    [
      'of many large products',
      (graph, value) => {
        const weights = graph.float16Weight('weights', new Uint16Array(64 * 4096), [64, 4096]);
        const wide = graph.op('MatMul', [value, weights], {}, 'wide');
        let product = graph.op('MatMul', [graph.transpose(weights, [1, 0], 'turned'), weights], {}, 'first');
        for (let i = 0; i < 40; i++) product = graph.op('MatMul', [product, product], {}, `product${i}`);
        return graph.op('MatMul', [wide, product], {}, 'last');
      },
      /blown up|multiplications/,
    ],
    [
      'of large products of what depends on the image',
      (graph, value) => {
        const row = graph.op('Reshape', [value, ints(graph, 'row', [1, -1])], {}, 'row0');
        const short = graph.op(
          'Slice',
          [row, ints(graph, 'from', [0]), ints(graph, 'to', [5000]), ints(graph, 'axis', [1])],
          {},
          'short',
        );
        let product = graph.op('MatMul', [graph.transpose(short, [1, 0], 'column'), short], {}, 'outer');
        for (let i = 0; i < 40; i++) product = graph.op('MatMul', [product, product], {}, `product${i}`);
        return product;
      },
      /5\.0e\+12 multiplications/,
    ],
    [
      'of a window that is unrolled over all of it',
      (graph, value) => {
        const kernel = graph.float16Weight('kernel', new Uint16Array(3 * 512 * 512), [1, 3, 512, 512]);
        return graph.op('Conv', [value, kernel], { pads: [511, 511, 511, 511] }, 'conv');
      },
      /its values would take/,
    ],
    [
      'whose sizes come from the image',
      (graph, value) => {
        const shape = graph.op('Cast', [graph.op('ReduceMax', [value], {}, 'max')], { to: 7 }, 'shape');
        return graph.op('Reshape', [value, shape], {}, 'reshaped');
      },
      /size of a result cannot be told/,
    ],
    [
      'with a negative size',
      (graph, value) => graph.op('Expand', [value, ints(graph, 's', [-5, 1, 1, 1, 1])], {}, 'e'),
      /cannot be told/,
    ],
    ...['Tile', 'ConstantOfShape', 'Range', 'Resize', 'Loop'].map(
      (op) =>
        [
          `with the operator ${op}`,
          (graph: GraphBuilder, value: string) => graph.op(op, [value], {}, 'grown'),
          /as large as its data say/,
        ] as const,
    ),
    [
      'of more operators than any network has',
      (graph, value) => {
        let last = value;
        for (let i = 0; i < graphLimits.nodes; i++) last = graph.op('Relu', [last], {}, `relu${i}`);
        return last;
      },
      /operators are more than/,
    ],
  ];

  it.each(refused)('%s', (_, make, says) => {
    const model = graphOf(make);
    expect(() => {
      requireBounded(model, image);
    }).toThrow(says);
  });

  it('with an input that nobody feeds, or an operator that nobody knows', () => {
    const model = graphOf((_, value) => value);
    expect(() => costOf(model, {})).toThrow(/size of its input image/);
    expect(() =>
      costOf(
        graphOf((graph, value) => graph.op('Sprocket', [value], {}, 's')),
        image,
      ),
    ).toThrow(UnknownOperatorError);
  });
});
