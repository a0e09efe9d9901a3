// Weights on their way from a checkpoint into a graph.
import { DermOrbitError } from '../contract/errors.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import { float32ToFloat16 } from '../onnx/float16.ts';

/** One tensor of a checkpoint, in whatever precision it was saved. */
export interface WeightTensor {
  readonly dims: readonly number[];
  float32(): Float32Array;
  /** The stored bits, where the checkpoint is in half precision already. */
  float16Bits?(): Uint16Array;
}

export type Weights = ReadonlyMap<string, WeightTensor>;

const largestFloat16 = 65_504;

/**
 * The named tensor.
 * @throws DermOrbitError CHECKPOINT_SHAPE if it is absent
 */
export function requireWeight(weights: Weights, name: string): WeightTensor {
  const found = weights.get(name);
  if (!found) throw new DermOrbitError('CHECKPOINT_SHAPE', `The tensor ${name} is missing.`);
  return found;
}

/**
 * Adds a weight matrix or kernel: half-precision bits unchanged where the checkpoint has them, rounded where it
 * has not, and single precision where half would overflow.
 * @param dims shape in the graph, if it differs from the checkpoint's
 */
export function addWeight(
  graph: GraphBuilder,
  weights: Weights,
  name: string,
  dims?: readonly number[],
): string {
  const weight = requireWeight(weights, name);
  const shape = dims ?? weight.dims;
  const stored = weight.float16Bits?.();
  if (stored) return graph.float16Weight(name, stored, shape);
  const values = weight.float32();
  const fits = values.every((value) => Math.abs(value) <= largestFloat16);
  return fits
    ? graph.float16Weight(name, float32ToFloat16(values), shape)
    : graph.float32(name, values, shape);
}

/** Adds a vector (bias, normalisation): always single precision, since it costs nothing. */
export function addVector(graph: GraphBuilder, weights: Weights, name: string): string {
  const weight = requireWeight(weights, name);
  return graph.float32(name, weight.float32(), weight.dims);
}

/** x W^T + b with a PyTorch Linear's `weight` [out, in] and `bias` [out]; x [..., in]. */
export function addLinear(graph: GraphBuilder, weights: Weights, name: string, input: string): string {
  const transposed = graph.transpose(addWeight(graph, weights, `${name}.weight`), [1, 0], `${name}.weight.T`);
  const product = graph.op('MatMul', [input, transposed], {}, `${name}.matmul`);
  return graph.op('Add', [product, addVector(graph, weights, `${name}.bias`)], {}, `${name}.out`);
}
