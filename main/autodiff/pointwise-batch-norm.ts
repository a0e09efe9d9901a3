// Batch normalization by the batch's own statistics, of a 1x1 convolution, in closed form. Pure.
//
// Each cell of x = W X is a row of W times the cell's C input numbers, so that mean and variance of x follow from
// the mean m and the covariance S of X alone: mean(x) = W m, var(x)_o = w_o S w_o^T. Hence the norm can be folded
// into the convolution although its statistics belong to this batch, and x, with O > C channels, is neither kept
// nor read again on the way back. The product that makes S costs C / O of the convolution's own.
import { floatAttribute, intAttribute, intsAttribute } from '../onnx/attributes.ts';
import { knownSizes } from '../onnx/dimensions.ts';
import type { Graph, Node } from '../onnx/graph.ts';
import type { Emitter } from './emitter.ts';

/** How many times more output than input channels a convolution must have for this to be faster. */
const leastGrowth = 2;

/** Convolutions that can be normalised in closed form, by the name of their output. */
export function closedFormConvolutions(
  graph: Graph,
  emit: Emitter,
  isLive: (node: Node) => boolean,
): Map<string, Node> {
  const uses = new Map<string, number>();
  const names = [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)];
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
  const convolutions = graph.nodes.filter(
    (node) => isPointwise(node, emit) && uses.get(node.outputs[0]!) === 1,
  );
  const byOutput = new Map(convolutions.map((node) => [node.outputs[0]!, node]));
  const normalised = graph.nodes.filter(isLive).map(({ inputs }) => inputs[0]!);
  return new Map([...byOutput].filter(([output]) => normalised.includes(output)));
}

/** A 1x1 convolution without bias, stride, padding or groups, to many more channels; all its sizes are known. */
function isPointwise(node: Node, emit: Emitter): boolean {
  const [x, weight, bias] = node.inputs;
  if (node.op !== 'Conv' || bias !== undefined || intAttribute(node, 'group', 1) !== 1) return false;
  const [inputSizes, kernel] = [knownSizes(emit.dims(x!)), knownSizes(emit.dims(weight!))];
  if (inputSizes?.length !== 4 || kernel?.[2] !== 1 || kernel[3] !== 1) return false;
  const plain =
    (intsAttribute(node, 'strides') ?? []).every((stride) => stride === 1) &&
    (intsAttribute(node, 'pads') ?? []).every((pad) => pad === 0);
  return plain && kernel[0]! >= leastGrowth * kernel[1]!;
}

/**
 * Adds the convolution and its norm to the graph.
 * @param names of the three values it makes
 * @returns the normalised output [B, O, H, W], and mean and variance of the convolution's output over the batch, [O]
 */
export function addClosedForm(
  emit: Emitter,
  convolution: Node,
  norm: Node,
  names: readonly [output: string, mean: string, variance: string],
): void {
  const [x, weight] = convolution.inputs as [string, string];
  const [, scale, shift] = norm.inputs as [string, string, string];
  const [filters, channels] = knownSizes(emit.dims(weight)) as [number, number];
  const label = (part: string) => `${names[0]}/${part}`;
  const matrix = emit.reshape(weight, [filters, channels], label('matrix'));

  const { mean, covariance } = statisticsOf(emit, x, channels, label);
  const column = emit.reshape(mean, [channels, 1], label('mean_column'));
  const meanOut = emit.op('Gemm', [matrix, column], {}, label('mean'));
  const spread = emit.multiply(emit.op('Gemm', [matrix, covariance]), matrix, label('spread'));
  const [, meanName, varianceName] = names;
  emit.op('Reshape', [meanOut, emit.list([filters])], {}, meanName);
  // Rounding may leave a constant channel with a variance just below zero.
  const variance = emit.op('Relu', [emit.sum(spread, [1], false)], {}, varianceName);

  const epsilon = emit.scalar(floatAttribute(norm, 'epsilon', 1e-5), variance);
  const deviation = emit.op('Sqrt', [emit.add(variance, epsilon)], {}, label('deviation'));
  const factor = emit.divide(scale, deviation, label('factor'));
  const folded = emit.multiply(weight, emit.reshape(factor, [filters, 1, 1, 1]), label('kernel'));
  const bias = emit.subtract(shift, emit.multiply(factor, meanName), label('bias'));
  emit.op('Conv', [x, folded, bias], convolution.attributes, names[0]);
}

/** Mean [C] and covariance [C, C] of the channels over all cells of all images. */
function statisticsOf(
  emit: Emitter,
  x: string,
  channels: number,
  label: (part: string) => string,
): { mean: string; covariance: string } {
  const [batch, , rows, columns] = knownSizes(emit.dims(x)) as [number, number, number, number];
  const cells = rows * columns;
  const count = emit.scalar(batch * cells, x);
  // One product per image, or one of all images, ordered by channel: whichever moves fewer numbers.
  let products: string;
  if (channels < 2 * cells) {
    const flat = emit.reshape(x, [-1, channels, cells], label('flat'));
    const images = emit.op('MatMul', [flat, emit.transpose(flat, [0, 2, 1])], {}, label('products'));
    products = emit.sum(images, [0], false, label('product'));
  } else {
    const flat = emit.reshape(emit.transpose(x, [1, 0, 2, 3]), [channels, -1], label('flat'));
    products = emit.op('Gemm', [flat, flat], { transB: 1 }, label('product'));
  }
  const mean = emit.divide(emit.sum(x, [0, 2, 3], false), count, label('input_mean'));
  const column = emit.reshape(mean, [channels, 1], label('input_mean_column'));
  const square = emit.op('Gemm', [column, column], { transB: 1 }, label('input_mean_square'));
  const covariance = emit.subtract(emit.divide(products, count), square, label('covariance'));
  return { mean, covariance };
}
