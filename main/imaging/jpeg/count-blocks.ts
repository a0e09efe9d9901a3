// Whether the coded pixels of a sequential picture are all there: every block is read with its Huffman tables, and
// nothing is made of it. Needed only where the end marker is missing: libjpeg's word for "too little data" reaches nobody
// if it speaks in the last row of blocks, since libvips asks before each strip of rows and not after the last.
// Source: ISO/IEC 10918-1, annexes F.2.2 and E.2. Pure.

/** A component as the frame header gives it. */
export interface Component {
  readonly id: number;
  readonly horizontal: number;
  readonly vertical: number;
}

export interface CodedScan {
  readonly width: number;
  readonly height: number;
  /** Of the frame. */
  readonly frame: readonly Component[];
  /** Of the scan, with the numbers of their tables. */
  readonly components: readonly { readonly id: number; readonly dc: number; readonly ac: number }[];
  /** Huffman tables: counts of the codes of 1 to 16 bits, then the values; DC tables at 0 to 3, AC tables at 16 to 19. */
  readonly tables: ReadonlyMap<number, Uint8Array>;
  /** Groups of blocks between restart markers; 0: there are none. */
  readonly restart: number;
}

/** For each length of code: its first code, the place of its first value, its number of codes. */
interface Decoder {
  readonly first: Int32Array;
  readonly place: Int32Array;
  readonly counts: Uint8Array;
  readonly values: Uint8Array;
}

class OutOfData extends Error {}

/**
 * @param data from the first coded byte to the end of the file
 * @returns false if data is missing, or is no code of these tables
 */
export function holdsAllBlocks(data: Uint8Array, scan: CodedScan): boolean {
  try {
    readBlocks(new Bits(data), scan);
    return true;
  } catch (thrown) {
    if (thrown instanceof OutOfData) return false;
    throw thrown;
  }
}

function readBlocks(bits: Bits, { width, height, frame, components, tables, restart }: CodedScan): void {
  const most = {
    horizontal: Math.max(...frame.map((one) => one.horizontal)),
    vertical: Math.max(...frame.map((one) => one.vertical)),
  };
  const parts = components.map(({ id, dc, ac }) => {
    const component = frame.find((one) => one.id === id);
    if (!component) throw new OutOfData();
    return { component, dc: decoderOf(tables.get(dc)), ac: decoderOf(tables.get(16 + ac)) };
  });
  const alone = parts.length === 1 ? parts[0]!.component : null;
  // A component by itself is coded block by block; several are coded in groups that cover the same area.
  const across = (size: number, own: number, largest: number) =>
    alone ? Math.ceil((size * own) / (8 * largest)) : Math.ceil(size / (8 * largest));
  const groups =
    across(width, alone?.horizontal ?? 1, most.horizontal) *
    across(height, alone?.vertical ?? 1, most.vertical);
  for (let group = 0; group < groups; group++) {
    if (restart > 0 && group > 0 && group % restart === 0) bits.skipRestart();
    for (const { component, dc, ac } of parts) {
      const blocks = alone ? 1 : component.horizontal * component.vertical;
      for (let block = 0; block < blocks; block++) readBlock(bits, dc, ac);
    }
  }
}

function readBlock(bits: Bits, dc: Decoder, ac: Decoder): void {
  bits.skip(bits.decode(dc) & 15);
  for (let k = 1; k < 64; k++) {
    const symbol = bits.decode(ac);
    const size = symbol & 15;
    const zeros = symbol >> 4;
    if (size === 0 && zeros < 15) return;
    k += zeros;
    bits.skip(size);
  }
}

function decoderOf(table: Uint8Array | undefined): Decoder {
  if (!table || table.length < 16) throw new OutOfData();
  const counts = table.subarray(0, 16);
  const [first, place] = [new Int32Array(16), new Int32Array(16)];
  for (let length = 0, code = 0, values = 0; length < 16; length++) {
    first[length] = code;
    place[length] = values;
    code = (code + counts[length]!) * 2;
    values += counts[length]!;
  }
  return { first, place, counts, values: table.subarray(16) };
}

/** The bits of coded data, without stuffed zeros. */
class Bits {
  readonly #data: Uint8Array;
  #at = 0;
  #byte = 0;
  #left = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  /** @throws OutOfData */
  #bit(): number {
    if (this.#left === 0) {
      const byte = this.#data[this.#at];
      if (byte === undefined) throw new OutOfData();
      if (byte === 0xff && this.#data[this.#at + 1] !== 0) throw new OutOfData();
      this.#at += byte === 0xff ? 2 : 1;
      this.#byte = byte;
      this.#left = 8;
    }
    this.#left--;
    return (this.#byte >> this.#left) & 1;
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#bit();
  }

  decode({ first, place, counts, values }: Decoder): number {
    for (let length = 0, code = 0; length < 16; length++) {
      code = code * 2 + this.#bit();
      const index = code - first[length]!;
      if (index >= 0 && index < counts[length]!) return values[place[length]! + index]!;
    }
    throw new OutOfData();
  }

  skipRestart(): void {
    this.#left = 0;
    const marker = this.#data[this.#at + 1];
    if (this.#data[this.#at] !== 0xff || marker === undefined || marker < 0xd0 || marker > 0xd7) {
      throw new OutOfData();
    }
    this.#at += 2;
  }
}
