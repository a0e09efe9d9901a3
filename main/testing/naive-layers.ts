// Layers as plain loops in double precision, to test graphs against. Test use only.
import type { Weights } from '../backbones/weights.ts';

/** W x + b of a PyTorch Linear, whose weight is [out, in]. */
export function naiveLinear(weights: Weights, name: string, x: readonly number[]): number[] {
  const weight = weights.get(`${name}.weight`)!.float32();
  const bias = weights.get(`${name}.bias`)!.float32();
  return Array.from(bias, (start, row) =>
    x.reduce((sum, value, column) => sum + weight[row * x.length + column]! * value, start),
  );
}
