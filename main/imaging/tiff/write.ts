// A TIFF file from its parts, for what is handed on to libvips. Source: TIFF 6.0, section 2. Pure.
import { tags } from './directory.ts';

/** A tag and its values: longs, shorts, or bytes as they are. */
export type Field =
  | { readonly tag: number; readonly numbers: readonly number[]; readonly short?: boolean }
  | { readonly tag: number; readonly bytes: Uint8Array };

interface Parts {
  readonly littleEndian: boolean;
  /** Without places and lengths of the pixels. */
  readonly fields: readonly Field[];
  readonly blocks: { readonly kind: 'strips' | 'tiles'; readonly data: readonly Uint8Array[] };
}

const types = { undefined: 7, short: 3, long: 4 } as const;
const headerSize = 8;

/** @returns a file of one page: header, blocks, values, directory */
export function writeTiff({ littleEndian, fields, blocks }: Parts): Uint8Array {
  let at = headerSize;
  const offsets = blocks.data.map((block) => {
    const offset = at;
    at += block.length + (block.length % 2);
    return offset;
  });
  const lengths = blocks.data.map((block) => block.length);
  const tiled = blocks.kind === 'tiles';
  const all: Field[] = [
    ...fields,
    { tag: tiled ? tags.tileOffsets : tags.stripOffsets, numbers: offsets },
    { tag: tiled ? tags.tileByteCounts : tags.stripByteCounts, numbers: lengths },
  ];
  all.sort((a, b) => a.tag - b.tag);
  const values = all.map((field) => encode(field, littleEndian));
  const places = values.map(({ bytes }) => {
    if (bytes.length <= 4) return null;
    const place = at;
    at += bytes.length + (bytes.length % 2);
    return place;
  });
  const file = Buffer.alloc(at + 2 + 12 * all.length + 4);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  file.write(littleEndian ? 'II' : 'MM', 'latin1');
  view.setUint16(2, 42, littleEndian);
  view.setUint32(4, at, littleEndian);
  blocks.data.forEach((block, index) => {
    file.set(block, offsets[index]);
  });
  view.setUint16(at, all.length, littleEndian);
  values.forEach(({ type, count, bytes }, index) => {
    const entry = at + 2 + 12 * index;
    view.setUint16(entry, all[index]!.tag, littleEndian);
    view.setUint16(entry + 2, type, littleEndian);
    view.setUint32(entry + 4, count, littleEndian);
    const place = places[index] ?? null;
    if (place === null) file.set(bytes, entry + 8);
    else {
      view.setUint32(entry + 8, place, littleEndian);
      file.set(bytes, place);
    }
  });
  return file;
}

function encode(field: Field, littleEndian: boolean): { type: number; count: number; bytes: Uint8Array } {
  if ('bytes' in field) return { type: types.undefined, count: field.bytes.length, bytes: field.bytes };
  const { numbers, short = false } = field;
  const bytes = new Uint8Array(numbers.length * (short ? 2 : 4));
  const view = new DataView(bytes.buffer);
  numbers.forEach((value, index) => {
    if (short) view.setUint16(2 * index, value, littleEndian);
    else view.setUint32(4 * index, value, littleEndian);
  });
  return { type: short ? types.short : types.long, count: numbers.length, bytes };
}
