// The FlatBuffers format, read with every offset checked: tables of fields, of which any may be absent, and vectors.
// Format: https://flatbuffers.dev/internals/. Our own and not the `flatbuffers` package: that one trusts every offset
// in the file (its other languages have a verifier, JavaScript has none), and what is read here is this page. Pure.
import { invalid } from './network.ts';

/** A text of a file is a name; longer ones are none. */
const longestText = 4096;

/** The bytes of a file and what is read at an offset of them. */
class Bytes {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @throws DermOrbitError TENSORFLOW_INVALID unless the file has `length` bytes from there on */
  require(offset: number, length: number): void {
    if (offset >= 0 && offset + length <= this.bytes.length) return;
    throw invalid(
      `It points at bytes ${offset} to ${offset + length} and has ${this.bytes.length}: it is damaged, or its end is missing.`,
    );
  }

  int8(offset: number): number {
    this.require(offset, 1);
    return this.#view.getInt8(offset);
  }

  uint16(offset: number): number {
    this.require(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  int32(offset: number): number {
    this.require(offset, 4);
    return this.#view.getInt32(offset, true);
  }

  uint32(offset: number): number {
    this.require(offset, 4);
    return this.#view.getUint32(offset, true);
  }

  float32(offset: number): number {
    this.require(offset, 4);
    return this.#view.getFloat32(offset, true);
  }

  /** @throws DermOrbitError TENSORFLOW_INVALID if it is no number that a double holds exactly */
  int64(offset: number): number {
    this.require(offset, 8);
    const value = Number(this.#view.getBigInt64(offset, true));
    if (!Number.isSafeInteger(value))
      throw invalid(`It holds the number ${value} where a small one is meant.`);
    return value;
  }
}

/** A table of a FlatBuffer. Fields are counted from 0 in the order of the schema; an absent one has its default. */
export class FlatTable {
  readonly #bytes: Bytes;
  readonly #position: number;
  readonly #fields: number;
  readonly #fieldsEnd: number;
  readonly #size: number;

  private constructor(bytes: Bytes, position: number) {
    this.#bytes = bytes;
    this.#position = position;
    this.#fields = position - bytes.int32(position);
    const fieldsLength = bytes.uint16(this.#fields);
    this.#size = bytes.uint16(this.#fields + 2);
    bytes.require(this.#fields, fieldsLength);
    bytes.require(position, this.#size);
    this.#fieldsEnd = this.#fields + fieldsLength;
  }

  /**
   * The table that a file begins with.
   * @throws DermOrbitError TENSORFLOW_INVALID, as every reading of it and of what it holds
   */
  static root(file: Uint8Array): FlatTable {
    const bytes = new Bytes(file);
    return new FlatTable(bytes, bytes.uint32(0));
  }

  has(field: number): boolean {
    return this.#at(field, 0) !== null;
  }

  int8(field: number, fallback = 0): number {
    const at = this.#at(field, 1);
    return at === null ? fallback : this.#bytes.int8(at);
  }

  int32(field: number, fallback = 0): number {
    const at = this.#at(field, 4);
    return at === null ? fallback : this.#bytes.int32(at);
  }

  uint32(field: number, fallback = 0): number {
    const at = this.#at(field, 4);
    return at === null ? fallback : this.#bytes.uint32(at);
  }

  float32(field: number, fallback = 0): number {
    const at = this.#at(field, 4);
    return at === null ? fallback : this.#bytes.float32(at);
  }

  table(field: number): FlatTable | null {
    const target = this.#target(field);
    return target === null ? null : new FlatTable(this.#bytes, target);
  }

  /** A text of at most 4,096 bytes; empty where the field is absent. */
  text(field: number): string {
    const bytes = this.bytes(field);
    if (bytes === null) return '';
    if (bytes.length > longestText) throw invalid(`A name of ${bytes.length} bytes is none.`);
    return new TextDecoder().decode(bytes);
  }

  /** A vector of bytes as a view on the file. */
  bytes(field: number): Uint8Array | null {
    const found = this.#vector(field, 1);
    return found && this.#bytes.bytes.subarray(found.start, found.start + found.length);
  }

  int32s(field: number, most: number): number[] | null {
    return this.#numbers(field, 4, most, (at) => this.#bytes.int32(at));
  }

  int64s(field: number, most: number): number[] | null {
    return this.#numbers(field, 8, most, (at) => this.#bytes.int64(at));
  }

  float32s(field: number, most: number): number[] | null {
    return this.#numbers(field, 4, most, (at) => this.#bytes.float32(at));
  }

  /** The number of tables in a vector. */
  count(field: number): number {
    return this.#vector(field, 4)?.length ?? 0;
  }

  /** A table of a vector. */
  tableAt(field: number, index: number): FlatTable {
    const found = this.#vector(field, 4);
    if (!found || !(index >= 0 && index < found.length)) {
      throw invalid(`It names entry ${index} of ${found?.length ?? 0}.`);
    }
    const at = found.start + 4 * index;
    return new FlatTable(this.#bytes, at + this.#bytes.uint32(at));
  }

  #numbers(field: number, size: number, most: number, read: (at: number) => number): number[] | null {
    const found = this.#vector(field, size);
    if (!found) return null;
    if (found.length > most) throw invalid(`It has a list of ${found.length} numbers where ${most} may be.`);
    return Array.from({ length: found.length }, (_, i) => read(found.start + size * i));
  }

  /** Where a field of this many bytes lies; null where it is absent. */
  #at(field: number, size: number): number | null {
    const entry = this.#fields + 4 + 2 * field;
    const offset = entry + 2 <= this.#fieldsEnd ? this.#bytes.uint16(entry) : 0;
    if (offset === 0) return null;
    if (offset + size > this.#size) throw invalid('A field lies outside its table: the file is damaged.');
    return this.#position + offset;
  }

  #target(field: number): number | null {
    const at = this.#at(field, 4);
    return at === null ? null : at + this.#bytes.uint32(at);
  }

  #vector(field: number, size: number): { readonly start: number; readonly length: number } | null {
    const target = this.#target(field);
    if (target === null) return null;
    const length = this.#bytes.uint32(target);
    this.#bytes.require(target + 4, length * size);
    return { start: target + 4, length };
  }
}
