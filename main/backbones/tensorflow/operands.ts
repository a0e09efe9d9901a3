// What an operator of a graph takes: values that other operators make, and constants of the file. Two of the three
// formats are graphs of such operators, and their operators mean the same. Pure.
import { sizeOf, type Tensor } from '../../contract/tensor.ts';
import { invalid, unsupported, type AffineLayer, type Layer, type Pads } from './network.ts';

export type Operand =
  | { readonly value: string }
  /** @throws DermOrbitError if the file does not hold it */
  | { readonly constant: () => Tensor };

export function valueIds(operands: readonly Operand[]): string[] {
  return operands.flatMap((operand) => ('value' in operand ? [operand.value] : []));
}

/** The constant at a place. */
export function constantAt(label: string, operands: readonly Operand[], index: number): Tensor {
  const operand = operands[index];
  if (operand && 'constant' in operand) return operand.constant();
  throw unsupported(`${label} takes weights that are made while the network runs.`);
}

/** The same; null where there is no such operand. */
export function optionalConstant(label: string, operands: readonly Operand[], index: number): Tensor | null {
  return operands[index] ? constantAt(label, operands, index) : null;
}

/** Whole numbers: axes, shapes, pads. */
export function integersAt(label: string, operands: readonly Operand[], index: number): number[] {
  const { data } = constantAt(label, operands, index);
  if (data.length > 64 || !data.every(Number.isInteger))
    throw invalid(`${label}: its numbers are not whole.`);
  return [...data];
}

/** A sum, difference or product of two operands: of two values, or channel by channel with a constant. */
export function arithmetic(label: string, op: 'Add' | 'Sub' | 'Mul', operands: readonly Operand[]): Layer {
  if (operands.length !== 2) throw invalid(`${label} takes two values, not ${operands.length}.`);
  const [first, second] = operands as [Operand, Operand];
  if ('value' in first && 'value' in second) return { kind: 'elementwise', op };
  const constant = 'constant' in second ? second.constant() : constantAt(label, operands, 0);
  if (constant.data.length !== 1 && constant.dims.at(-1) !== sizeOf(constant.dims)) {
    throw unsupported(`${label} takes a constant of shape [${constant.dims.join(', ')}].`);
  }
  return affine(op, Float64Array.from(constant.data), 'constant' in second);
}

/** @param last whether the constant stands behind the value, which a difference asks for */
function affine(op: 'Add' | 'Sub' | 'Mul', constant: Float64Array, last: boolean): AffineLayer {
  const [zeros, ones] = [constant.map(() => 0), constant.map(() => 1)];
  if (op === 'Mul') return { kind: 'affine', scale: constant, shift: zeros };
  if (op === 'Add') return { kind: 'affine', scale: ones, shift: constant };
  if (last) return { kind: 'affine', scale: ones, shift: constant.map((value) => -value) };
  return { kind: 'affine', scale: ones.map(() => -1), shift: constant };
}

/** Pads of [batch, height, width, channels], two numbers each. */
export function mapPads(label: string, pads: readonly number[]): Pads {
  const [batchBefore, batchAfter, top, bottom, left, right, channelsBefore, channelsAfter] = pads;
  if (pads.length !== 8 || batchBefore || batchAfter || channelsBefore || channelsAfter) {
    throw unsupported(`${label} puts a frame around more than the pixels.`);
  }
  return [top!, left!, bottom!, right!];
}

/** A mean or maximum over the pixels. */
export function overPixels(
  label: string,
  of: 'max' | 'average',
  axes: readonly number[],
  keepDims: boolean,
): Layer {
  const sorted = axes.map((axis) => (axis < 0 ? axis + 4 : axis)).sort((a, b) => a - b);
  if (String(sorted) !== '1,2') throw unsupported(`${label} is taken over other axes than height and width.`);
  return { kind: 'globalPool', of, keepDims };
}

/** A new shape: the only ones are a vector per picture, and a vector as a map of one pixel; -1 is to be counted out. */
export function reshaped(label: string, shape: readonly number[]): Layer {
  const last = shape.at(-1) ?? 0;
  const length = last === -1 ? null : last;
  if (shape.length === 2) return { kind: 'flatten', length };
  if (shape.length === 4 && shape[1] === 1 && shape[2] === 1) return { kind: 'unflatten', length };
  throw unsupported(`${label} makes the shape [${shape.join(', ')}] of a map.`);
}
