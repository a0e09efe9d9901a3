// What libvips is given to decode, for every format: the bytes of the file, bytes whose harmless oddities were put right
// beforehand, or pixels that were decoded here. libvips cannot tell odd headers from lost pixels (its warnings are all
// alike, and each refuses the image), so headers are mended before it sees them, and lost pixels stay refused.
import { basename } from 'node:path';
import type { ImageFormat } from '../contract/image-kinds.ts';
import type { NoteCode } from '../contract/notes.ts';
import { decodePixels, type BitmapPixels } from './bmp/decode.ts';
import { readHeader } from './bmp/header.ts';
import type { ImageFile } from './file.ts';
import { repairJpeg } from './jpeg/repair.ts';
import { decoding, refuseTooLarge } from './limits.ts';
import { repairTiff } from './tiff/repair.ts';
import { repairWebp } from './webp.ts';

export type Source =
  | { readonly bytes: Uint8Array; readonly notes: readonly NoteCode[] }
  | { readonly pixels: BitmapPixels; readonly notes: readonly NoteCode[] };

type Opener = (bytes: Uint8Array, name: string) => Source | Promise<Source>;

const openers: Readonly<Record<ImageFormat, Opener>> = {
  jpeg: repairJpeg,
  // libpng tells odd chunks from lost rows by itself.
  png: (bytes) => ({ bytes, notes: [] }),
  tiff: repairTiff,
  webp: repairWebp,
  bmp: (bytes, name) => {
    const header = readHeader(bytes);
    refuseTooLarge(name, header.width, header.height);
    return { pixels: decodePixels(bytes, header), notes: [] };
  },
};

/** @throws DermOrbitError IMAGE_TRUNCATED, IMAGE_TOO_LARGE */
export function sourceOf(file: ImageFile): Promise<Source> {
  const name = basename(file.path);
  return decoding(name, () => openers[file.format](file.bytes, name));
}
