// Weights on their way from a checkpoint into a graph.
import { DermOrbitError } from '../contract/errors.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import { float16ToFloat32, float32ToFloat16 } from '../onnx/float16.ts';

/** One tensor of a checkpoint, in whatever precision it was saved. */
export interface WeightTensor {
  readonly dims: readonly number[];
  float32(): Float32Array;
  /** The stored bits, where the checkpoint is in half precision already. */
  float16Bits?(): Uint16Array;
  /** Kept in single precision where half would round it; without this, matrices are rounded to half. */
  readonly unrounded?: boolean | undefined;
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
 * has not (unless it is to stay unrounded), and single precision where half would overflow.
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
  if (!fits) return graph.float32(name, values, shape);
  const bits = float32ToFloat16(values);
  if (weight.unrounded) {
    const back = float16ToFloat32(bits);
    if (values.some((value, i) => value !== back[i])) return graph.float32(name, values, shape);
  }
  return graph.float16Weight(name, bits, shape);
}

/** Adds a vector (bias, normalisation): always single precision, since it costs nothing. */
export function addVector(graph: GraphBuilder, weights: Weights, name: string): string {
  const weight = requireWeight(weights, name);
  return graph.float32(name, weight.float32(), weight.dims);
}

/** Adds a linear layer `name` with `weight` and `bias` to a graph; returns the name of its result. */
export type LinearLayer = (graph: GraphBuilder, weights: Weights, name: string, input: string) => string;

/** x W^T + b with a PyTorch Linear's `weight` [out, in] and `bias` [out]; x [..., in]. */
export function addLinear(graph: GraphBuilder, weights: Weights, name: string, input: string): string {
  const transposed = graph.transpose(addWeight(graph, weights, `${name}.weight`), [1, 0], `${name}.weight.T`);
  const product = graph.op('MatMul', [input, transposed], {}, `${name}.matmul`);
  return graph.op('Add', [product, addVector(graph, weights, `${name}.bias`)], {}, `${name}.out`);
}

/** x W + b with the `weight` [in, out] of GPT-2's Conv1D (a linear layer, for all its name) and `bias` [out]. */
export function addConv1D(graph: GraphBuilder, weights: Weights, name: string, input: string): string {
  const weight = addWeight(graph, weights, `${name}.weight`);
  const product = graph.op('MatMul', [input, weight], {}, `${name}.matmul`);
  return graph.op('Add', [product, addVector(graph, weights, `${name}.bias`)], {}, `${name}.out`);
}

/** Rows `from` to `to` (exclusive) along the first axis. */
export function rowsOf(weight: WeightTensor, from: number, to: number): WeightTensor {
  const row = weight.dims.slice(1).reduce((product, dim) => product * dim, 1);
  return {
    dims: [to - from, ...weight.dims.slice(1)],
    unrounded: weight.unrounded,
    float32: () => weight.float32().subarray(from * row, to * row),
    ...(weight.float16Bits
      ? { float16Bits: () => weight.float16Bits!().subarray(from * row, to * row) }
      : {}),
  };
}

/** Tensors one below the other along the first axis. */
export function stacked(parts: readonly WeightTensor[]): WeightTensor {
  const dims = [parts.reduce((sum, part) => sum + part.dims[0]!, 0), ...parts[0]!.dims.slice(1)];
  const halves = parts.every((part) => part.float16Bits?.());
  return {
    dims,
    float32: () =>
      joinInto(
        (length) => new Float32Array(length),
        parts.map((part) => part.float32()),
      ),
    ...(halves
      ? {
          float16Bits: () =>
            joinInto(
              (length) => new Uint16Array(length),
              parts.map((part) => part.float16Bits!()),
            ),
        }
      : {}),
  };
}

/** A matrix with rows and columns exchanged. */
export function transposed(weight: WeightTensor): WeightTensor {
  const [rows, columns] = weight.dims as [number, number];
  const turn = <T extends Float32Array | Uint16Array>(from: T, to: T): T => {
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j]!;
    return to;
  };
  return {
    dims: [columns, rows],
    float32: () => turn(weight.float32(), new Float32Array(rows * columns)),
    ...(weight.float16Bits
      ? { float16Bits: () => turn(weight.float16Bits!(), new Uint16Array(rows * columns)) }
      : {}),
  };
}

function joinInto<T extends Float32Array | Uint16Array>(make: (length: number) => T, parts: readonly T[]): T {
  const all = make(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
