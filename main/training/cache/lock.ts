// One process at a time works with a cache: a file beside it names that process.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { DermOrbitError } from '../../contract/errors.ts';

const lockOf = (path: string) => `${path}.lock`;

/**
 * Takes the cache for this process; the lock of a process that is gone does not count.
 * @throws DermOrbitError CACHE_IN_USE; an error of the file system
 */
export async function lockCache(path: string): Promise<void> {
  const mine = () => writeFile(lockOf(path), String(process.pid), { flag: 'wx' });
  await mine().catch(async (error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const owner = await cacheOwner(path);
    if (owner !== null) throw new DermOrbitError('CACHE_IN_USE', `${path} is in use by process ${owner}.`);
    await rm(lockOf(path), { force: true });
    await mine();
  });
}

export async function unlockCache(path: string): Promise<void> {
  await rm(lockOf(path), { force: true }).catch(() => undefined);
}

/** The running process that has the cache; null: none. */
export async function cacheOwner(path: string): Promise<number | null> {
  const owner = Number(await readFile(lockOf(path), 'utf8').catch(() => ''));
  return Number.isInteger(owner) && owner > 0 && isRunning(owner) ? owner : null;
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
