// The header of a bitmap file (Windows BMP, OS/2 BMP) as data. Source: Microsoft, "Bitmap Storage" (BITMAPCOREHEADER
// to BITMAPV5HEADER); IBM, OS/2 Presentation Manager (OS22X). Nothing is trusted: every number is checked against the
// bytes at hand before anything is allocated. Pure.

/** How the pixels are stored. */
type Storage = 'plain' | 'rle8' | 'rle4';

export interface BitmapHeader {
  readonly width: number;
  readonly height: number;
  /** The first row of the file is the upper one. */
  readonly topDown: boolean;
  readonly bitsPerPixel: number;
  readonly storage: Storage;
  /** Bits of red, green, blue and alpha in a pixel of 16 or 32 bits; an alpha of 0 means opaque. */
  readonly masks: readonly [number, number, number, number];
  /** Red, green, blue of each index, for up to 8 bits per pixel. */
  readonly palette: Uint8Array;
  /** Where the pixels begin. */
  readonly offset: number;
}

/** What cannot be read as a bitmap; the message says why, and begins in lower case. */
export class BitmapError extends Error {}

const fileHeader = 14;
/** Windows headers; any other size from 16 to 64 is OS/2's second one. */
const windowsSizes: ReadonlySet<number> = new Set([40, 52, 56, 108, 124]);
const depths: Readonly<Record<Storage, readonly number[]>> = {
  plain: [1, 2, 4, 8, 16, 24, 32],
  rle8: [8],
  rle4: [4],
};
const compressions = { plain: 0, rle8: 1, rle4: 2, bitFields: 3, alphaBitFields: 6 } as const;

/** @throws BitmapError */
export function readHeader(bytes: Uint8Array): BitmapHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const require = (length: number): void => {
    if (bytes.length < length) throw new BitmapError('the file ends within its header');
  };
  require(fileHeader + 12);
  const size = view.getUint32(14, true);
  const core = size === 12;
  const windows = windowsSizes.has(size);
  if (!core && !windows && (size < 16 || size > 64)) {
    throw new BitmapError(`its header has an unknown size of ${size} bytes`);
  }
  require(fileHeader + size);
  /** A number of the second header; 0 where the header is too short to have it. */
  const field = (at: number): number => (at + 4 <= fileHeader + size ? view.getUint32(at, true) : 0);

  const width = core ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const height = Math.abs(signedHeight);
  const topDown = signedHeight < 0;
  if (width <= 0 || height === 0) throw new BitmapError(`it claims ${width} x ${signedHeight} pixels`);

  const bitsPerPixel = view.getUint16(core ? 24 : 28, true);
  const compression = core ? compressions.plain : field(30);
  const bitFields =
    windows && (compression === compressions.bitFields || compression === compressions.alphaBitFields);
  const storage = bitFields ? 'plain' : storageOf(compression);
  const fits = depths[storage].includes(bitsPerPixel) && (!bitFields || [16, 32].includes(bitsPerPixel));
  if (!fits || (topDown && storage !== 'plain')) {
    throw new BitmapError(`pixels of ${bitsPerPixel} bits stored in way ${compression} are not known`);
  }

  // The masks follow a header of 40 bytes, and are part of the longer ones, at the same place.
  const maskBytes = bitFields && size === 40 ? (compression === compressions.alphaBitFields ? 16 : 12) : 0;
  require(fileHeader + size + maskBytes);
  const mask = (index: number): number => view.getUint32(54 + 4 * index, true);
  const hasAlpha = size >= 56 || compression === compressions.alphaBitFields;
  const masks = bitFields
    ? ([mask(0), mask(1), mask(2), hasAlpha ? mask(3) : 0] as const)
    : defaultMasks(bitsPerPixel);

  const paletteStart = fileHeader + size + maskBytes;
  const given = view.getUint32(10, true);
  const palette = paletteOf(bytes, {
    start: paletteStart,
    // Some writers leave the place of the pixels out: then they follow the colours.
    end: given >= paletteStart ? given : bytes.length,
    entry: core ? 3 : 4,
    bitsPerPixel,
    used: core ? 0 : field(46),
  });
  const offset = given >= paletteStart ? given : paletteStart + (palette.length / 3) * (core ? 3 : 4);
  return { width, height, topDown, bitsPerPixel, storage, masks, palette, offset };
}

function storageOf(compression: number): Storage {
  if (compression === compressions.plain) return 'plain';
  if (compression === compressions.rle8) return 'rle8';
  if (compression === compressions.rle4) return 'rle4';
  throw new BitmapError(`its pixels are stored in way ${compression}, which is not read`);
}

function defaultMasks(bitsPerPixel: number): BitmapHeader['masks'] {
  return bitsPerPixel === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0xff00, 0xff, 0];
}

interface PalettePlace {
  readonly start: number;
  readonly end: number;
  readonly entry: number;
  readonly bitsPerPixel: number;
  readonly used: number;
}

/** Blue, green, red(, unused) of the file as red, green, blue. */
function paletteOf(bytes: Uint8Array, { start, end, entry, bitsPerPixel, used }: PalettePlace): Uint8Array {
  if (bitsPerPixel > 8) return new Uint8Array(0);
  const most = 2 ** bitsPerPixel;
  const asked = used === 0 ? most : Math.min(used, most);
  const room = Math.floor((Math.min(end, bytes.length) - start) / entry);
  const count = Math.max(0, Math.min(asked, room));
  const palette = new Uint8Array(3 * count);
  for (let index = 0; index < count; index++) {
    const from = start + index * entry;
    palette.set([bytes[from + 2]!, bytes[from + 1]!, bytes[from]!], 3 * index);
  }
  return palette;
}
