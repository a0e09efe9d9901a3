// A lock on a file: a file beside it names the process that has it. The lock of a process that is gone does not count.
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
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
    const { owner, text } = await look(lock);
    if (owner !== null) return owner;
    if (text !== null) await discard(lock, text);
  }
  return (await lockOwner(path)) ?? 0;
}

export async function releaseLock(path: string): Promise<void> {
  fresheners.get(path)?.();
  fresheners.delete(path);
  // Somebody may have had reason to believe us gone; then it is theirs.
  const text = await readFile(lockOf(path), 'utf8').catch(() => '');
  if (text === processTag()) await rm(lockOf(path), { force: true }).catch(() => undefined);
}

/** Number of the running process that has the lock of a file; null: none. */
export async function lockOwner(path: string): Promise<number | null> {
  return (await look(lockOf(path))).owner;
}

/** Who has a lock, 0 being somebody unknown, and what it says; null: nobody, no lock that can be read. */
async function look(lock: string): Promise<{ owner: number | null; text: string | null }> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(lock, 'utf8'), stat(lock)]);
    // Between being made and being written a lock is empty; a crash can leave it so, but not for long.
    const written = text !== '' || Date.now() - mtimeMs >= 10_000;
    if (!written) return { owner: 0, text };
    return { owner: isOwnerGone(text, mtimeMs) ? null : Number.parseInt(text, 10), text };
  } catch {
    return { owner: null, text: null };
  }
}

/**
 * Takes away a lock that does not count: moved aside first, so that of several processes that find it one gets it, and
 * put back if it is no longer what was looked at, because another was faster and has it now.
 */
async function discard(lock: string, text: string): Promise<void> {
  const aside = `${lock}.${randomUUID()}`;
  const moved = await rename(lock, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  if ((await readFile(aside, 'utf8').catch(() => text)) !== text)
    await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
}
