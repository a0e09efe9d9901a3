// A cache on disk: what was computed of every image (its orbit under one image tower and one group, or its pixels), once
// for all rounds and all runs. A record that was torn by a crash or changed on the disk is found by its checksum and made again.
import { mkdir, open, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import {
  checkRecord,
  decodeHeader,
  difference,
  encodeHeader,
  encodeRecord,
  headerBytes,
  payloadBytes,
  recordBytes,
  recordHead,
  type CacheKey,
  type OrbitKey,
  type PixelKey,
} from './layout.ts';
import { lockCache } from './lock.ts';
import { releaseLock } from '../../base/lock.ts';

/** Left free beside the cache: for checkpoints, the model, and whatever else runs. */
const reservedBytes = 256 * 2 ** 20;

export type OrbitCache = RecordCache<OrbitKey>;
export type PixelCache = RecordCache<PixelKey>;

export class RecordCache<Key extends CacheKey> {
  readonly path: string;
  readonly key: Key;
  readonly #file: FileHandle;
  /** Place of each image's record. */
  readonly #places: Map<string, number>;
  /** Places of damaged records, used again before the file grows. */
  readonly #free: number[];
  #count: number;

  private constructor(path: string, key: Key, file: FileHandle, scanned: Scan) {
    this.path = path;
    this.key = key;
    this.#file = file;
    this.#places = scanned.places;
    this.#free = scanned.damaged;
    this.#count = scanned.count;
  }

  /**
   * Opens or begins a cache. Every record is checked; damaged and torn ones count as absent.
   * @throws DermOrbitError CACHE_MISMATCH (another model, group, ...), CACHE_INVALID, CACHE_IN_USE, WRITE_FAILED,
   *   DISK_FULL, CANCELLED
   */
  static async open<Key extends CacheKey>(
    path: string,
    key: Key,
    signal?: AbortSignal,
  ): Promise<RecordCache<Key>> {
    try {
      await mkdir(dirname(path), { recursive: true });
      await lockCache(path);
    } catch (error) {
      throw asDermOrbitError(error, 'WRITE_FAILED');
    }
    try {
      // Neither truncated nor created over an existing file.
      const file = await open(path, 'a').then(async (created) => {
        await created.close();
        return open(path, 'r+');
      });
      try {
        await requireHeader(file, path, key);
        return new RecordCache(path, key, file, await scan(file, key, signal));
      } catch (error) {
        await file.close();
        throw error;
      }
    } catch (error) {
      await releaseLock(path);
      throw asDermOrbitError(error, 'WRITE_FAILED');
    }
  }

  has(sha256: string): boolean {
    return this.#places.has(sha256);
  }

  get damaged(): number {
    return this.#free.length;
  }

  /** Bytes that the records of so many images take. */
  bytesOf(images: number): number {
    return images * recordBytes(this.key);
  }

  /**
   * Refuses beforehand what the disk cannot hold.
   * @throws DermOrbitError DISK_FULL with what is needed and what is free
   */
  async requireRoom(images: number): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(this.path));
    const [needed, free] = [this.bytesOf(images), bavail * bsize];
    if (needed + reservedBytes <= free) return;
    const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
    throw new DermOrbitError(
      'DISK_FULL',
      `What is kept of ${images} images takes ${gigabytes(needed)} in ${dirname(this.path)}, where ${gigabytes(free)} are ` +
        `free (${gigabytes(reservedBytes)} are left free for the rest of the run). Nothing was written.`,
    );
  }

  /**
   * Keeps what was computed of one image.
   * @throws DermOrbitError DISK_FULL, WRITE_FAILED
   */
  async append(sha256: string, payload: Uint8Array): Promise<void> {
    if (payload.length !== payloadBytes(this.key)) {
      throw new RangeError(`a record of ${payload.length} bytes, not ${payloadBytes(this.key)}`);
    }
    const place = this.#free.pop() ?? this.#count;
    const record = encodeRecord(sha256, payload);
    try {
      await this.#file.write(record, 0, record.length, headerBytes + place * record.length);
    } catch (error) {
      throw asDermOrbitError(error, 'WRITE_FAILED');
    }
    this.#count = Math.max(this.#count, place + 1);
    this.#places.set(sha256, place);
  }

  /**
   * What was kept of one image.
   * @throws DermOrbitError CACHE_DAMAGED if the record changed since the cache was opened
   */
  async read(sha256: string): Promise<Uint8Array> {
    const place = this.#places.get(sha256);
    if (place === undefined) throw new RangeError(`no record of ${sha256}`);
    const record = new Uint8Array(recordBytes(this.key));
    await this.#file.read(record, 0, record.length, headerBytes + place * record.length);
    if (checkRecord(record) !== sha256) {
      throw new DermOrbitError('CACHE_DAMAGED', `${this.path}: record ${place} is not what was written.`);
    }
    return record.subarray(recordHead);
  }

  async close(): Promise<void> {
    await this.#file.sync().catch(() => undefined);
    await this.#file.close();
    await releaseLock(this.path);
  }
}

/** @throws DermOrbitError CACHE_MISMATCH, CACHE_INVALID */
async function requireHeader(file: FileHandle, path: string, key: CacheKey): Promise<void> {
  const bytes = new Uint8Array(headerBytes);
  const { bytesRead } = await file.read(bytes, 0, headerBytes, 0);
  const wanted = encodeHeader(key);
  // An empty file, or one whose very first write was torn: a prefix of what would be written.
  if (Buffer.compare(bytes.subarray(0, bytesRead), wanted.subarray(0, bytesRead)) === 0) {
    if (bytesRead < headerBytes) await file.write(wanted, 0, headerBytes, 0);
    return;
  }
  const found = bytesRead === headerBytes ? decodeHeader(bytes) : null;
  if (!found) throw new DermOrbitError('CACHE_INVALID', `${path} has no header of a cache.`);
  const different = difference(found, key);
  if (different !== null) throw new DermOrbitError('CACHE_MISMATCH', `${path}: ${different}.`);
}

interface Scan {
  readonly places: Map<string, number>;
  readonly damaged: number[];
  readonly count: number;
}

async function scan(file: FileHandle, key: CacheKey, signal?: AbortSignal): Promise<Scan> {
  const bytes = recordBytes(key);
  const count = Math.floor(Math.max(0, (await file.stat()).size - headerBytes) / bytes);
  // A torn tail is cut off: the next record begins where it began.
  await file.truncate(headerBytes + count * bytes);
  const places = new Map<string, number>();
  const damaged: number[] = [];
  const record = new Uint8Array(bytes);
  for (let place = 0; place < count; place++) {
    signal?.throwIfAborted();
    await file.read(record, 0, bytes, headerBytes + place * bytes);
    const sha256 = checkRecord(record);
    if (sha256 === null || places.has(sha256)) damaged.push(place);
    else places.set(sha256, place);
  }
  return { places, damaged, count };
}
