// A lock on a file: a file beside it names the process that has it. The lock of a process that is gone does not count.
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { isOwnerGone, keepFresh, processTag } from './process-tag.ts';

const lockOf = (path: string) => `${path}.lock`;
const fresheners = new Map<string, () => void>();

/**
 * Takes the lock of a file for this process.
 * @returns null, or the number of the process that has it
 * @throws an error of the file system
 */
export async function takeLock(path: string): Promise<number | null> {
  const lock = lockOf(path);
  // Twice: the second time after a lock that did not count was moved away.
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await writeFile(lock, processTag(), { flag: 'wx' });
      fresheners.set(path, keepFresh(lock));
      return null;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = await lockOwner(path);
    if (owner !== null) return owner;
    await discard(lock);
  }
  return (await lockOwner(path)) ?? 0;
}

export async function releaseLock(path: string): Promise<void> {
  fresheners.get(path)?.();
  fresheners.delete(path);
  await rm(lockOf(path), { force: true }).catch(() => undefined);
}

/** Number of the running process that has the lock of a file; null: none. */
export async function lockOwner(path: string): Promise<number | null> {
  const lock = lockOf(path);
  try {
    const [tag, { mtimeMs }] = await Promise.all([readFile(lock, 'utf8'), stat(lock)]);
    // Between being made and being written a lock is empty; a crash can leave it so, but not for long.
    if (tag === '' && Date.now() - mtimeMs < 10_000) return 0;
    return isOwnerGone(tag, mtimeMs) ? null : Number.parseInt(tag, 10);
  } catch {
    return null;
  }
}

/** Moved away before it is removed, so that of two processes that find it only one takes it away. */
async function discard(lock: string): Promise<void> {
  const aside = `${lock}.${randomUUID()}`;
  await rename(lock, aside).catch(() => undefined);
  await rm(aside, { force: true });
}
