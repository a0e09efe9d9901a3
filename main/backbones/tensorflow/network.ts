// An image network of TensorFlow as plain data, on its way to ONNX: steps that each make one value. The readers of the
// three formats give it, to-onnx.ts takes it. Layouts are TensorFlow's: maps [batch, height, width, channels], kernels
// [height, width, in, out]. Pure.
import { DermOrbitError } from '../../contract/errors.ts';
import type { Tensor } from '../../contract/tensor.ts';

/** Of height and width. */
export type Pair = readonly [number, number];

/** Pixels added at the top, the left, the bottom and the right (ONNX's order). */
export type Pads = readonly [number, number, number, number];

/** TensorFlow's "same" (the result has ceil(size / stride) pixels), "valid" (nothing is added), or as given. */
export type Padding = 'same' | 'valid' | Pads;

export type Activation =
  | { readonly of: 'relu' | 'sigmoid' | 'tanh' | 'swish' | 'softmax' | 'hardSwish' }
  /** min(max(x, 0), most) */
  | { readonly of: 'clippedRelu'; readonly most: number }
  | { readonly of: 'leakyRelu' | 'elu'; readonly alpha: number }
  /** clip(slope x + 0.5, 0, 1) */
  | { readonly of: 'hardSigmoid'; readonly slope: number };

export interface ConvLayer {
  readonly kind: 'conv';
  /** [height, width, in, out]; depthwise: [height, width, channels, multiplier], or [..., both, 1]. */
  readonly kernel: Tensor;
  /** [out] */
  readonly bias: Tensor | null;
  readonly depthwise: boolean;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
}

/** y = x scale + shift, channel by channel: batch norm of a trained network, and sums and products with constants. */
export interface AffineLayer {
  readonly kind: 'affine';
  /** [channels], or one number for all. */
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

export type Layer =
  | ConvLayer
  | AffineLayer
  | { readonly kind: 'activation'; readonly activation: Activation }
  /** Of two or more values; a [channels, 1, 1] beside a map counts for all its pixels. */
  | { readonly kind: 'elementwise'; readonly op: 'Add' | 'Sub' | 'Mul' }
  | { readonly kind: 'pad'; readonly pads: Pads }
  | {
      readonly kind: 'pool';
      readonly of: 'max' | 'average';
      readonly window: Pair;
      readonly strides: Pair;
      readonly padding: Padding;
    }
  | { readonly kind: 'globalPool'; readonly of: 'max' | 'average'; readonly keepDims: boolean }
  /** Along the channels. */
  | { readonly kind: 'concat' }
  /** kernel [in, out], bias [out] */
  | { readonly kind: 'dense'; readonly kernel: Tensor; readonly bias: Tensor | null }
  /** A map as a vector, of this length if the file says one. */
  | { readonly kind: 'flatten'; readonly length: number | null }
  /** A map of one pixel as a vector. */
  | { readonly kind: 'squeeze' }
  /** A vector of this length as a map of one pixel. */
  | { readonly kind: 'unflatten'; readonly length: number | null }
  | { readonly kind: 'identity' };

export interface Step {
  /** Of the value that it makes; unique. */
  readonly id: string;
  /** What the file calls it. */
  readonly label: string;
  /** The values that it takes; constants are part of the layer. */
  readonly inputs: readonly string[];
  /**
   * What it does, read from the file when it is asked for: parts of a network that are cut off may hold anything.
   * @throws DermOrbitError TENSORFLOW_INVALID, TENSORFLOW_UNSUPPORTED
   */
  readonly layer: () => Layer;
}

export interface Network {
  readonly input: {
    readonly id: string;
    /** Height and width are null where the file leaves them open. */
    readonly dims: readonly [number | null, number | null, number];
  };
  readonly steps: ReadonlyMap<string, Step>;
  /** Values that the file calls its results. */
  readonly outputs: readonly string[];
}

/** The file is damaged or contradicts itself. */
export function invalid(message: string, cause?: unknown): DermOrbitError {
  return new DermOrbitError('TENSORFLOW_INVALID', message, { cause });
}

/** The file is sound and asks for what DermOrbit does not run. */
export function unsupported(message: string): DermOrbitError {
  return new DermOrbitError('TENSORFLOW_UNSUPPORTED', message);
}

/** y = x scale + shift with the numbers of a batch norm: scale = gamma / sqrt(variance + epsilon), in double precision. */
export function batchNorm(
  label: string,
  parts: {
    readonly gamma: Tensor | null;
    readonly beta: Tensor | null;
    readonly mean: Tensor;
    readonly variance: Tensor;
    readonly epsilon: number;
  },
): AffineLayer {
  const { gamma, beta, mean, variance, epsilon } = parts;
  const channels = mean.data.length;
  if ([gamma, beta, variance].some((part) => part !== null && part.data.length !== channels)) {
    throw invalid(`${label}: the parts of its batch norm have different lengths.`);
  }
  if (!(epsilon >= 0 && epsilon < 1) || variance.data.some((value) => !(value + epsilon > 0))) {
    throw invalid(`${label}: its batch norm has a variance that is no positive number.`);
  }
  const scale = Float64Array.from(
    variance.data,
    (value, channel) => (gamma ? gamma.data[channel]! : 1) / Math.sqrt(value + epsilon),
  );
  const shift = Float64Array.from(
    mean.data,
    (value, channel) => (beta ? beta.data[channel]! : 0) - value * scale[channel]!,
  );
  return { kind: 'affine', scale, shift };
}
