// Writes FlatBuffers for tests: tables as plain data, parents before their children, so that every offset points
// forward. Test use only.

export type FlatField =
  | { readonly int8: number }
  | { readonly int32: number }
  | { readonly uint32: number }
  | { readonly float32: number }
  | { readonly text: string }
  | { readonly bytes: Uint8Array }
  | { readonly int32s: readonly number[] }
  | { readonly int64s: readonly number[] }
  | { readonly float32s: readonly number[] }
  | { readonly table: FlatFields }
  | { readonly tables: readonly FlatFields[] };

/** Fields of a table by their numbers; what is left out is absent. */
export type FlatFields = Readonly<Record<number, FlatField>>;

/** A file that begins with this table and has this identifier of four letters. */
export function flatBufferFile(root: FlatFields, identifier: string): Uint8Array {
  const writer = new Writer();
  writer.reserve(8);
  new TextEncoder().encode(identifier).forEach((byte, i) => (writer.bytes[4 + i] = byte));
  writer.point(0, () => writer.table(root));
  while (writer.waiting.length > 0) writer.waiting.shift()!();
  return Uint8Array.from(writer.bytes);
}

class Writer {
  readonly bytes: number[] = [];
  /** What is still to be written, with the place that will point at it. */
  readonly waiting: (() => void)[] = [];

  reserve(count: number): number {
    const start = this.bytes.length;
    for (let i = 0; i < count; i++) this.bytes.push(0);
    return start;
  }

  align(size: number): void {
    this.reserve((size - (this.bytes.length % size)) % size);
  }

  put(at: number, write: (view: DataView) => void, size: number): void {
    const part = new Uint8Array(size);
    write(new DataView(part.buffer));
    part.forEach((byte, i) => (this.bytes[at + i] = byte));
  }

  uint32(at: number, value: number): void {
    this.put(
      at,
      (view) => {
        view.setUint32(0, value, true);
      },
      4,
    );
  }

  /** Writes something later and its distance at `at`. */
  point(at: number, write: () => number): void {
    this.waiting.push(() => {
      this.uint32(at, write() - at);
    });
  }

  table(fields: FlatFields): number {
    const numbers = Object.keys(fields).map(Number);
    const count = numbers.length === 0 ? 0 : Math.max(...numbers) + 1;
    this.align(4);
    // Every field has four bytes: more than a small one needs, and aligned.
    const size = 4 + 4 * numbers.length;
    const entries = this.reserve(4 + 2 * count);
    this.align(4);
    const position = this.reserve(size);
    this.put(
      position,
      (view) => {
        view.setInt32(0, position - entries, true);
      },
      4,
    );
    this.put(
      entries,
      (view) => {
        view.setUint16(0, 4 + 2 * count, true);
      },
      2,
    );
    this.put(
      entries + 2,
      (view) => {
        view.setUint16(0, size, true);
      },
      2,
    );
    numbers.forEach((number, i) => {
      const offset = 4 + 4 * i;
      this.put(
        entries + 4 + 2 * number,
        (view) => {
          view.setUint16(0, offset, true);
        },
        2,
      );
      this.field(position + offset, fields[number]!);
    });
    return position;
  }

  field(at: number, field: FlatField): void {
    if ('int8' in field)
      this.put(
        at,
        (view) => {
          view.setInt8(0, field.int8);
        },
        1,
      );
    else if ('int32' in field)
      this.put(
        at,
        (view) => {
          view.setInt32(0, field.int32, true);
        },
        4,
      );
    else if ('uint32' in field) this.uint32(at, field.uint32);
    else if ('float32' in field)
      this.put(
        at,
        (view) => {
          view.setFloat32(0, field.float32, true);
        },
        4,
      );
    else if ('table' in field) this.point(at, () => this.table(field.table));
    else if ('tables' in field) this.point(at, () => this.tables(field.tables));
    else this.point(at, () => this.vector(field));
  }

  tables(tables: readonly FlatFields[]): number {
    this.align(4);
    const start = this.reserve(4 + 4 * tables.length);
    this.uint32(start, tables.length);
    tables.forEach((table, i) => {
      this.point(start + 4 + 4 * i, () => this.table(table));
    });
    return start;
  }

  vector(field: Exclude<FlatField, { table: unknown } | { tables: unknown }>): number {
    const [elements, size] = elementsOf(field);
    // The elements are aligned, the length stands before them.
    while ((this.bytes.length + 4) % Math.max(4, size) !== 0) this.reserve(1);
    const start = this.reserve(4);
    this.uint32(start, elements.length / size);
    for (const byte of elements) this.bytes.push(byte);
    return start;
  }
}

/** The bytes of a vector and of each of its elements. */
function elementsOf(field: FlatField): [Uint8Array, number] {
  const bytes = (values: Int32Array | BigInt64Array | Float32Array) => new Uint8Array(values.buffer);
  if ('text' in field) return [new TextEncoder().encode(field.text), 1];
  if ('bytes' in field) return [field.bytes, 1];
  if ('int32s' in field) return [bytes(Int32Array.from(field.int32s)), 4];
  if ('int64s' in field) return [bytes(BigInt64Array.from(field.int64s, BigInt)), 8];
  if ('float32s' in field) return [bytes(Float32Array.from(field.float32s)), 4];
  throw new RangeError('not a vector');
}
