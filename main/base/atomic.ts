// Writing a file so that it is there whole or not at all.
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asDermOrbitError } from '../contract/errors.ts';

/**
 * Writes beside the target, flushes, then renames over it. Creates the folder if need be.
 * @throws DermOrbitError WRITE_FAILED or DISK_FULL; the old file, if any, is then unchanged
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asDermOrbitError(thrown, 'WRITE_FAILED');
  }
}
