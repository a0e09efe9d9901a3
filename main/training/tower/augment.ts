// Random changes of a training image: turn, mirror, crop and shift as one resampling, colours as one matrix. Pure.
// Coordinates of the crop run from -1/2 to 1/2; everything beyond the picture is its mirror image.
import type { Augmentation } from '../../contract/training.ts';
import { below, type Random } from '../../evaluation/metrics/random.ts';
import { discOf } from '../../imaging/disc.ts';
import { uniform } from '../random.ts';

/** Colours as color' = matrix color + offset, on [0, 1]. */
interface ColourMap {
  /** Row-major, 3 x 3. */
  readonly matrix: readonly number[];
  /** The same for all channels. */
  readonly offset: number;
}

/** What happens to one image. */
export interface DrawnView {
  /** Radians, counter-clockwise. */
  readonly angle: number;
  readonly mirror: boolean;
  /** Side of the crop, as a share of the picture's. */
  readonly side: number;
  /** Distance of the crop's centre from the picture's, as shares of its side. */
  readonly right: number;
  readonly down: number;
  readonly colours: ColourMap;
  /** Whether only the disc of it is seen. */
  readonly masked: boolean;
}

/** The weights of luma in Rec. 601. */
const luma = [0.299, 0.587, 0.114] as const;

const angles: Readonly<Record<Augmentation['turns'], (random: Random) => number>> = {
  none: () => 0,
  quarter: (random) => (below(random, 4) * Math.PI) / 2,
  free: (random) => uniform(random) * 2 * Math.PI,
};

/** Draws a change; the same number of draws whatever comes out, so that one setting does not shift the others. */
export function drawView(random: Random, augmentation: Augmentation): DrawnView {
  const between = (low: number, high: number) => low + (high - low) * uniform(random);
  const around = (reach: number) => between(-reach, reach);
  const { turns, mirrors, crop, shift, brightness, contrast, saturation, hue, masked } = augmentation;
  return {
    angle: angles[turns](random),
    mirror: below(random, 2) === 1 && mirrors,
    side: between(crop[0], crop[1]),
    right: around(shift),
    down: around(shift),
    colours: colourMap(
      1 + around(brightness),
      1 + around(contrast),
      1 + around(saturation),
      (around(hue) * Math.PI) / 180,
    ),
    masked: uniform(random) < masked,
  };
}

/** Brightness, then contrast about mid-grey, then saturation towards luma, then a turn about the grey axis. */
function colourMap(brightness: number, contrast: number, saturation: number, hue: number): ColourMap {
  // Rotation by `hue` about (1, 1, 1) (Rodrigues): greys stay as they are.
  const [cosine, sine] = [Math.cos(hue), Math.sin(hue) / Math.sqrt(3)];
  const third = (1 - cosine) / 3;
  const rotation = [0, 1, 2].map((row) =>
    [0, 1, 2].map((column) => {
      const turned = (column - row + 3) % 3;
      return third + [cosine, -sine, sine][turned]!;
    }),
  );
  const saturated = [0, 1, 2].map((row) =>
    [0, 1, 2].map((column) => (1 - saturation) * luma[column]! + (row === column ? saturation : 0)),
  );
  const gain = brightness * contrast;
  const matrix = [0, 1, 2].flatMap((row) =>
    [0, 1, 2].map(
      (column) => gain * [0, 1, 2].reduce((sum, k) => sum + rotation[row]![k]! * saturated[k]![column]!, 0),
    ),
  );
  // Rows of both matrices sum to 1, so that an offset of all channels passes through them.
  return { matrix, offset: 0.5 * (1 - contrast) };
}

