// Images for people to look at. They pass the same guards as images for the model: what is shown was accepted.
import { basename } from 'node:path';
import { openImage } from './decode.ts';
import { readImageFile } from './file.ts';
import { decoding } from './limits.ts';
import { preprocess } from './preprocess.ts';
import { sharp } from './sharp.ts';

interface DisplayOptions {
  readonly signal?: AbortSignal;
}

/**
 * The whole image, upright, small: no side longer than `size`, never enlarged.
 * @returns the bytes of a JPEG file, without the metadata of the original
 * @throws DermOrbitError as readImageFile and preprocess
 */
export async function thumbnail(
  path: string,
  size: number,
  options: DisplayOptions = {},
): Promise<Uint8Array> {
  const file = await readImageFile(path, options);
  const { pipeline } = await openImage(file);
  return decoding(basename(path), () =>
    pipeline.resize(size, size, { fit: 'inside', withoutEnlargement: true }).jpeg({ quality: 85 }).toBuffer(),
  );
}

/**
 * Exactly the square that the model sees.
 * @param size side of the model's input, in pixels
 * @returns the bytes of a PNG file
 * @throws DermOrbitError as readImageFile and preprocess
 */
export async function previewSquare(
  path: string,
  size: number,
  options: DisplayOptions = {},
): Promise<Uint8Array> {
  const { square } = await preprocess(await readImageFile(path, options), size);
  return encodePng(square, size);
}

/**
 * @param square [size, size, 3], 8-bit sRGB
 * @returns the bytes of a PNG file
 */
export async function encodePng(square: Uint8Array, size: number): Promise<Uint8Array> {
  return sharp(square, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
}
