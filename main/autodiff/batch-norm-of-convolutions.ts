// Batch norm behind convolutions that have a bias instead: networks are exported with their batch norms folded into the
// convolutions, and learn better with them. Pure.
import { GraphBuilder } from '../onnx/builder.ts';
import type { Graph, Model, Node } from '../onnx/graph.ts';
import { floatsOf, withValues } from '../onnx/single-precision.ts';
import type { BatchNorm, UnfoldOptions } from './unfold-batch-norm.ts';

/** Added to a variance before its root (PyTorch's default). */
export const normEpsilon = 1e-5;

const parts = ['weight', 'bias', 'running_mean', 'running_var'] as const;

/** Of a convolution that can have a batch norm: constant kernel and bias (or none), which nothing else reads. */
export interface NormalisedConvolution {
  /** Name of its kernel, by which it is known. */
  readonly kernel: string;
  readonly bias: string | null;
  /** The value that it makes. */
  readonly output: string;
  readonly filters: number;
}

/** The convolutions of a graph that can have a batch norm, in order. */
export function convolutionsOf({ nodes, constants, outputs }: Graph): NormalisedConvolution[] {
  const readers = new Map<string, number>();
  for (const name of nodes.flatMap(({ inputs }) => inputs)) readers.set(name, (readers.get(name) ?? 0) + 1);
  const own = (name: string | undefined) =>
    name !== undefined && constants.get(name)?.type === 'float32' && readers.get(name) === 1;
  const isOutput = new Set(outputs.map(({ name }) => name));
  return nodes.flatMap(({ op, inputs, outputs: [output] }) => {
    const [, kernel, bias = ''] = inputs;
    if (op !== 'Conv' || !own(kernel) || (bias !== '' && !own(bias)) || isOutput.has(output!)) return [];
    const filters = constants.get(kernel!)!.dims[0]!;
    return [{ kernel: kernel!, bias: bias === '' ? null : bias, output: output!, filters }];
  });
}

/** Name of a part of the batch norm behind a kernel. */
export const normName = (kernel: string, part: (typeof parts)[number]) => `${kernel}.norm.${part}`;

/**
 * Conv(x, kernel, bias) -> BatchNormalization(Conv(x, kernel)) for every kernel that has a norm here; its bias is dropped.
 * The norm's tensors are constants, named by {@link normName}.
 */
export function withBatchNorms(
  model: Model,
  norms: ReadonlyMap<string, BatchNorm>,
  { statistics, momentum = 0.9 }: UnfoldOptions,
): Model {
  const { graph } = model;
  const found = new Map(convolutionsOf(graph).map((one) => [one.output, one]));
  const dropped = new Set(
    [...found.values()].flatMap(({ kernel, bias }) => (norms.has(kernel) && bias ? [bias] : [])),
  );
  const constants = new Map([...graph.constants].filter(([name]) => !dropped.has(name)));
  const builder = new GraphBuilder(graph.name, { ...graph, constants, nodes: [] });
  builder.reserve(graph.nodes.flatMap(({ outputs }) => outputs));
  const mode = statistics === 'batch' ? { training_mode: 1, momentum: { float: momentum } } : {};
  for (const node of graph.nodes) {
    builder.release(node.outputs);
    const one = found.get(node.outputs[0]!);
    const norm = one && norms.get(one.kernel);
    if (!one || !norm) {
      builder.ops(node.op, node.inputs, node.attributes, node.outputs);
      continue;
    }
    const bare = builder.op('Conv', node.inputs.slice(0, 2), node.attributes, `${one.output}.bare`);
    const tensors = parts.map((part) =>
      builder.float32(normName(one.kernel, part), norm[part], [one.filters]),
    );
    const after = statistics === 'batch' ? ['mean', 'var'].map((name) => `${one.kernel}.norm.${name}`) : [];
    const attributes = { ...mode, epsilon: { float: normEpsilon } };
    builder.ops('BatchNormalization', [bare, ...tensors], attributes, [one.output, ...after]);
  }
  return { ...model, graph: builder.build().graph };
}

/** The opposite: the norms' tensors become part of kernels and biases. A convolution without a bias gets one. */
export function foldedNorms(model: Model, norms: ReadonlyMap<string, BatchNorm>): Model {
  const { graph } = model;
  const constants = new Map(graph.constants);
  const found = new Map(convolutionsOf(graph).map((one) => [one.output, one]));
  const nodes = graph.nodes.map((node): Node => {
    const one = found.get(node.outputs[0]!);
    const norm = one && norms.get(one.kernel);
    if (!one || !norm) return node;
    const { weight, bias, running_mean: mean, running_var: variance } = norm;
    const scale = weight.map((gamma, filter) => gamma / Math.sqrt(variance[filter]! + normEpsilon));
    const shift = bias.map((beta, filter) => beta - mean[filter]! * scale[filter]!);
    const kernel = constants.get(one.kernel)!;
    constants.set(one.kernel, withValues(kernel, scaledFilters(floatsOf(kernel)!, scale)));
    const name = one.bias ?? `${one.kernel}.shift`;
    constants.set(name, withValues({ dims: [one.filters] }, shift));
    return { ...node, inputs: [node.inputs[0]!, one.kernel, name] };
  });
  return { ...model, graph: { ...graph, nodes, constants } };
}

/** Each filter of a kernel [filters, ...] times its factor. */
export function scaledFilters(kernel: Float32Array, factors: ArrayLike<number>): Float32Array {
  const length = kernel.length / factors.length;
  return kernel.map((value, index) => value * factors[Math.floor(index / length)]!);
}
