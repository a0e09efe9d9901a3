// The file of a cache: a header of fixed size that says what is kept, then records of fixed size, one per image: the
// image's hash, a checksum, and the payload: its orbit in half precision, or its pixels. Every size follows from the
// header that the run at hand asks for; nothing is sized by what a file says.
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { groupNameSchema, providerSchema } from '../../contract/settings.ts';

/** What an orbit cache holds. Two caches with equal keys hold the same numbers for the same image. */
const orbitKeySchema = z.strictObject({
  format: z.literal(1),
  /** Of manifest.json, for people; what decides are the networks' own hashes below. */
  model: z.strictObject({ id: z.string(), sha256: z.string() }),
  imageTower: z.string(),
  /** Null where features are kept, which the pool has not seen. */
  attentionPool: z.string().nullable(),
  input: z.strictObject({ size: z.int(), mean: z.array(z.number()), std: z.array(z.number()) }),
  group: groupNameSchema,
  /** Features f_g [C, s, s], or normalised embeddings [E]. */
  content: z.enum(['features', 'embeddings']),
  dtype: z.literal('float16'),
  /** Of one orientation. */
  shape: z.array(z.int().positive()),
  orientations: z.int().positive(),
  provider: providerSchema,
});
export type OrbitKey = z.infer<typeof orbitKeySchema>;

/** What a pixel cache holds: the square that a model of this input size sees, [side, side, 3]. */
const pixelKeySchema = z.strictObject({
  format: z.literal(1),
  content: z.literal('pixels'),
  dtype: z.literal('uint8'),
  shape: z.array(z.int().positive()),
});
export type PixelKey = z.infer<typeof pixelKeySchema>;

const cacheKeySchema = z.union([orbitKeySchema, pixelKeySchema]);
export type CacheKey = z.infer<typeof cacheKeySchema>;

const family = 'dermorbit orbit cache ';
const magic = `${family}1\n`;
export const headerBytes = 4096;
const hashBytes = 32;
export const recordHead = hashBytes + 4;

const elementBytes = { float16: 2, uint8: 1 } as const;

/** Bytes of one image's payload. */
export function payloadBytes(key: CacheKey): number {
  const count = key.shape.reduce((product, dim) => product * dim, elementBytes[key.dtype]);
  return key.content === 'pixels' ? count : count * key.orientations;
}

export function recordBytes(key: CacheKey): number {
  return recordHead + payloadBytes(key);
}

export function encodeHeader(key: CacheKey): Uint8Array {
  const text = new TextEncoder().encode(`${magic}${JSON.stringify(key)}\n`);
  if (text.length > headerBytes) throw new RangeError('the header of the cache is too long');
  const header = new Uint8Array(headerBytes).fill(0x20);
  header.set(text);
  return header;
}

/** The key in a header; null if these bytes are no header of this version. */
export function decodeHeader(bytes: Uint8Array): CacheKey | null {
  const text = new TextDecoder().decode(bytes);
  if (!text.startsWith(magic)) return null;
  try {
    const parsed = cacheKeySchema.safeParse(JSON.parse(text.slice(magic.length)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Whether these bytes begin as caches of any version do. */
export function startsAsCache(bytes: Uint8Array): boolean {
  return new RegExp(`^${family}\\d{1,9}\\n`).test(new TextDecoder().decode(bytes));
}

/** Fields that need not agree: for people, and the version, which the magic line has. */
const immaterial = new Set(['model', 'format']);

/** How a cache's key differs from the one that is asked for; null if it holds the same numbers. */
export function difference(found: CacheKey, wanted: CacheKey): string | null {
  const fields = (key: CacheKey) =>
    new Map(
      Object.entries(key).flatMap(([name, value]) =>
        immaterial.has(name) ? [] : [[name, JSON.stringify(value)]],
      ),
    );
  const [before, now] = [fields(found), fields(wanted)];
  const different = [...now.keys()].find((name) => before.get(name) !== now.get(name));
  if (different === undefined) return null;
  const networks = different === 'imageTower' || different === 'attentionPool';
  if (networks && found.content !== 'pixels' && wanted.content !== 'pixels') {
    return `it is of the model ${found.model.id} (${found.model.sha256.slice(0, 12)}), not ${wanted.model.id} (${wanted.model.sha256.slice(0, 12)})`;
  }
  return `its ${different} is ${before.get(different) ?? 'absent'}, not ${now.get(different)!}`;
}

/** One record: hash, checksum over hash and payload, payload. */
export function encodeRecord(sha256: string, payload: Uint8Array): Uint8Array {
  const record = new Uint8Array(recordHead + payload.length);
  record.set(Buffer.from(sha256, 'hex'));
  record.set(payload, recordHead);
  new DataView(record.buffer).setUint32(hashBytes, checksum(record), true);
  return record;
}

/** The hash of a record's image; null if the record's bytes are not what was written. */
export function checkRecord(record: Uint8Array): string | null {
  const stored = new DataView(record.buffer, record.byteOffset).getUint32(hashBytes, true);
  if (stored !== checksum(record)) return null;
  return Buffer.from(record.subarray(0, hashBytes)).toString('hex');
}

function checksum(record: Uint8Array): number {
  return crc32(record.subarray(recordHead), crc32(record.subarray(0, hashBytes)));
}
