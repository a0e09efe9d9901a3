// CLIP's preprocessing (Radford et al. 2021, the reference's `_transform`): short side to the model's size by
// bicubic interpolation, centre crop, scale to [0, 1], normalise. Once per image: orientations are index
// permutations of the square that comes out.
import { basename } from 'node:path';
import type { NoteCode } from '../contract/notes.ts';
import { resizeBicubic } from './bicubic.ts';
import type { RgbImage } from './pixels.ts';
import { openImage, rgbOf } from './decode.ts';
import type { ImageFile } from './file.ts';
import { looksOf } from './looks.ts';
import { sharp } from './sharp.ts';

/** What the model sees of an image, before normalisation. */
export interface PreprocessedImage {
  /** [size, size, 3], 8-bit sRGB. */
  readonly square: Uint8Array;
  /** Pixels of the image after EXIF orientation, before resize and crop. */
  readonly width: number;
  readonly height: number;
  /** What decoding found worth saying, and how the picture looks; beside the notes of the file. */
  readonly notes: readonly NoteCode[];
}

/** Where the square lies in the resized image. */
interface Geometry {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
}

/**
 * torchvision's integer rules (`Resize` with one number, then `CenterCrop`): the long side is truncated, the
 * offset is rounded half to even as Python's `round` does.
 */
export function geometryOf(width: number, height: number, size: number): Geometry {
  const short = Math.min(width, height);
  const resized = {
    width: Math.floor((size * width) / short),
    height: Math.floor((size * height) / short),
  };
  return {
    ...resized,
    left: halfToEven((resized.width - size) / 2),
    top: halfToEven((resized.height - size) / 2),
  };
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Decodes an image and cuts out the square that the model sees.
 * @param size side of the model's input, in pixels
 * @throws DermOrbitError IMAGE_TOO_LARGE, IMAGE_TRUNCATED, IMAGE_UNRECOGNISED (see openImage)
 */
export async function preprocess(file: ImageFile, size: number): Promise<PreprocessedImage> {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`A square cannot have side ${size}`);
  const name = basename(file.path);
  const { pipeline, width, height, notes } = await openImage(file);
  const finish = (square: Uint8Array): PreprocessedImage => {
    return { square, width, height, notes: [...notes, ...looksOf(square)] };
  };
  const geometry = geometryOf(width, height, size);
  const short = Math.min(width, height);
  if (short < size) {
    const region = { left: geometry.left, top: geometry.top, width: size, height: size };
    return finish(resizeBicubic(await rgbOf(pipeline, name), geometry, region));
  }
  // libvips reduces by more than 4 with a box filter first, which shifts its 8-bit results by half a grey level,
  // and reads JPEG and WebP at a fraction of their size. Steps below 4 keep to the bicubic kernel: mean error
  // against Pillow below 0.25 grey levels at any size.
  const steps = Math.max(1, Math.ceil(Math.log(short / size) / Math.log(3.9)));
  let reduced: RgbImage | null = null;
  for (let step = 1; step <= steps; step++) {
    const enlargement: number = (short / size) ** ((steps - step) / steps);
    const source = reduced === null ? pipeline : fromRgb(reduced);
    const resized = source.resize(
      Math.round(geometry.width * enlargement),
      Math.round(geometry.height * enlargement),
      { fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: false },
    );
    reduced = await rgbOf(resized, name);
  }
  // Cropped here and not by libvips, which would not read what the crop leaves out, and so not see its damage.
  return finish(crop(reduced!, geometry, size));
}

/** Decoded pixels as the input of another pipeline. */
function fromRgb({ data, width, height }: RgbImage): ReturnType<typeof sharp> {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

function crop(image: RgbImage, { left, top }: Geometry, size: number): Uint8Array {
  const square = new Uint8Array(size * size * 3);
  for (let row = 0; row < size; row++) {
    const start = ((top + row) * image.width + left) * 3;
    square.set(image.data.subarray(start, start + size * 3), row * size * 3);
  }
  return square;
}

/**
 * Pixels to the model's input: scaled to [0, 1], normalised per channel, channels first.
 * @param square [size, size, 3]
 * @param mean per channel, in [0, 1]
 * @param std per channel
 * @returns [3, size, size]
 */
export function toTensor(
  square: Uint8Array,
  size: number,
  mean: readonly number[],
  std: readonly number[],
): Float32Array {
  const plane = size * size;
  if (square.length !== 3 * plane) {
    throw new RangeError(`${square.length} numbers are not ${size} x ${size} RGB pixels`);
  }
  const tensor = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const table = Float32Array.from(
      { length: 256 },
      (_, level) => (level / 255 - mean[channel]!) / std[channel]!,
    );
    const start = channel * plane;
    for (let i = 0, from = channel; i < plane; i++, from += 3) tensor[start + i] = table[square[from]!]!;
  }
  return tensor;
}
