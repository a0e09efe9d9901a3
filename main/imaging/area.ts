// Small pictures by averaging over areas, as PyTorch's adaptive average pooling cuts them. Pure.

/**
 * Square planes averaged to `side` x `side`: cell i is the mean of the rows from floor(i N / side) to
 * ceil((i + 1) N / side), which overlap where N is no multiple of `side`. The cut is the same from either end, so the
 * small picture of a turned or mirrored one is the small picture turned or mirrored, up to rounding.
 * @param planes [C, N, N]
 * @param size N
 * @returns [C, side, side]
 */
export function areaAverage(planes: Float32Array, size: number, side: number): Float32Array {
  const plane = size * size;
  const channels = planes.length / plane;
  const small = new Float32Array(channels * side * side);
  const ranges = Array.from({ length: side }, (_, i) => ({
    from: Math.floor((i * size) / side),
    to: Math.ceil(((i + 1) * size) / side),
  }));
  for (let channel = 0; channel < channels; channel++) {
    ranges.forEach((rows, i) => {
      ranges.forEach((columns, j) => {
        let sum = 0;
        for (let row = rows.from; row < rows.to; row++) {
          const start = channel * plane + row * size;
          for (let column = columns.from; column < columns.to; column++) sum += planes[start + column]!;
        }
        const count = (rows.to - rows.from) * (columns.to - columns.from);
        small[(channel * side + i) * side + j] = sum / count;
      });
    });
  }
  return small;
}
