// The convolution of the weight networks, written as a matrix product. It runs over a hundred thousand planes of one
// channel and a few cells each, where a convolution kernel spends its time on everything but multiplying: on the
// bundled architecture a training step takes a fifteenth of the time this way. Pure.
//
// A convolution is linear in its kernel: with S[t, (i, o)] = 1 where tap t of output cell o reads input cell i,
// the matrix of the whole convolution is kernel [F, taps] S, and its gradient is a product with S again.
import { GraphBuilder } from '../../onnx/builder.ts';
import type { Constant, Graph, Model, Node } from '../../onnx/graph.ts';

/** S [taps, cells * valid cells] for k x k taps on an s x s grid, without padding. */
function selection(size: number, kernel: number): Float32Array {
  const valid = size - kernel + 1;
  const cells = size * size;
  const columns = cells * valid * valid;
  const chosen = new Float32Array(kernel * kernel * columns);
  for (let row = 0; row < valid; row++) {
    for (let column = 0; column < valid; column++) {
      for (let i = 0; i < kernel; i++) {
        for (let j = 0; j < kernel; j++) {
          const cell = (row + i) * size + column + j;
          chosen[(i * kernel + j) * columns + cell * valid * valid + row * valid + column] = 1;
        }
      }
    }
  }
  return chosen;
}

/** The constant that a weight is stored as: its own, or the half-precision one that its Cast reads. */
function storedWeight(graph: Graph, name: string): Constant | undefined {
  const cast = graph.nodes.find(({ op, outputs }) => op === 'Cast' && outputs[0] === name);
  return graph.constants.get(cast?.inputs[0] ?? name);
}

/**
 * The same network with its convolutions over planes [P, 1, s, s] as matrix products; weights keep their names.
 * @param size s
 */
export function densePlanes(model: Model, size: number): Model {
  const { graph } = model;
  const builder = new GraphBuilder(graph.name, { ...graph, nodes: [], outputs: [] });
  for (const node of graph.nodes) {
    const weight = node.op === 'Conv' ? storedWeight(graph, node.inputs[1]!) : undefined;
    const [filters, channels, kernel] = weight?.dims ?? [];
    if (filters === undefined || kernel === undefined || channels !== 1) {
      builder.ops(node.op, node.inputs, node.attributes, node.outputs);
    } else addProduct(builder, node, { filters, kernel, size });
  }
  const built = builder.build();
  return { ...built, opset: model.opset, graph: { ...built.graph, outputs: graph.outputs } };
}

function addProduct(
  graph: GraphBuilder,
  { inputs: [planes, kernelWeight, bias], outputs: [output] }: Node,
  { filters, kernel, size }: { filters: number; kernel: number; size: number },
): void {
  const at = (name: string) => `${output!}/${name}`;
  const valid = size - kernel + 1;
  const [cells, places] = [size * size, valid * valid];
  const taps = graph.reshape(kernelWeight!, [filters, kernel * kernel], at('taps'));
  const chosen = graph.float32(at('selection'), selection(size, kernel), [kernel * kernel, cells * places]);
  const spread = graph.reshape(
    graph.op('MatMul', [taps, chosen], {}, at('spread')),
    [filters, cells, places],
    at('by_filter'),
  );
  const matrix = graph.reshape(
    graph.transpose(spread, [1, 0, 2], at('by_cell')),
    [cells, filters * places],
    at('matrix'),
  );
  const zeros = graph.float32(at('zeros'), new Float32Array(filters * places), [filters, places]);
  const biases = graph.op(
    'Add',
    [graph.reshape(bias!, [filters, 1], at('bias')), zeros],
    {},
    at('bias_by_place'),
  );
  const product = graph.op(
    'MatMul',
    [graph.reshape(planes!, [-1, cells], at('flat')), matrix],
    {},
    at('product'),
  );
  const sum = graph.op(
    'Add',
    [product, graph.reshape(biases, [filters * places], at('biases'))],
    {},
    at('sum'),
  );
  graph.reshape(sum, [-1, filters, valid, valid], output);
}
