// The file of an orbit cache: a header of fixed size that says whose orbits these are, then records of fixed size, one
// per image: the image's hash, a checksum, and the n orientations in half precision. Every size follows from the
// header that the model at hand asks for; nothing is sized by what a file says.
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { groupNameSchema, providerSchema } from '../../contract/settings.ts';

/** What an orbit cache holds. Two caches with equal keys hold the same numbers for the same image. */
export const cacheKeySchema = z.strictObject({
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
export type CacheKey = z.infer<typeof cacheKeySchema>;

const magic = 'dermorbit orbit cache 1\n';
export const headerBytes = 4096;
const hashBytes = 32;
export const recordHead = hashBytes + 4;

/** Numbers of one record. */
export function recordLength({ shape, orientations }: CacheKey): number {
  return shape.reduce((count, dim) => count * dim, orientations);
}

export function recordBytes(key: CacheKey): number {
  return recordHead + 2 * recordLength(key);
}

export function encodeHeader(key: CacheKey): Uint8Array {
  const text = new TextEncoder().encode(`${magic}${JSON.stringify(key)}\n`);
  if (text.length > headerBytes) throw new RangeError('the header of the orbit cache is too long');
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

/** How a cache's key differs from the one that is asked for; null if it holds the same numbers. */
export function difference(found: CacheKey, wanted: CacheKey): string | null {
  const fields = [
    'imageTower',
    'attentionPool',
    'input',
    'group',
    'content',
    'shape',
    'orientations',
    'provider',
  ] as const;
  const text = (value: unknown) => JSON.stringify(value);
  const different = fields.find((field) => text(found[field]) !== text(wanted[field]));
  if (different === undefined) return null;
  const networks = different === 'imageTower' || different === 'attentionPool';
  return networks
    ? `it is of the model ${found.model.id} (${found.model.sha256.slice(0, 12)}), not ${wanted.model.id} (${wanted.model.sha256.slice(0, 12)})`
    : `its ${different} is ${text(found[different])}, not ${text(wanted[different])}`;
}

/** One record: hash, checksum over hash and payload, payload. */
export function encodeRecord(sha256: string, bits: Uint16Array): Uint8Array {
  const payload = new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength);
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
