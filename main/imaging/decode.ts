// Bytes become upright 8-bit sRGB pixels, for every kind of image the product reads.
//
// Choices, where readers of images differ:
// - Alpha is laid on black. A dermatoscope's field of view ends in black, so a masked-out surround looks to the
//   model as it does in the pictures it learned from; colours hidden under transparency, which the person
//   cannot see, cannot speak.
// - An embedded colour profile is applied: a Display P3 photograph of a lesion shows the same colours to the model
//   as the person sees. The training images carry no profile, so for them this is the reference's
//   behaviour (Pillow ignores profiles); pixels tagged as sRGB are taken as they are.
// - CMYK goes through its profile, or a standard one if it has none.
// - 16-bit samples keep their high byte, before any resizing: an 8-bit image stored as 16-bit gives the pixels of
//   the 8-bit one.
// - Only the first page of a TIFF and the first frame of a WebP are read.
import { basename } from 'node:path';
import type { Metadata, Sharp } from 'sharp';
import { DermOrbitError } from '../contract/errors.ts';
import type { ImageFile } from './file.ts';
import { imageFormats } from './formats.ts';
import { sharp } from './sharp.ts';

/** Images with more pixels are refused by their header, before anything is decoded. */
const maximumPixels = 50_000_000;

/** Upright 8-bit sRGB pixels. */
export interface RgbImage {
  /** [height, width, 3], row-major. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** An image whose header was accepted; nothing is decoded until the pipeline is asked for output. */
interface OpenedImage {
  /** Upright, flattened, 8-bit sRGB: ready for a resize and an output. */
  readonly pipeline: Sharp;
  /** Pixels after EXIF orientation. */
  readonly width: number;
  readonly height: number;
}

/**
 * Reads and judges the header, and prepares decoding.
 * @throws DermOrbitError IMAGE_TOO_LARGE (more than 50 megapixels), IMAGE_TRUNCATED (the header cannot be read),
 *   IMAGE_UNRECOGNISED (samples that are no colours, e.g. floating point)
 */
export async function openImage(file: ImageFile): Promise<OpenedImage> {
  const name = basename(file.path);
  const header = await decoding(name, () => sharp(file.bytes, { limitInputPixels: false }).metadata());
  const { width, height } = header.autoOrient;
  if (width * height > maximumPixels) {
    // Rounded up: 50.0004 must not read as the limit of 50.
    const megapixels = Math.ceil((width * height) / 1e4) / 100;
    throw new DermOrbitError(
      'IMAGE_TOO_LARGE',
      `${name} has ${width} x ${height} pixels (${megapixels} megapixels).`,
    );
  }
  // libvips recognises content by itself: it must have come to the same format.
  if (header.format !== file.format) {
    const label = imageFormats[file.format].label;
    throw new DermOrbitError('IMAGE_UNRECOGNISED', `${name} begins like ${label}, but is not.`);
  }
  if ((header.depth !== 'uchar' && header.depth !== 'ushort') || header.space === 'multiband') {
    const samples = `${header.channels} channels of type ${header.depth}`;
    throw new DermOrbitError('IMAGE_UNRECOGNISED', `${name} holds ${samples}, which are not colours.`);
  }
  const pipeline = sharp(file.bytes, {
    // Damaged data is refused, never filled up with grey.
    failOn: 'warning',
    limitInputPixels: maximumPixels,
    ignoreIcc: isTaggedSrgb(header),
  })
    .autoOrient()
    .pipelineColourspace('srgb')
    .toColourspace('srgb')
    .flatten({ background: '#000000' });
  return { pipeline, width, height };
}

/**
 * Whole image, decoded at its own size.
 * @throws DermOrbitError as openImage; IMAGE_TRUNCATED if the pixel data is damaged or incomplete
 */
export async function decodeImage(file: ImageFile): Promise<RgbImage> {
  const { pipeline } = await openImage(file);
  return rgbOf(pipeline, basename(file.path));
}

/**
 * Runs a pipeline to raw pixels.
 * @param name of the file, for messages
 * @throws DermOrbitError IMAGE_TRUNCATED, IMAGE_UNRECOGNISED if what comes out is not RGB
 */
export async function rgbOf(pipeline: Sharp, name: string): Promise<RgbImage> {
  const { data, info } = await decoding(name, () => pipeline.raw().toBuffer({ resolveWithObject: true }));
  if (info.channels !== 3) {
    throw new DermOrbitError('IMAGE_UNRECOGNISED', `${name} holds ${info.channels} channels, not colours.`);
  }
  return { data, width: info.width, height: info.height };
}

/** Awaits libvips' work on a file; what it reports becomes an error of ours. */
export async function decoding<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.trim().split('\n', 1)[0] : String(thrown);
    throw new DermOrbitError('IMAGE_TRUNCATED', `${name} could not be decoded: ${reason ?? ''}.`, {
      cause: thrown,
    });
  }
}

/**
 * Whether an RGB image is tagged with sRGB itself: converting it would only add rounding and half the decoding
 * time. The description is ASCII in version 2 profiles and UTF-16 in version 4, hence the removed zeros.
 */
function isTaggedSrgb(header: Metadata): boolean {
  if (!header.icc || !/^(?:srgb|rgb|rgb16)$/.test(header.space)) return false;
  return header.icc.subarray(0, 4096).toString('latin1').replaceAll('\0', '').includes('sRGB');
}
