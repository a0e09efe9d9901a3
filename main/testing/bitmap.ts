// Bitmap files put together by hand, header and pixels apart, so that both can be wrong. Test use only.

export interface BitmapParts {
  /** Bytes of the second header; 12 is OS/2's, 40 the usual one, 124 the latest. */
  readonly headerSize?: number;
  readonly width: number;
  /** Negative: rows from the top. */
  readonly height: number;
  readonly bitsPerPixel: number;
  readonly compression?: number;
  /** Number of colours that the header claims; 0: all that the bits allow. */
  readonly used?: number;
  /** Red, green, blue of each index. */
  readonly palette?: readonly (readonly [number, number, number])[];
  /** Red, green, blue, alpha. */
  readonly masks?: readonly number[];
  readonly pixels: Uint8Array;
  /** Where the header says that the pixels begin, if it lies. */
  readonly offset?: number;
}

/** The bytes of the file. */
export function bitmapFile(parts: BitmapParts): Uint8Array {
  const { headerSize = 40, width, height, bitsPerPixel, compression = 0, used = 0 } = parts;
  const core = headerSize === 12;
  const masks = parts.masks ?? [];
  const tail = headerSize === 40 ? 4 * masks.length : 0;
  const entry = core ? 3 : 4;
  const palette = Buffer.alloc(entry * (parts.palette?.length ?? 0));
  parts.palette?.forEach(([r, g, b], index) => {
    palette.set([b, g, r], index * entry);
  });
  const head = Buffer.alloc(14 + headerSize + tail);
  const offset = head.length + palette.length;
  head.write('BM', 'latin1');
  head.writeUInt32LE(offset + parts.pixels.length, 2);
  head.writeUInt32LE(parts.offset ?? offset, 10);
  head.writeUInt32LE(headerSize, 14);
  if (core) {
    head.writeUInt16LE(width, 18);
    head.writeUInt16LE(height, 20);
    head.writeUInt16LE(1, 22);
    head.writeUInt16LE(bitsPerPixel, 24);
  } else {
    head.writeInt32LE(width, 18);
    head.writeInt32LE(height, 22);
    head.writeUInt16LE(1, 26);
    head.writeUInt16LE(bitsPerPixel, 28);
    if (headerSize >= 20) head.writeUInt32LE(compression, 30);
    if (headerSize >= 36) head.writeUInt32LE(used, 46);
    masks.forEach((mask, index) => head.writeUInt32LE(mask >>> 0, 54 + 4 * index));
  }
  return Buffer.concat([head, palette, parts.pixels]);
}

/**
 * Rows as a file holds them: from the bottom, each padded to 4 bytes.
 * @param row the bytes of row y
 */
export function bitmapRows(height: number, row: (y: number) => readonly number[]): Uint8Array {
  const rows = Array.from({ length: height }, (_, place) => {
    const bytes = row(height - 1 - place);
    return [...bytes, ...new Array<number>((4 - (bytes.length % 4)) % 4).fill(0)];
  });
  return Uint8Array.from(rows.flat());
}
