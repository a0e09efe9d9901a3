// A lock on a file: a file beside it names the process that has it. The lock of a process that is gone does not count.
import { createHash } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { isOwnerGone, keepFresh, processTag } from './process-tag.ts';

/** How often a lock that does not count is tried again, and the pause between (milliseconds): two seconds in all. */
const [attempts, pause] = [100, 20];

const lockOf = (path: string) => `${path}.lock`;
const fresheners = new Map<string, () => void>();

/**
 * Takes the lock of a file for this process.
 * @returns null, or the number of the process that has it
 * @throws an error of the file system
 */
export async function takeLock(path: string): Promise<number | null> {
  const lock = lockOf(path);
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await make(lock)) {
      fresheners.set(path, keepFresh(lock));
      return null;
    }
    const { owner, text } = await look(lock);
    if (owner !== null) return owner;
    if (text !== null) await removeDead(lock, text);
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

/** Makes a file that names this process. @returns false if it is there already */
async function make(path: string): Promise<boolean> {
  try {
    await writeFile(path, processTag(), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
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
 * Removes a lock that does not count. Only who has the right to it may: a file beside the lock, named after what the lock
 * says, which one process can make. Where that process is gone, too, one other can make the next, and so on: of all that
 * have had the right one lives at most, however long it was held up, so nobody removes a lock that came after the dead one.
 */
async function removeDead(lock: string, text: string): Promise<void> {
  const key = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const rightOf = (attempt: number) => `${lock}.${key}.${attempt}`;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await make(rightOf(attempt))) {
      const now = await look(lock);
      if (now.owner === null && now.text === text) await rm(lock, { force: true });
      for (let made = 0; made <= attempt; made++) await rm(rightOf(made), { force: true });
      return;
    }
    const { owner } = await look(rightOf(attempt));
    if (owner !== null) {
      // Somebody is at it.
      await setTimeout(pause);
      return;
    }
  }
}
