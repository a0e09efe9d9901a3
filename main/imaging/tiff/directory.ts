// The first directory of a TIFF file as data (TIFF 6.0, section 2; BigTIFF): read, judged, and written anew. Every
// offset and count is checked against the bytes at hand before it is used. Pure.

/** Tags that are named in this room. Source: TIFF 6.0, section 8; TIFF/EP; DNG 1.7; XMP part 3. */
export const tags = {
  newSubfileType: 254,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  predictor: 317,
  colourMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  subDirectories: 330,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  xmp: 700,
  iccProfile: 34675,
  dngVersion: 50706,
} as const;

/** Bytes of one value of each type. Source: TIFF 6.0, section 2, and BigTIFF (16 to 18). */
const typeSizes: Readonly<Record<number, number>> = {
  ...{ 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4 },
  ...{ 16: 8, 17: 8, 18: 8 },
};

export interface Entry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** The 4 (BigTIFF: 8) bytes that hold the value or its offset. */
  readonly field: Uint8Array;
}

/** How numbers stand in the file. */
export interface Layout {
  readonly littleEndian: boolean;
  readonly big: boolean;
  /** Bytes of a value field. */
  readonly field: number;
  /** Bytes of an entry. */
  readonly entry: number;
}

export interface Directory {
  readonly layout: Layout;
  /** Offset of the number of entries. */
  readonly offset: number;
  /** In the order of the file. */
  readonly entries: readonly Entry[];
  /** Offset of the next directory; 0 if there is none. */
  readonly next: number;
}

/** More entries than any real file has. */
const maximumEntries = 4096;

/** The first directory; null if it does not lie within the bytes. */
export function readDirectory(bytes: Uint8Array): Directory | null {
  if (bytes.length < 16) return null;
  const view = viewOf(bytes);
  const littleEndian = bytes[0] === 0x49;
  const big = view.getUint16(2, littleEndian) === 43;
  const layout: Layout = { littleEndian, big, field: big ? 8 : 4, entry: big ? 20 : 12 };
  const offset = big ? wide(view, 8, littleEndian) : view.getUint32(4, littleEndian);
  const head = big ? 8 : 2;
  if (offset === null || offset < 8 || offset + head > bytes.length) return null;
  const count = big ? wide(view, offset, littleEndian) : view.getUint16(offset, littleEndian);
  if (count === null || count > maximumEntries) return null;
  const end = offset + head + count * layout.entry;
  if (end + layout.field > bytes.length) return null;
  const entries = Array.from({ length: count }, (_, index): Entry => {
    const start = offset + head + index * layout.entry;
    const long = big ? wide(view, start + 4, littleEndian) : view.getUint32(start + 4, littleEndian);
    return {
      tag: view.getUint16(start, littleEndian),
      type: view.getUint16(start + 2, littleEndian),
      count: long ?? Number.MAX_SAFE_INTEGER,
      field: bytes.subarray(start + layout.entry - layout.field, start + layout.entry),
    };
  });
  const next = big ? wide(view, end, littleEndian) : view.getUint32(end, littleEndian);
  return { layout, offset, entries, next: next ?? 0 };
}

/** The bytes of an entry's values, wherever they lie; null if not within the file. */
export function valueBytes(bytes: Uint8Array, { layout }: Directory, entry: Entry): Uint8Array | null {
  const size = (typeSizes[entry.type] ?? Infinity) * entry.count;
  if (!Number.isSafeInteger(size)) return null;
  if (size <= layout.field) return entry.field.subarray(0, size);
  const view = viewOf(entry.field);
  const start = layout.big ? wide(view, 0, layout.littleEndian) : view.getUint32(0, layout.littleEndian);
  return start === null || start + size > bytes.length ? null : bytes.subarray(start, start + size);
}

/** Whole numbers of a tag (byte, short, long, long8); null if it is absent, of another type, or not in the file. */
export function numbersOf(bytes: Uint8Array, directory: Directory, tag: number): number[] | null {
  const entry = directory.entries.find((one) => one.tag === tag);
  const values = entry && valueBytes(bytes, directory, entry);
  if (!values) return null;
  const view = viewOf(values);
  const { littleEndian } = directory.layout;
  const readers: Record<number, (at: number) => number | null> = {
    1: (at) => view.getUint8(at),
    3: (at) => view.getUint16(at, littleEndian),
    4: (at) => view.getUint32(at, littleEndian),
    13: (at) => view.getUint32(at, littleEndian),
    16: (at) => wide(view, at, littleEndian),
  };
  const read = readers[entry.type];
  if (!read) return null;
  const size = typeSizes[entry.type]!;
  const numbers = Array.from({ length: entry.count }, (_, index) => read(index * size));
  return numbers.every((number) => number !== null) ? numbers : null;
}

/**
 * Whether the first page is only a preview of a camera raw file (DNG, NEF, ARW, ...): DNG says so by a tag of its
 * own; the others declare a reduced image and keep the sensor's data in directories below.
 */
export function isPreview(bytes: Uint8Array): boolean {
  const directory = readDirectory(bytes);
  if (!directory) return false;
  const has = (tag: number) => directory.entries.some((entry) => entry.tag === tag);
  if (has(tags.dngVersion)) return true;
  const reduced = ((numbersOf(bytes, directory, tags.newSubfileType)?.[0] ?? 0) & 1) === 1;
  return reduced && has(tags.subDirectories);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A 64-bit number; null if it is larger than any file. */
function wide(view: DataView, at: number, littleEndian: boolean): number | null {
  const number = view.getBigUint64(at, littleEndian);
  return number > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(number);
}
