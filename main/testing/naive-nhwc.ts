// Layers of TensorFlow as plain loops in double precision, to test readers against: maps [height, width, channels] of
// one picture. Test use only; written from the definitions, shares no code with the readers.

export interface NhwcMap {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: readonly number[];
}

export interface NhwcWindow {
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  readonly padding: 'same' | 'valid';
}

/** What a window sees: for every place that it stops at, the pixels of the map under it (null outside). */
function stops(
  map: NhwcMap,
  window: NhwcWindow,
): { height: number; width: number; origins: [number, number][] } {
  const along = (size: number, extent: number): [number, number] => {
    if (window.padding === 'valid') return [Math.ceil((size - extent + 1) / window.stride), 0];
    const made = Math.ceil(size / window.stride);
    return [made, Math.floor(Math.max(0, (made - 1) * window.stride + extent - size) / 2)];
  };
  const [height, top] = along(map.height, window.height);
  const [width, left] = along(map.width, window.width);
  const origins: [number, number][] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) origins.push([y * window.stride - top, x * window.stride - left]);
  }
  return { height, width, origins };
}

function pixel(map: NhwcMap, y: number, x: number, channel: number): number | null {
  if (y < 0 || x < 0 || y >= map.height || x >= map.width) return null;
  return map.data[(y * map.width + x) * map.channels + channel]!;
}

/** @param kernel [height, width, in, out] */
export function naiveConv(map: NhwcMap, window: NhwcWindow, kernel: ArrayLike<number>, out: number): NhwcMap {
  const { height, width, origins } = stops(map, window);
  const data = origins.flatMap(([y, x]) =>
    Array.from({ length: out }, (_, o) => {
      let sum = 0;
      for (let ky = 0; ky < window.height; ky++)
        for (let kx = 0; kx < window.width; kx++)
          for (let i = 0; i < map.channels; i++) {
            const weight = kernel[((ky * window.width + kx) * map.channels + i) * out + o]!;
            sum += weight * (pixel(map, y + ky, x + kx, i) ?? 0);
          }
      return sum;
    }),
  );
  return { height, width, channels: out, data };
}

/** @param kernel [height, width, channels, multiplier] */
export function naiveDepthwise(
  map: NhwcMap,
  window: NhwcWindow,
  kernel: ArrayLike<number>,
  multiplier: number,
): NhwcMap {
  const { height, width, origins } = stops(map, window);
  const channels = map.channels * multiplier;
  const data = origins.flatMap(([y, x]) =>
    Array.from({ length: channels }, (_, o) => {
      const channel = Math.floor(o / multiplier);
      let sum = 0;
      for (let ky = 0; ky < window.height; ky++)
        for (let kx = 0; kx < window.width; kx++) {
          const weight =
            kernel[((ky * window.width + kx) * map.channels + channel) * multiplier + (o % multiplier)]!;
          sum += weight * (pixel(map, y + ky, x + kx, channel) ?? 0);
        }
      return sum;
    }),
  );
  return { height, width, channels, data };
}

/** Maximum or mean of the pixels under the window; those outside the map do not count. */
export function naivePool(map: NhwcMap, window: NhwcWindow, of: 'max' | 'average'): NhwcMap {
  const { height, width, origins } = stops(map, window);
  const data = origins.flatMap(([y, x]) =>
    Array.from({ length: map.channels }, (_, channel) => {
      const seen: number[] = [];
      for (let ky = 0; ky < window.height; ky++)
        for (let kx = 0; kx < window.width; kx++) {
          const value = pixel(map, y + ky, x + kx, channel);
          if (value !== null) seen.push(value);
        }
      return of === 'max' ? Math.max(...seen) : seen.reduce((a, b) => a + b, 0) / seen.length;
    }),
  );
  return { height, width, channels: map.channels, data };
}

/** Every number through a function of it and its channel. */
export function naiveEach(map: NhwcMap, change: (value: number, channel: number) => number): NhwcMap {
  return { ...map, data: map.data.map((value, i) => change(value, i % map.channels)) };
}

/** x W + b with W [in, out], the map laid out flat as it is. */
export function naiveDense(
  x: readonly number[],
  kernel: ArrayLike<number>,
  bias: ArrayLike<number>,
): number[] {
  return Array.from({ length: bias.length }, (_, o) =>
    x.reduce((sum, value, i) => sum + value * kernel[i * bias.length + o]!, bias[o]!),
  );
}
