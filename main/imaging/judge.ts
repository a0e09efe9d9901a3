// Whether a file of a folder is a picture that is read: by its name where that says so (reading will tell if it lies),
// else by its first bytes. Depends on contract.
import { open } from 'node:fs/promises';
import { claimedFormat } from '../contract/image-kinds.ts';
import type { SkipCode } from '../contract/skipped.ts';
import { sniff, sniffedBytes } from './sniff.ts';

/** Why a file is left out. */
interface Refusal {
  readonly code: SkipCode;
  readonly message: string;
}

/** Null for a picture that is read; otherwise what the file is instead. Never throws for a bad file. */
export async function judgeFile(path: string): Promise<Refusal | null> {
  if (claimedFormat(path) !== null) return null;
  let bytes: Uint8Array;
  try {
    bytes = await firstBytes(path);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { code: 'IMAGE_UNREADABLE', message: `could not be read (${reason})` };
  }
  if (bytes.length === 0) return { code: 'IMAGE_EMPTY', message: 'holds 0 bytes' };
  const content = sniff(bytes, path);
  if ('format' in content) return null;
  const text = content.code === 'IMAGE_UNRECOGNISED' && content.text === true;
  return { code: text ? 'TEXT_FILE' : content.code, message: `looks like ${content.looksLike}` };
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const buffer = new Uint8Array(sniffedBytes);
    const { bytesRead } = await handle.read(buffer, 0, sniffedBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
