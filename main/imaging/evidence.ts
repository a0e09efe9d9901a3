// The evidence map laid over the image it explains. `evidenceColours` is pure; `overlayEvidence` encodes.
import { palette } from '../contract/palette.ts';
import { encodePng } from './display.ts';

type Colour = readonly [number, number, number];

export interface OverlayOptions {
  /** Share of the colour where the evidence is strongest, 0 to 1. */
  readonly opacity?: number;
  /** Colour of cells that speak for the class. */
  readonly positive?: Colour;
  /** Colour of cells that speak against it. */
  readonly negative?: Colour;
  /** Evidence shown at full opacity; give one number to compare maps. Default: the largest of the map. */
  readonly scale?: number;
}

const defaults = {
  opacity: 0.6,
  positive: palette.evidenceFor,
  negative: palette.evidenceAgainst,
} as const;

/**
 * Blends an evidence map into its image. The blend is proportional to the evidence and symmetric about 0: a cell
 * that says nothing leaves the image as it is. Between the centres of cells the value runs smoothly, never beyond
 * its neighbours' values, so the picture shows no evidence that no cell has.
 * @param square [size, size, 3], 8-bit sRGB: the square that the model saw
 * @param cells [cellSize * cellSize], row-major, in the frame of the square; positive supports the class
 * @returns [size, size, 3]
 */
export function evidenceColours(
  square: Uint8Array,
  size: number,
  cells: ArrayLike<number>,
  cellSize: number,
  options: OverlayOptions = {},
): Uint8Array {
  if (square.length !== size * size * 3 || cells.length !== cellSize * cellSize) {
    throw new RangeError(
      `${square.length} numbers and ${cells.length} cells are not an image of ${size} and a map of ${cellSize}`,
    );
  }
  const { opacity, positive, negative } = { ...defaults, ...options };
  const scale = options.scale ?? Array.from(cells).reduce((most, cell) => Math.max(most, Math.abs(cell)), 0);
  if (scale === 0) return square.slice();
  const colours = new Uint8Array(square.length);
  const axis = Array.from({ length: size }, (_, index) => neighbours(index, size, cellSize));
  for (let row = 0; row < size; row++) {
    const { first: top, second: bottom, share: v } = axis[row]!;
    for (let column = 0; column < size; column++) {
      const { first: left, second: right, share: u } = axis[column]!;
      const cell = (r: number, c: number): number => cells[r * cellSize + c]!;
      const above = cell(top, left) * (1 - u) + cell(top, right) * u;
      const below = cell(bottom, left) * (1 - u) + cell(bottom, right) * u;
      const evidence = above * (1 - v) + below * v;
      const blend = opacity * Math.min(1, Math.abs(evidence) / scale);
      const colour = evidence < 0 ? negative : positive;
      const at = (row * size + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        colours[at + channel] = Math.round(square[at + channel]! * (1 - blend) + colour[channel]! * blend);
      }
    }
  }
  return colours;
}

/**
 * evidenceColours as a PNG of size x size pixels.
 * @returns the bytes of the PNG file
 */
export async function overlayEvidence(
  square: Uint8Array,
  size: number,
  cells: ArrayLike<number>,
  cellSize: number,
  options: OverlayOptions = {},
): Promise<Uint8Array> {
  return encodePng(evidenceColours(square, size, cells, cellSize, options), size);
}

/** The cells on either side of a pixel along one axis, and the share of the second. */
function neighbours(
  pixel: number,
  size: number,
  cellSize: number,
): { first: number; second: number; share: number } {
  const position = ((pixel + 0.5) / size) * cellSize - 0.5;
  const floor = Math.floor(position);
  const linear = position - floor;
  const inside = (index: number): number => Math.min(Math.max(index, 0), cellSize - 1);
  // Eased (3t^2 - 2t^3), so that the slope is 0 at the centres of cells and no edge shows there.
  return { first: inside(floor), second: inside(floor + 1), share: linear * linear * (3 - 2 * linear) };
}
