// Sizes, pads and the order of weights: TensorFlow's rules in ONNX's words. Pure.
import { tensor, type Tensor } from '../../contract/tensor.ts';
import { invalid, type Padding, type Pads, type Pair } from './network.ts';

/** A window that slides over a map. */
export interface Sliding {
  readonly window: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
}

/** No layer of an image network has windows, strides or pads of more pixels. */
const largestWindow = 1024;

/**
 * The pads that a window needs and the size of what it makes. "same" puts the odd pixel at the bottom and the right.
 * @param size height and width of the map
 * @throws DermOrbitError TENSORFLOW_INVALID if the window does not fit
 */
export function slide(
  label: string,
  size: Pair,
  sliding: Sliding,
): { readonly pads: Pads; readonly size: Pair } {
  const { window, strides, dilations, padding } = sliding;
  const numbers = [...window, ...strides, ...dilations];
  const pads = typeof padding === 'string' ? [0, 0, 0, 0] : padding;
  if (
    !numbers.every((value) => Number.isInteger(value) && value >= 1 && value <= largestWindow) ||
    !pads.every((value) => Number.isInteger(value) && value >= 0 && value <= largestWindow)
  ) {
    throw invalid(`${label}: a window of ${window.join(' x ')} with strides ${strides.join(', ')} is none.`);
  }
  const [vertical, horizontal] = ([0, 1] as const).map((axis) => {
    const extent = (window[axis] - 1) * dilations[axis] + 1;
    let [before, after] = [pads[axis], pads[axis + 2]!];
    if (padding === 'same') {
      const made = Math.ceil(size[axis] / strides[axis]);
      const total = Math.max(0, (made - 1) * strides[axis] + extent - size[axis]);
      [before, after] = [Math.floor(total / 2), Math.ceil(total / 2)];
    }
    const made = Math.floor((size[axis] + before + after - extent) / strides[axis]) + 1;
    if (made < 1)
      throw invalid(`${label}: its window of ${extent} pixels does not fit a map of ${size[axis]}.`);
    return { before, after, made };
  }) as [Side, Side];
  return {
    pads: [vertical.before, horizontal.before, vertical.after, horizontal.after],
    size: [vertical.made, horizontal.made],
  };
}

interface Side {
  readonly before: number;
  readonly after: number;
  readonly made: number;
}

/**
 * A kernel in ONNX's order: [height, width, in, out] -> [out, in, height, width], and depthwise
 * [height, width, channels, multiplier] -> [channels * multiplier, 1, height, width].
 */
export function onnxKernel(kernel: Tensor, depthwise: boolean): Tensor {
  const [height, width, inputs, outputs] = kernel.dims as [number, number, number, number];
  const cells = height * width;
  const data = new Float32Array(kernel.data.length);
  let source = 0;
  for (let cell = 0; cell < cells; cell++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        data[(depthwise ? i * outputs + o : o * inputs + i) * cells + cell] = kernel.data[source++]!;
      }
    }
  }
  const dims = depthwise ? [inputs * outputs, 1] : [outputs, inputs];
  return tensor(data, [...dims, height, width]);
}

/**
 * A matrix [in, out] as [out, in], whose inputs may be a map that was laid out flat: TensorFlow counts its channels
 * fastest, ONNX its columns.
 * @param flattened height, width and channels of that map; null for a vector
 */
export function onnxMatrix(kernel: Tensor, flattened: readonly [number, number, number] | null): Tensor {
  const [inputs, outputs] = kernel.dims as [number, number];
  const [height, width, channels] = flattened ?? [1, 1, inputs];
  const data = new Float32Array(kernel.data.length);
  for (let i = 0; i < inputs; i++) {
    const cell = Math.floor(i / channels);
    const target = (i % channels) * height * width + cell;
    for (let o = 0; o < outputs; o++) data[o * inputs + target] = kernel.data[i * outputs + o]!;
  }
  return tensor(data, [outputs, inputs]);
}
