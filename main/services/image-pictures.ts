// Pictures of image files for the page, on top of main/imaging: what is shown passed the same guards as what is
// classified.
import { openImage } from '../imaging/decode.ts';
import { thumbnail } from '../imaging/display.ts';
import { readImageFile } from '../imaging/file.ts';
import { preprocess } from '../imaging/preprocess.ts';
import { rotateSquare } from '../imaging/rotate.ts';
import { sharp } from '../imaging/sharp.ts';
import type { ImagePictures, Picture } from './picture-maker.ts';

/** Sides in pixels. Thumbnails and squares are shown at half of this on screens of double density. */
const thumbnailSize = 160;
const squareSize = 768;
/** Larger photographs are shown at this, which is more than screens have; every browser decodes it. */
const wholeSize = 8192;
/** Turned in this process, so small enough not to be felt. */
const turnedSize = 384;

/** Pixels of a square crop: [size, size, 3]. */
interface Square {
  readonly pixels: Uint8Array;
  readonly size: number;
}

/** Remembers the last turned image's pixels, since its next angle is usually asked for next. */
export function imagePictures(): ImagePictures {
  let turning: { readonly path: string; readonly square: Promise<Square> } | null = null;
  return {
    thumbnail: async (path) => ({ mediaType: 'image/jpeg', bytes: await thumbnail(path, thumbnailSize) }),
    whole: async (path) => ({ mediaType: 'image/jpeg', bytes: await thumbnail(path, wholeSize) }),
    square: async (path) => jpeg(await squareOf(path, squareSize)),
    turned: async (path, angle) => {
      if (turning?.path !== path) turning = { path, square: squareOf(path, turnedSize) };
      const { pixels, size } = await turning.square;
      return jpeg({ pixels: rotateSquare(pixels, size, angle), size });
    },
  };
}

/** The model's crop at up to `largest` pixels a side: never enlarged, so that it shows what is there. */
async function squareOf(path: string, largest: number): Promise<Square> {
  const file = await readImageFile(path);
  const { width, height } = await openImage(file);
  const size = Math.min(largest, width, height);
  const { square } = await preprocess(file, size);
  return { pixels: square, size };
}

async function jpeg({ pixels, size }: Square): Promise<Picture> {
  const bytes = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .jpeg({ quality: 92 })
    .toBuffer();
  return { mediaType: 'image/jpeg', bytes };
}