export interface Target {
  /** [3, size, size] from `at` on. */
  readonly data: Float32Array;
  readonly at: number;
  readonly size: number;
  /** Per channel, in [0, 1]. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Resamples a picture (bilinear, after a box reduction where the crop has at least twice the pixels of the target) and
 * normalises it as the model's input.
 * @param square [side, side, 3], 8-bit sRGB
 */
export function renderView(square: Uint8Array, side: number, view: DrawnView, target: Target): void {
  const factor = Math.max(1, Math.floor((view.side * side) / target.size));
  const [source, length] =
    factor === 1 ? [square, side] : [reduced(square, side, factor), Math.floor(side / factor)];
  const { data, at, size, mean, std } = target;
  const plane = size * size;
  const { matrix, offset } = view.colours;
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8] = matrix.map(
    (value, index) => value / 255 / std[Math.floor(index / 3)]!,
  ) as [number, number, number, number, number, number, number, number, number];
  const [c0, c1, c2] = [0, 1, 2].map((channel) => (offset - mean[channel]!) / std[channel]!) as [
    number,
    number,
    number,
  ];
  const scale = (view.side * length) / size;
  const [cosine, sine] = [Math.cos(view.angle) * scale, Math.sin(view.angle) * scale];
  const flip = view.mirror ? -1 : 1;
  const centreX = (0.5 + view.right) * length - 0.5;
  const centreY = (0.5 + view.down) * length - 0.5;
  const middle = (size - 1) / 2;
  let place = at;
  for (let row = 0; row < size; row++) {
    const v = row - middle;
    for (let column = 0; column < size; column++, place++) {
      const u = (column - middle) * flip;
      // Counter-clockwise on a screen, whose rows run downwards: the source is looked up at the turned-back place.
      const x = centreX + cosine * u - sine * v;
      const y = centreY + sine * u + cosine * v;
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [fx, fy] = [x - left, y - top];
      const [x0, x1] = [3 * mirrored(left, length), 3 * mirrored(left + 1, length)];
      const [y0, y1] = [3 * length * mirrored(top, length), 3 * length * mirrored(top + 1, length)];
      const [w00, w01, w10, w11] = [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy];
      const [a, b, c, d] = [y0 + x0, y0 + x1, y1 + x0, y1 + x1];
      const red = w00 * source[a]! + w01 * source[b]! + w10 * source[c]! + w11 * source[d]!;
      const green = w00 * source[a + 1]! + w01 * source[b + 1]! + w10 * source[c + 1]! + w11 * source[d + 1]!;
      const blue = w00 * source[a + 2]! + w01 * source[b + 2]! + w10 * source[c + 2]! + w11 * source[d + 2]!;
      data[place] = m0 * red + m1 * green + m2 * blue + c0;
      data[place + plane] = m3 * red + m4 * green + m5 * blue + c1;
      data[place + 2 * plane] = m6 * red + m7 * green + m8 * blue + c2;
    }
  }
  if (view.masked) maskCorners(target);
}

/** Gives everything outside the inscribed circle the mean colour of the rim, as the turn test does. */
function maskCorners({ data, at, size }: Target): void {
  const { outside, rim } = discOf(size);
  for (let channel = 0; channel < 3; channel++) {
    const plane = at + channel * size * size;
    let sum = 0;
    for (const place of rim) sum += data[plane + place]!;
    for (const place of outside) data[plane + place] = sum / rim.length;
  }
}

/** A place beyond the picture, mirrored at its edge; once is enough for crops up to three times the picture. */
function mirrored(index: number, length: number): number {
  const inside = index < 0 ? -1 - index : index >= length ? 2 * length - 1 - index : index;
  return Math.min(length - 1, Math.max(0, inside));
}

/** Means of blocks of factor x factor pixels; what does not fill a block is left out. */
function reduced(square: Uint8Array, side: number, factor: number): Uint8Array {
  const length = Math.floor(side / factor);
  const small = new Uint8Array(3 * length * length);
  const area = factor * factor;
  for (let row = 0; row < length; row++) {
    for (let column = 0; column < length; column++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let i = 0; i < factor; i++) {
          for (let j = 0; j < factor; j++) {
            sum += square[3 * ((row * factor + i) * side + column * factor + j) + channel]!;
          }
        }
        small[3 * (row * length + column) + channel] = Math.round(sum / area);
      }
    }
  }
  return small;
}
