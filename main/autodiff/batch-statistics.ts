// Batch normalization in training mode, made ready to be differentiated. Pure.
//
// ONNX gives its running statistics after the step, not the batch's own, which the gradient needs. With momentum 0
// they are the batch's own; the running ones are then an average of old and new, as the op defines it.
import { floatAttribute, intAttribute } from '../onnx/attributes.ts';
import type { Graph, Node } from '../onnx/graph.ts';
import { Emitter } from './emitter.ts';
import { AutodiffError } from './error.ts';
import { addNormalizedConvolution, pointwiseConvolutions } from './pointwise-norm.ts';

/** One running statistic: a constant or input of the graph, and the value that replaces it after a step. */
export interface RunningStatistic {
  readonly name: string;
  readonly next: string;
}

const defaultMomentum = 0.9;
const defaultEpsilon = 1e-5;

function isLive(node: Node): boolean {
  return node.op === 'BatchNormalization' && intAttribute(node, 'training_mode', 0) === 1;
}

/** The running mean and variance of every BatchNormalization in training mode. */
export function runningStatisticNames(graph: Graph): string[] {
  return [...new Set(graph.nodes.filter(isLive).flatMap((node) => node.inputs.slice(3, 5)))];
}

/**
 * Gives every BatchNormalization in training mode the batch's mean and variance as outputs.
 * @returns the graph, in which the values that held running statistics after the step still do
 * @throws AutodiffError GRADIENT_NOT_SUPPORTED if such a node lacks its statistics
 */
export function exposeBatchStatistics(graph: Graph): { graph: Graph; statistics: RunningStatistic[] } {
  if (!graph.nodes.some(isLive)) return { graph, statistics: [] };
  const emit = new Emitter({ ...graph, nodes: [] });
  const statistics: RunningStatistic[] = [];
  const closed = pointwiseConvolutions(graph, emit, graph.nodes.filter(isLive));
  emit.reserve(graph.nodes.flatMap(({ outputs }) => outputs));
  for (const node of graph.nodes) {
    emit.release(node.outputs);
    if (closed.has(node.outputs[0] ?? '')) continue;
    if (isLive(node)) statistics.push(...expose(emit, node, closed.get(node.inputs[0]!)));
    else emit.ops(node.op, node.inputs, node.attributes, node.outputs);
  }
  return { graph: emit.build().graph, statistics };
}

/** @param conv the convolution before it, where that is to become part of it */
function expose(emit: Emitter, node: Node, conv: Node | undefined): RunningStatistic[] {
  const [output, ...after] = node.outputs as [string, ...string[]];
  const momentum = floatAttribute(node, 'momentum', defaultMomentum);
  const running = node.inputs.slice(3, 5);
  if (running.length !== 2) {
    throw new AutodiffError('GRADIENT_NOT_SUPPORTED', `${node.op} ${node.name} has no running statistics.`);
  }
  const batch = [`${output}.batch_mean`, `${output}.batch_variance`] as const;
  if (conv) {
    const [, scale, shift] = node.inputs as [string, string, string];
    const epsilon = floatAttribute(node, 'epsilon', defaultEpsilon);
    addNormalizedConvolution(emit, conv, { scale, shift, epsilon }, [output, ...batch]);
  } else {
    addWithStatistics(emit, node, [output, ...batch]);
  }
  return running.map((name, index) => {
    const kept = emit.multiply(name, emit.scalar(momentum, name));
    const added = emit.multiply(batch[index]!, emit.scalar(1 - momentum, name));
    const next = emit.add(kept, added, after[index] ?? `${name}.updated`);
    return { name, next };
  });
}

/** The node itself, with momentum 0. */
function addWithStatistics(emit: Emitter, node: Node, names: readonly string[]): void {
  // ONNX Runtime writes the new statistics over the memory of the old ones, even where those are still to be read.
  // With momentum 0 their numbers do not matter: it gets zeros of its own.
  const scratch = node.inputs
    .slice(3)
    .map((name) => emit.multiply(name, emit.scalar(0, name), `${names[0]!}.scratch`));
  const attributes = { ...node.attributes, momentum: { float: 0 } };
  emit.ops(node.op, [...node.inputs.slice(0, 3), ...scratch], attributes, names);
}
