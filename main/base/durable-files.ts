// Files that are there whole or not at all, and on the disk when the call returns. Our own rather than
// write-file-atomic: that one writes with a single call, which cuts files of more than 2 GB (checkpoints) and takes a
// disk that fills up half-way for success.
import { randomBytes } from 'node:crypto';
import { mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asDermOrbitError } from '../contract/errors.ts';

/** Writes a file and waits until the disk has it: what is renamed or named afterwards is never half there. */
export async function writeDurably(path: string, data: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Writes beside the target, flushes, then renames over it. Creates the folder if need be. Where the path is a link, the
 * file it leads to is replaced and the link stays: people link results and settings to other drives.
 * @throws DermOrbitError WRITE_FAILED or DISK_FULL; the old file, if any, is then unchanged
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await mkdir(dirname(target), { recursive: true });
    await writeDurably(temporary, data);
    await rename(temporary, target);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asDermOrbitError(thrown, 'WRITE_FAILED');
  }
}
