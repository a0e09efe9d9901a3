// One process at a time works with a cache.
import { takeLock } from '../../base/lock.ts';
import { DermOrbitError } from '../../contract/errors.ts';

/**
 * Takes the cache for this process.
 * @throws DermOrbitError CACHE_IN_USE; an error of the file system
 */
export async function lockCache(path: string): Promise<void> {
  const owner = await takeLock(path);
  if (owner === null) return;
  const who = owner === 0 ? 'another process' : `process ${owner}`;
  throw new DermOrbitError('CACHE_IN_USE', `${path} is in use by ${who}.`);
}
