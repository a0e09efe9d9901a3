// WebP files whose outermost length is wrong though every chunk is there: put right before libwebp refuses them.
// Source: RFC 9649, section 2.3. Pure.
import type { NoteCode } from '../contract/notes.ts';

export function repairWebp(bytes: Uint8Array): { bytes: Uint8Array; notes: readonly NoteCode[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const claimed = bytes.length >= 12 ? view.getUint32(4, true) + 8 : 0;
  if (claimed <= bytes.length) return { bytes, notes: [] };
  let at = 12;
  while (at + 8 <= bytes.length) at += 8 + view.getUint32(at + 4, true);
  // The last chunk must end with the file; its padding to an even length may be missing.
  if (at !== bytes.length) return { bytes, notes: [] };
  const repaired = Buffer.from(bytes);
  repaired.writeUInt32LE(bytes.length - 8, 4);
  return { bytes: repaired, notes: ['HEADER_REPAIRED'] };
}
