// Whether a picture can be a photograph at all: masks of lesions, blank frames and test cards are answered like any
// other picture, so that must be said. Pure.
import type { NoteCode } from '../contract/notes.ts';

/** Grey levels by which a channel may differ from a colour to count as it: compression blurs flat areas. */
const tolerance = 10;
/** Share of pixels that must be of the one colour of a blank picture. */
const blankShare = 0.995;
/** Share that must be of the two colours; the rest lies between them, where resizing has blurred the edge. */
const twoColourShare = 0.8;
/** Share that may be neither: noise of compression along the edge. */
const otherShare = 0.01;

type Colour = readonly [number, number, number];

/** @param square [size, size, 3], 8-bit, as the model sees it */
export function looksOf(square: Uint8Array): NoteCode[] {
  const total = square.length / 3;
  const first = commonest(square, null);
  if (first === null) return [];
  const one = share(square, (r, g, b) => near(first, r, g, b)) / total;
  if (one >= blankShare) return ['IMAGE_BLANK'];
  const second = commonest(square, first);
  if (second === null) return ['IMAGE_BLANK'];
  const both = share(square, (r, g, b) => near(first, r, g, b) || near(second, r, g, b)) / total;
  if (both < twoColourShare) return [];
  const between = share(square, (r, g, b) => isBetween(first, second, r, g, b)) / total;
  return between >= 1 - otherShare ? ['IMAGE_TWO_COLOURS'] : [];
}

function share(square: Uint8Array, fits: (r: number, g: number, b: number) => boolean): number {
  let count = 0;
  for (let i = 0; i < square.length; i += 3) if (fits(square[i]!, square[i + 1]!, square[i + 2]!)) count++;
  return count;
}

function near([r, g, b]: Colour, red: number, green: number, blue: number): boolean {
  return (
    Math.abs(r - red) <= tolerance && Math.abs(g - green) <= tolerance && Math.abs(b - blue) <= tolerance
  );
}

/** The middle of the most frequent cell of colours (16 levels a channel) that is not near `except`. */
function commonest(square: Uint8Array, except: Colour | null): Colour | null {
  const counts = new Uint32Array(4096);
  const sums = new Float64Array(3 * 4096);
  for (let i = 0; i < square.length; i += 3) {
    const [r, g, b] = [square[i]!, square[i + 1]!, square[i + 2]!];
    if (except !== null && near(except, r, g, b)) continue;
    const cell = ((r >> 4) << 8) | ((g >> 4) << 4) | (b >> 4);
    counts[cell]!++;
    sums[3 * cell]! += r;
    sums[3 * cell + 1]! += g;
    sums[3 * cell + 2]! += b;
  }
  const cell = counts.indexOf(Math.max(...counts));
  const count = counts[cell]!;
  if (count === 0) return null;
  return [sums[3 * cell]! / count, sums[3 * cell + 1]! / count, sums[3 * cell + 2]! / count];
}

/** Whether a colour lies, up to the tolerance, on the straight line from one to the other. */
function isBetween(one: Colour, other: Colour, red: number, green: number, blue: number): boolean {
  const along = [other[0] - one[0], other[1] - one[1], other[2] - one[2]] as const;
  const from = [red - one[0], green - one[1], blue - one[2]] as const;
  const length = along[0] ** 2 + along[1] ** 2 + along[2] ** 2;
  const place = (along[0] * from[0] + along[1] * from[1] + along[2] * from[2]) / length;
  // Bicubic interpolation overshoots at edges.
  const clamped = Math.min(1, Math.max(0, place));
  return along.every((step, k) => Math.abs(from[k]! - clamped * step) <= 2 * tolerance);
}
