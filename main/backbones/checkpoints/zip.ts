// The entries of a ZIP archive that are stored uncompressed, as views on the archive's bytes. PyTorch stores
// weights so, for mapping them into memory; nothing is decompressed here, so nothing can grow. Names are keys of a
// map and never paths. Own code, since unzip libraries copy every entry and do not check local headers, overlaps or
// checksums. Layout: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5.
import { crc32 } from 'node:zlib';
import { DermOrbitError } from '../../contract/errors.ts';

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_RECORD = 0x06054b50;
const END_RECORD_BYTES = 22;
const END_RECORD_64 = 0x06064b50;
const END_LOCATOR_64 = 0x07064b50;
const END_LOCATOR_64_BYTES = 20;
/** An end record may be followed by a comment of at most this many bytes. */
const MAX_COMMENT_BYTES = 0xffff;

interface ZipEntry {
  readonly name: string;
  readonly encrypted: boolean;
  /** 0 is stored; everything else is a compression. */
  readonly method: number;
  readonly checksum: number;
  readonly storedSize: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

export interface ZipArchive {
  readonly names: readonly string[];
  has(name: string): boolean;
  /**
   * The bytes of an entry: a view, not a copy.
   * @throws DermOrbitError CHECKPOINT_TRUNCATED if the entry is absent or damaged, CHECKPOINT_UNRECOGNISED if it is
   *   compressed or encrypted
   */
  read(name: string): Uint8Array;
}

function damaged(message: string): DermOrbitError {
  return new DermOrbitError('CHECKPOINT_TRUNCATED', message);
}

/** Whether the bytes begin like a ZIP archive. */
export function matchZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOf(bytes).getUint32(0, true) === LOCAL_HEADER;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Opens an archive.
 * @throws DermOrbitError CHECKPOINT_TRUNCATED if the directory is missing, incomplete or contradicts itself,
 *   CHECKPOINT_UNRECOGNISED if a name would leave the archive
 */
export function openZip(bytes: Uint8Array): ZipArchive {
  const view = viewOf(bytes);
  const directory = findDirectory(view);
  const entries = readDirectory(bytes, view, directory);
  requireDisjoint(entries, directory.start);
  const byName = new Map<string, ZipEntry>();
  for (const entry of entries) {
    if (byName.has(entry.name)) throw damaged(`The archive has two entries named "${entry.name}".`);
    byName.set(entry.name, entry);
  }
  return {
    names: [...byName.keys()],
    has: (name) => byName.has(name),
    read(name) {
      const entry = byName.get(name);
      if (!entry) throw damaged(`The archive has no entry "${name}".`);
      return readEntry(bytes, view, entry, directory.start);
    },
  };
}

interface Directory {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

function findDirectory(view: DataView): Directory {
  const lowest = Math.max(0, view.byteLength - END_RECORD_BYTES - MAX_COMMENT_BYTES);
  let at = view.byteLength - END_RECORD_BYTES;
  while (at >= lowest && view.getUint32(at, true) !== END_RECORD) at--;
  if (at < lowest) throw damaged('The archive ends before its directory; the end of the file is missing.');
  let count = view.getUint16(at + 10, true);
  let size = view.getUint32(at + 12, true);
  let start = view.getUint32(at + 16, true);
  let end = at;
  const locator = at - END_LOCATOR_64_BYTES;
  if (locator >= 0 && view.getUint32(locator, true) === END_LOCATOR_64) {
    end = numberAt(view, locator + 8);
    if (end + 56 > locator || view.getUint32(end, true) !== END_RECORD_64) {
      throw damaged('The archive names a ZIP64 end record that is not there.');
    }
    count = numberAt(view, end + 32);
    size = numberAt(view, end + 40);
    start = numberAt(view, end + 48);
  }
  if (start + size > end) throw damaged('The directory of the archive does not fit the file.');
  return { start, end: start + size, count };
}

/** An unsigned 64-bit number; sizes beyond exact integers fit no file and are refused by the checks that follow. */
function numberAt(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}

function readDirectory(bytes: Uint8Array, view: DataView, { start, end, count }: Directory): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = start;
  while (at < end) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL_HEADER) {
      throw damaged(`Entry ${entries.length} of the directory is damaged.`);
    }
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > end) throw damaged(`Entry ${entries.length} of the directory is cut off.`);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, nameEnd));
    if (/^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)/.test(name)) {
      throw new DermOrbitError(
        'CHECKPOINT_UNRECOGNISED',
        `The archive has an entry outside itself: "${name}".`,
      );
    }
    entries.push({
      name,
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      ...readSizes(view, at, nameEnd, extraEnd),
    });
    at = next;
  }
  // In archives without ZIP64 the count is modulo 65,536.
  if (entries.length % 0x10000 !== count % 0x10000) {
    throw damaged(`The archive promises ${count} entries and lists ${entries.length}.`);
  }
  return entries;
}

/** Sizes and offset; each of them that is all ones stands in the ZIP64 extra field instead, in this order. */
function readSizes(view: DataView, at: number, extraStart: number, extraEnd: number) {
  const values = [at + 24, at + 20, at + 42].map((position) => view.getUint32(position, true));
  let field = extraStart;
  while (field + 4 <= extraEnd) {
    const id = view.getUint16(field, true);
    const fieldEnd = Math.min(extraEnd, field + 4 + view.getUint16(field + 2, true));
    if (id === 1) {
      let position = field + 4;
      for (let i = 0; i < values.length; i++) {
        if (values[i] !== 0xffffffff || position + 8 > fieldEnd) continue;
        values[i] = numberAt(view, position);
        position += 8;
      }
    }
    field = fieldEnd;
  }
  const [size, storedSize, offset] = values as [number, number, number];
  return { size, storedSize, offset };
}

/** Entries that share bytes are a way to make an archive claim more than it holds. */
function requireDisjoint(entries: readonly ZipEntry[], directoryStart: number): void {
  let end = 0;
  for (const { name, offset, storedSize } of entries.toSorted((a, b) => a.offset - b.offset)) {
    if (offset < end) throw damaged(`Entry "${name}" overlaps another entry of the archive.`);
    end = offset + 30 + storedSize;
    if (!(end <= directoryStart)) throw damaged(`Entry "${name}" reaches beyond the data of the archive.`);
  }
}

function readEntry(bytes: Uint8Array, view: DataView, entry: ZipEntry, limit: number): Uint8Array {
  const { name, offset } = entry;
  if (entry.encrypted) {
    throw new DermOrbitError('CHECKPOINT_UNRECOGNISED', `Entry "${name}" is encrypted.`);
  }
  if (entry.method !== 0 || entry.size !== entry.storedSize) {
    throw new DermOrbitError(
      'CHECKPOINT_UNRECOGNISED',
      `Entry "${name}" is compressed (method ${entry.method}); torch.save stores weights uncompressed.`,
    );
  }
  if (view.getUint32(offset, true) !== LOCAL_HEADER) throw damaged(`Entry "${name}" has no local header.`);
  const nameEnd = offset + 30 + view.getUint16(offset + 26, true);
  const start = nameEnd + view.getUint16(offset + 28, true);
  if (start + entry.size > limit) throw damaged(`Entry "${name}" reaches beyond the data of the archive.`);
  if (new TextDecoder().decode(bytes.subarray(offset + 30, nameEnd)) !== name) {
    throw damaged(`Entry "${name}" has another name in its local header.`);
  }
  const content = bytes.subarray(start, start + entry.size);
  if (crc32(content) !== entry.checksum) throw damaged(`Entry "${name}" does not match its checksum.`);
  return content;
}
