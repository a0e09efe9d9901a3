// A lock on a file: a file beside it names the process that has it. The lock of a process that is gone does not count.
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { isOwnerGone, keepFresh, processTag } from './process-tag.ts';

/** How often a lock that does not count is tried again, and the pause between (milliseconds): two seconds in all. */
const [attempts, pause] = [100, 20];
/** After so long a guard was left by a process that was killed while it held it (milliseconds). */
const guardPatience = 1000;

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
    try {
      await writeFile(lock, processTag(), { flag: 'wx' });
      fresheners.set(path, keepFresh(lock));
      return null;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const { owner } = await look(lock);
    if (owner !== null) return owner;
    await removeDead(lock);
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
 * Removes a lock that does not count. Only who holds the guard, a folder beside the lock, removes one, after another
 * look: between that look and the removal nobody else can have put a lock of their own there.
 */
async function removeDead(lock: string): Promise<void> {
  const guard = `${lock}.removing`;
  try {
    await mkdir(guard);
  } catch {
    // Somebody else is at it; if they were killed in the middle, the guard is old.
    const made = await stat(guard).catch(() => null);
    if (made && Date.now() - made.mtimeMs > guardPatience) await rm(guard, { recursive: true, force: true });
    await setTimeout(pause);
    return;
  }
  try {
    const { owner, text } = await look(lock);
    if (owner === null && text !== null) await rm(lock, { force: true });
  } finally {
    await rm(guard, { recursive: true, force: true });
  }
}
