// Replacing a file of a run: the old one is there until the new one is, whole and on the disk.
import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asDermOrbitError } from '../../contract/errors.ts';
import { writeDurably } from '../../engine/store/durable.ts';

/** @throws DermOrbitError WRITE_FAILED, DISK_FULL; the old file is then unchanged */
export async function replaceFile(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeDurably(temporary, typeof data === 'string' ? new TextEncoder().encode(data) : data);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asDermOrbitError(error, 'WRITE_FAILED');
  }
}
