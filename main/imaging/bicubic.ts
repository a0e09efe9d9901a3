// Separable bicubic resampling as Pillow does it: the kernel widened by the reduction (antialiasing), the first
// pass along rows, 8-bit rounding between the passes. libvips interpolates enlargements differently (mean
// difference of 5 grey levels on noise), so images smaller than the model's input go through this; it is
// also the independent reference that the tests hold libvips' reductions against. Pure.

/** Cubic convolution with a = -0.5 (Keys 1981, "Cubic convolution interpolation for digital image processing"). */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

interface Taps {
  /** First source index that contributes. */
  readonly start: number;
  /** Weights of the source samples from `start` on; they add up to 1. */
  readonly weights: Float64Array;
}

/** For each output sample of one axis, which source samples it is made of. */
function tapsOf(sourceSize: number, targetSize: number, from: number, count: number): Taps[] {
  const step = sourceSize / targetSize;
  const stretch = Math.max(1, step);
  return Array.from({ length: count }, (_, index) => {
    const centre = (from + index + 0.5) * step;
    const start = Math.max(0, Math.floor(centre - 2 * stretch + 0.5));
    const end = Math.min(sourceSize, Math.floor(centre + 2 * stretch + 0.5));
    const weights = Float64Array.from({ length: end - start }, (_, tap) =>
      cubic((start + tap + 0.5 - centre) / stretch),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}

/** A rectangle of the resized image. */
interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Resizes RGB pixels and returns a region of the result; pixels outside the region are never computed.
 * @param source [height, width, 3]
 * @returns [region.height, region.width, 3]
 */
export function resizeBicubic(
  source: { readonly data: Uint8Array; readonly width: number; readonly height: number },
  target: { readonly width: number; readonly height: number },
  region: Region,
): Uint8Array {
  const columns = tapsOf(source.width, target.width, region.left, region.width);
  const rows = tapsOf(source.height, target.height, region.top, region.height);
  // Only the source rows that the region's rows are made of.
  const first = rows[0]!.start;
  const last = rows.at(-1)!.start + rows.at(-1)!.weights.length;
  // Uint8ClampedArray rounds to nearest and clamps: the 8-bit store between Pillow's passes.
  const wide = new Uint8ClampedArray((last - first) * region.width * 3);
  for (let y = first; y < last; y++) {
    columns.forEach(({ start, weights }, x) => {
      const from = (y * source.width + start) * 3;
      addUp(source.data, from, 3, weights, wide, ((y - first) * region.width + x) * 3);
    });
  }
  const square = new Uint8ClampedArray(region.height * region.width * 3);
  const stride = region.width * 3;
  rows.forEach(({ start, weights }, y) => {
    for (let x = 0; x < region.width; x++) {
      addUp(wide, (start - first) * stride + x * 3, stride, weights, square, y * stride + x * 3);
    }
  });
  return new Uint8Array(square.buffer);
}

/** One RGB output pixel: the weighted sum of source pixels that lie `stride` apart. */
function addUp(
  source: Uint8Array | Uint8ClampedArray,
  from: number,
  stride: number,
  weights: Float64Array,
  target: Uint8ClampedArray,
  to: number,
): void {
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let tap = 0, at = from; tap < weights.length; tap++, at += stride) {
    const weight = weights[tap]!;
    red += weight * source[at]!;
    green += weight * source[at + 1]!;
    blue += weight * source[at + 2]!;
  }
  target[to] = red;
  target[to + 1] = green;
  target[to + 2] = blue;
}
