// Batch norm that was folded into convolutions, taken out again, so that its parts can learn and its statistics can
// be those of the batch. Pure.
import { GraphBuilder } from '../onnx/builder.ts';
import type { Graph, Model, Node } from '../onnx/graph.ts';
import { AutodiffError } from './error.ts';

/** The tensors of one batch norm, [C] each. */
export interface BatchNorm {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly running_mean: Float32Array;
  readonly running_var: Float32Array;
}

export interface UnfoldOptions {
  /** Whether the batch's own statistics normalise (and the running ones learn from them), or the running ones. */
  readonly statistics: 'batch' | 'running';
  /** Share of the old running statistics that a step keeps. */
  readonly momentum?: number;
  readonly epsilon?: number;
}

const parts = ['weight', 'bias', 'running_mean', 'running_var'] as const;

/**
 * Rewrites Conv(x, Mul(kernel, `NORM.scale`), `NORM.shift`) as BatchNormalization(Conv(x, kernel)), whose tensors
 * are constants `NORM.weight`, `NORM.bias`, `NORM.running_mean`, `NORM.running_var`.
 * @param norms by NORM
 * @throws AutodiffError PARAMETER_INVALID if a norm is not folded into a convolution of the graph
 */
export function unfoldBatchNorm(
  model: Model,
  norms: ReadonlyMap<string, BatchNorm>,
  { statistics, momentum = 0.9, epsilon = 1e-5 }: UnfoldOptions,
): Model {
  const { graph } = model;
  const builder = new GraphBuilder(graph.name, { ...graph, nodes: [] });
  const found = new Set<string>();
  const mode = statistics === 'batch' ? { training_mode: 1, momentum: { float: momentum } } : {};
  builder.reserve(graph.nodes.flatMap(({ outputs }) => outputs));
  for (const node of graph.nodes) {
    builder.release(node.outputs);
    const folded = foldedNorm(graph, node);
    const norm = folded === null ? undefined : norms.get(folded.norm);
    if (!folded || !norm) {
      builder.ops(node.op, node.inputs, node.attributes, node.outputs);
      continue;
    }
    found.add(folded.norm);
    const bare = [node.inputs[0]!, folded.kernel];
    const value = builder.op('Conv', bare, node.attributes, `${node.outputs[0]!}.bare`);
    const tensors = parts.map((part) =>
      builder.float32(`${folded.norm}.${part}`, norm[part], [norm[part].length]),
    );
    const after = statistics === 'batch' ? [`${folded.norm}.mean`, `${folded.norm}.var`] : [];
    builder.ops('BatchNormalization', [value, ...tensors], { ...mode, epsilon: { float: epsilon } }, [
      node.outputs[0]!,
      ...after,
    ]);
  }
  const missing = [...norms.keys()].find((name) => !found.has(name));
  if (missing === undefined) return { ...model, graph: withoutUnused(builder.build().graph) };
  throw new AutodiffError(
    'PARAMETER_INVALID',
    `${missing} is not folded into a convolution of ${graph.name}.`,
  );
}

/** The norm of a convolution whose kernel is multiplied by its scale and whose bias is its shift. */
function foldedNorm(graph: Graph, { op, inputs }: Node): { norm: string; kernel: string } | null {
  const shift = inputs[2] ?? '';
  if (op !== 'Conv' || !shift.endsWith('.shift')) return null;
  const norm = shift.slice(0, -'.shift'.length);
  const product = graph.nodes.find(({ outputs }) => outputs[0] === inputs[1]);
  const kernel = product?.inputs[0];
  const folded = product?.op === 'Mul' && product.inputs[1] === `${norm}.scale`;
  return folded && kernel !== undefined ? { norm, kernel } : null;
}

/** Drops scales, shifts and folded kernels that nothing reads any more. */
function withoutUnused(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    nodes.unshift(node);
    for (const input of node.inputs) needed.add(input);
  }
  const constants = new Map([...graph.constants].filter(([name]) => needed.has(name)));
  return { ...graph, nodes, constants };
}
