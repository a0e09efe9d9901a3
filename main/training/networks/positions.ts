// The positions of an attention pool, the only weights of a CLIP ResNet that depend on the size of its input. Pure.
import type { Tensor } from '../../contract/tensor.ts';
import { poolPrefix } from '../graphs/forward.ts';
import type { State } from '../step.ts';

const positions = /(^|\.)(pool\/)?visual\.attnpool\.positional_embedding$/;

/** The state of a run for another input size: positions, their averages and their moments are resampled. */
export function resizeState(state: State, featureSize: number): State {
  return new Map(
    [...state].map(([name, tensor]) => [
      name,
      positions.test(name) ? resizePositions(tensor, featureSize) : tensor,
    ]),
  );
}

/** Name of the positions in a graph. */
export const positionsName = `${poolPrefix}visual.attnpool.positional_embedding`;

/**
 * Positions of the mean token and of a grid of cells, for another grid: bilinear between the centres of the cells.
 * @param tensor [1, s*s + 1, C] or [s*s + 1, C]
 * @param size side of the new grid
 */
export function resizePositions({ data, dims }: Tensor, size: number): Tensor {
  const channels = dims.at(-1)!;
  const tokens = dims.at(-2)!;
  const before = Math.round(Math.sqrt(tokens - 1));
  const shape = [...dims.slice(0, -2), size * size + 1, channels];
  if (before === size) return { data, dims };
  const resized = new Float32Array((size * size + 1) * channels);
  resized.set(data.subarray(0, channels));
  const place = (index: number) => {
    const at = Math.min(before - 1, Math.max(0, ((index + 0.5) * before) / size - 0.5));
    const low = Math.min(before - 1, Math.floor(at));
    return { low, high: Math.min(before - 1, low + 1), share: at - low };
  };
  const cell = (row: number, column: number) => (1 + row * before + column) * channels;
  for (let row = 0; row < size; row++) {
    const y = place(row);
    for (let column = 0; column < size; column++) {
      const x = place(column);
      const out = (1 + row * size + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const along = (line: number) =>
          (1 - x.share) * data[cell(line, x.low) + channel]! + x.share * data[cell(line, x.high) + channel]!;
        resized[out + channel] = (1 - y.share) * along(y.low) + y.share * along(y.high);
      }
    }
  }
  return { data: resized, dims: shape };
}
