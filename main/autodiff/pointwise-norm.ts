// Batch normalization in training mode of a 1x1 convolution, in closed form. Pure.
//
// The output's statistics follow from those of the input: with mean m and covariance S of the input's channels, the
// output W x has the mean W m and the variances diag(W S W^T). So the norm becomes part of the kernel, and neither the
// forward nor the backward pass reads the convolution's output for it. That saves memory traffic in proportion to the
// output's channels O and costs products in proportion to the square of the input's C.
import { intAttribute } from '../onnx/attributes.ts';
import { windowOf } from '../onnx/shape-context.ts';
import type { Graph, Node } from '../onnx/graph.ts';
import type { Emitter } from './emitter.ts';

/** C^2 / O up to which the closed form is the faster one, as measured. */
const largestRatio = 16;

/**
 * The convolutions whose norm is better computed in closed form, by the name of their output.
 * Each is read by its norm only.
 * @param norms the nodes of batch normalization in training mode
 */
export function pointwiseConvolutions(
  graph: Graph,
  emit: Emitter,
  norms: readonly Node[],
): Map<string, Node> {
  const uses = new Map<string, number>();
  const reads = [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)];
  for (const name of reads) uses.set(name, (uses.get(name) ?? 0) + 1);
  const normed = new Set(norms.map(({ inputs }) => inputs[0]!));
  const found = graph.nodes.filter(
    (node) => normed.has(node.outputs[0] ?? '') && uses.get(node.outputs[0]!) === 1 && fits(emit, node),
  );
  return new Map(found.map((node) => [node.outputs[0]!, node]));
}

function fits(emit: Emitter, node: Node): boolean {
  const [, weight, bias] = node.inputs;
  if (node.op !== 'Conv' || bias || !weight || !emit.has(weight) || emit.type(weight) !== 'float32')
    return false;
  const [filters, channels, ...kernel] = emit.dims(weight) as number[];
  if (kernel.join() !== '1,1' || intAttribute(node, 'group', 1) !== 1) return false;
  const { strides, pads } = windowOf(node, kernel);
  const plain = strides.every((stride) => stride === 1) && pads.every((pad) => pad === 0);
  return plain && channels! ** 2 <= largestRatio * filters!;
}

/**
 * Adds the convolution and its norm.
 * @param names of the output, the mean [O] and the variance [O]
 */
export function addNormalizedConvolution(
  emit: Emitter,
  conv: Node,
  { scale, shift, epsilon }: { scale: string; shift: string; epsilon: number },
  names: readonly [string, string, string],
): void {
  const [x, weight] = conv.inputs as [string, string];
  const [filters, channels] = emit.dims(weight) as [number, number];
  const label = (part: string) => `${names[0]}/${part}`;
  const rows = emit.reshape(
    emit.transpose(x, [1, 0, 2, 3], label('by_channel')),
    [channels, -1],
    label('rows'),
  );
  const meanOf = (value: string, total: string) => emit.divide(total, emit.ratioOfSizes(value, total));
  const centre = meanOf(rows, emit.sum(rows, [1], true, label('total')));
  const products = emit.op('Gemm', [rows, rows], { transB: 1 }, label('products'));
  const count = emit.ratioOfSizes(rows, centre);
  const squares = emit.op('Gemm', [centre, centre], { transB: 1 }, label('squares'));
  const covariance = emit.subtract(emit.divide(products, count), squares, label('covariance'));

  const matrix = emit.reshape(weight, [filters, channels], label('matrix'));
  const mean = emit.op('Gemm', [matrix, centre], {}, label('mean'));
  const spread = emit.op('Gemm', [matrix, covariance], {}, label('spread'));
  // Rounding must not make it negative.
  const variance = emit.op('Relu', [emit.sum(emit.multiply(spread, matrix), [1])], {}, label('variance'));

  const deviation = emit.op('Sqrt', [emit.add(variance, emit.scalar(epsilon, variance))]);
  const factor = emit.divide(emit.reshape(scale, [filters, 1]), deviation, label('factor'));
  const kernel = emit.reshape(emit.multiply(matrix, factor), [filters, channels, 1, 1], label('kernel'));
  const level = emit.multiply(mean, factor);
  const bias = emit.subtract(shift, emit.reshape(level, [filters]), label('bias'));
  emit.ops('Conv', [x, kernel, bias], conv.attributes, [names[0]]);
  emit.ops('Reshape', [mean, emit.list([filters])], {}, [names[1]]);
  emit.ops('Reshape', [variance, emit.list([filters])], {}, [names[2]]);
}
