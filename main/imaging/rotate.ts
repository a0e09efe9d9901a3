// Turns by any angle, for the turn test: what the exact group actions cannot do, interpolation does approximately.
// Pure.
import { discOf } from './disc.ts';

type Colour = readonly [number, number, number];

/**
 * Turns a square image about its centre, bilinearly, and masks everything outside the inscribed circle, so that
 * the visible part is the same at every angle and no corner comes or goes. 0 degrees only masks. The mask has the mean
 * colour of the picture along the circle: a fixed grey would be an edge that no training picture has (with the bundled
 * model, 30 % instead of 65 % of the validation images were answered right behind a grey mask).
 * @param square [size, size, 3], 8-bit
 * @param degrees counter-clockwise
 * @param surround colour outside the circle, in grey levels per channel
 * @returns [size, size, 3]
 */
export function rotateSquare(
  square: Uint8Array,
  size: number,
  degrees: number,
  surround: Colour = rimColour(square, size),
): Uint8Array {
  if (square.length !== size * size * 3) {
    throw new RangeError(`${square.length} numbers are not ${size} x ${size} RGB pixels`);
  }
  const turned = new Uint8Array(square.length);
  const centre = (size - 1) / 2;
  const radius = size / 2;
  const { cosine, sine } = exactTurn(degrees);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const to = (row * size + column) * 3;
      const x = column - centre;
      const y = row - centre;
      if (x * x + y * y > radius * radius) {
        turned.set(surround, to);
        continue;
      }
      // Rows grow downwards: turning the picture counter-clockwise looks clockwise in (x, y).
      const sourceX = within(cosine * x - sine * y + centre, size);
      const sourceY = within(sine * x + cosine * y + centre, size);
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      const right = Math.min(left + 1, size - 1);
      const bottom = Math.min(top + 1, size - 1);
      const u = sourceX - left;
      const v = sourceY - top;
      for (let channel = 0; channel < 3; channel++) {
        const pixel = (r: number, c: number): number => square[(r * size + c) * 3 + channel]!;
        const above = pixel(top, left) * (1 - u) + pixel(top, right) * u;
        const below = pixel(bottom, left) * (1 - u) + pixel(bottom, right) * u;
        turned[to + channel] = Math.round(above * (1 - v) + below * v);
      }
    }
  }
  return turned;
}

/** The mean colour just inside the circle. */
function rimColour(square: Uint8Array, size: number): Colour {
  const { rim } = discOf(size);
  const mean = (channel: number) => {
    let sum = 0;
    for (const place of rim) sum += square[3 * place + channel]!;
    return Math.round(sum / rim.length);
  };
  return [mean(0), mean(1), mean(2)];
}

/** Quarter turns without the rounding of the trigonometric functions, so that they move pixels exactly. */
function exactTurn(degrees: number): { cosine: number; sine: number } {
  const quarters = degrees / 90;
  if (Number.isInteger(quarters)) {
    const turn = ((quarters % 4) + 4) % 4;
    return { cosine: [1, 0, -1, 0][turn]!, sine: [0, 1, 0, -1][turn]! };
  }
  const radians = (degrees * Math.PI) / 180;
  return { cosine: Math.cos(radians), sine: Math.sin(radians) };
}

function within(coordinate: number, size: number): number {
  return Math.min(Math.max(coordinate, 0), size - 1);
}
