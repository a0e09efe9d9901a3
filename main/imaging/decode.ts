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
import type { RgbImage } from './pixels.ts';
import { basename } from 'node:path';
import type { Metadata, Sharp } from 'sharp';
import { DermOrbitError } from '../contract/errors.ts';
import type { ImageFile } from './file.ts';
import { decoding, maximumPixels, refuseTooLarge } from './limits.ts';
import { imageFormats } from '../contract/image-kinds.ts';
import type { NoteCode } from '../contract/notes.ts';
import { turned, xmpOrientation } from './orientation.ts';
import { sharp } from './sharp.ts';
import { sourceOf, type Source } from './source.ts';

/** An image whose header was accepted; nothing is decoded until the pipeline is asked for output. */
interface OpenedImage {
  /** Upright, flattened, 8-bit sRGB: ready for a resize and an output. */
  readonly pipeline: Sharp;
  /** Pixels after EXIF orientation. */
  readonly width: number;
  readonly height: number;
  /** What decoding found worth saying, beside the notes of the file. */
  readonly notes: readonly NoteCode[];
}

/**
 * Reads and judges the header, and prepares decoding.
 * @throws DermOrbitError IMAGE_TOO_LARGE (more than 50 megapixels), IMAGE_TRUNCATED (the header cannot be read),
 *   IMAGE_UNRECOGNISED (samples that are no colours, e.g. floating point)
 */
export async function openImage(file: ImageFile): Promise<OpenedImage> {
  const name = basename(file.path);
  const source = await sourceOf(file);
  const opened = 'pixels' in source ? openPixels(source) : await openEncoded(source, file, name);
  return { ...opened, notes: source.notes };
}

type Opened = Omit<OpenedImage, 'notes'>;

function openPixels({
  pixels: { data, width, height, channels },
}: Extract<Source, { pixels: object }>): Opened {
  const pipeline = flattened(sharp(data, { raw: { width, height, channels } }));
  return { pipeline, width, height };
}

async function openEncoded({ bytes }: { bytes: Uint8Array }, file: ImageFile, name: string): Promise<Opened> {
  const header = await decoding(name, () => sharp(bytes, { limitInputPixels: false }).metadata());
  const { width, height } = header.autoOrient;
  refuseTooLarge(name, width, height);
  // libvips recognises content by itself: it must have come to the same format.
  if (header.format !== file.format) {
    const label = imageFormats[file.format].label;
    throw new DermOrbitError('IMAGE_UNRECOGNISED', `${name} begins like ${label}, but is not.`);
  }
  if ((header.depth !== 'uchar' && header.depth !== 'ushort') || header.space === 'multiband') {
    const samples = `${header.channels} channels of type ${header.depth}`;
    throw new DermOrbitError('IMAGE_UNRECOGNISED', `${name} holds ${samples}, which are not colours.`);
  }
  const encoded = sharp(bytes, {
    // Damaged data is refused, never filled up with grey.
    failOn: 'warning',
    limitInputPixels: maximumPixels,
    ignoreIcc: isTaggedSrgb(header),
  });
  const told = header.orientation === undefined ? xmpOrientation(header) : 1;
  if (told === 1) return { pipeline: flattened(encoded.autoOrient()), width, height };
  // libvips knows nothing of XMP: such an image is decoded and turned here.
  const { data, ...size } = turned(await rgbOf(flattened(encoded), name), told);
  return { pipeline: sharp(data, { raw: { ...size, channels: 3 } }), ...size };
}

/** 8-bit sRGB on black. */
function flattened(pipeline: Sharp): Sharp {
  return pipeline.pipelineColourspace('srgb').toColourspace('srgb').flatten({ background: '#000000' });
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

/**
 * Whether an RGB image is tagged with sRGB itself: converting it would only add rounding and half the decoding
 * time. The description is ASCII in version 2 profiles and UTF-16 in version 4, hence the removed zeros.
 */
function isTaggedSrgb(header: Metadata): boolean {
  if (!header.icc || !/^(?:srgb|rgb|rgb16)$/.test(header.space)) return false;
  return header.icc.subarray(0, 4096).toString('latin1').replaceAll('\0', '').includes('sRGB');
}
