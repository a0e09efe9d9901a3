// Bitmap files (BMP), which dermatoscopes and the PH2 data set write: 1 to 32 bits per pixel, palettes, run lengths,
// bit fields. An embedded colour profile is not applied. Pure.
import { BitmapError, type BitmapHeader } from './header.ts';
import { decodeRuns } from './run-length.ts';

/** Pixels as they stand in the file, upright. */
export interface BitmapPixels {
  /** [height, width, channels], row-major; the fourth channel is alpha. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
}

/**
 * @param header of the same bytes; that its size is acceptable is for the caller to decide, before this allocates
 * @throws BitmapError if pixels are missing or have no colour
 */
export function decodePixels(bytes: Uint8Array, header: BitmapHeader): BitmapPixels {
  const { width, height, bitsPerPixel, storage } = header;
  if (storage !== 'plain') return fromIndices(decodeRuns(bytes, header), header);
  const stride = Math.floor((bitsPerPixel * width + 31) / 32) * 4;
  const rowBytes = Math.ceil((bitsPerPixel * width) / 8);
  // The padding behind the last row may be missing: no pixel lies in it.
  const missing = header.offset + stride * (height - 1) + rowBytes - bytes.length;
  if (missing > 0) {
    const rows = Math.max(0, Math.floor((bytes.length - header.offset) / stride));
    throw new BitmapError(`only ${rows} of its ${height} rows are there`);
  }
  const rowAt = (y: number) => header.offset + stride * (header.topDown ? y : height - 1 - y);
  if (bitsPerPixel <= 8) return fromIndices(unpack(bytes, header, rowAt), header);
  return bitsPerPixel === 24 ? fromTriples(bytes, header, rowAt) : fromMasks(bytes, header, rowAt);
}

type RowAt = (y: number) => number;

/** Indices of 1, 2, 4 or 8 bits, the first pixel in the high bits. */
function unpack(bytes: Uint8Array, { width, height, bitsPerPixel }: BitmapHeader, rowAt: RowAt): Uint8Array {
  const indices = new Uint8Array(width * height);
  const perByte = 8 / bitsPerPixel;
  const mask = 2 ** bitsPerPixel - 1;
  for (let y = 0, to = 0; y < height; y++) {
    const row = rowAt(y);
    for (let x = 0; x < width; x++) {
      const byte = bytes[row + Math.floor(x / perByte)]!;
      indices[to++] = (byte >> (8 - bitsPerPixel * ((x % perByte) + 1))) & mask;
    }
  }
  return indices;
}

/** @throws BitmapError for an index without a colour: what it showed is lost */
function fromIndices(indices: Uint8Array, { width, height, palette }: BitmapHeader): BitmapPixels {
  const colours = palette.length / 3;
  const data = new Uint8Array(3 * indices.length);
  for (let i = 0, to = 0; i < indices.length; i++, to += 3) {
    const index = indices[i]!;
    if (index >= colours)
      throw new BitmapError(`pixels have colour ${index}, but it holds ${colours} colours`);
    const from = 3 * index;
    data[to] = palette[from]!;
    data[to + 1] = palette[from + 1]!;
    data[to + 2] = palette[from + 2]!;
  }
  return { data, width, height, channels: 3 };
}

function fromTriples(bytes: Uint8Array, { width, height }: BitmapHeader, rowAt: RowAt): BitmapPixels {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    let from = rowAt(y);
    for (let x = 0; x < width; x++, from += 3, to += 3) {
      data[to] = bytes[from + 2]!;
      data[to + 1] = bytes[from + 1]!;
      data[to + 2] = bytes[from]!;
    }
  }
  return { data, width, height, channels: 3 };
}

/** Pixels of 16 or 32 bits, each channel where its mask says, scaled to 8 bits. */
function fromMasks(bytes: Uint8Array, header: BitmapHeader, rowAt: RowAt): BitmapPixels {
  const { width, height, bitsPerPixel } = header;
  const channels = header.masks.map(channelOf);
  const present = header.masks[3] === 0 ? 3 : 4;
  const data = new Uint8Array(present * width * height);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bitsPerPixel / 8;
  let visible = present === 3;
  for (let y = 0, to = 0; y < height; y++) {
    const row = rowAt(y);
    for (let x = 0; x < width; x++) {
      const at = row + x * size;
      const pixel = size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
      for (let channel = 0; channel < present; channel++) {
        const { mask, shift, scale } = channels[channel]!;
        data[to++] = Math.round(((pixel & mask) >>> shift) * scale);
      }
      visible ||= data[to - 1]! > 0;
    }
  }
  // Writers that declare alpha and leave it at 0 everywhere mean an opaque picture.
  if (!visible) for (let i = 3; i < data.length; i += 4) data[i] = 255;
  return { data, width, height, channels: present };
}

function channelOf(mask: number): { mask: number; shift: number; scale: number } {
  if (mask === 0) return { mask, shift: 0, scale: 0 };
  const shift = 31 - Math.clz32(mask & -mask);
  return { mask, shift, scale: 255 / (mask >>> shift) };
}
