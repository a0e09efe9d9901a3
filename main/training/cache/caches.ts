// The caches that lie in a folder, and removing them. Whatever else lies there is neither listed nor touched: a cache is
// a regular file, no link, that begins as caches do.
import { constants } from 'node:fs';
import { lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheNameSchema, type CacheSummary } from '../../contract/caches.ts';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import { decodeHeader, headerBytes, recordBytes, startsAsCache, type CacheKey } from './layout.ts';
import { lockOwner, releaseLock } from '../../base/lock.ts';
import { lockCache } from './lock.ts';

/** Where caches lie in a data folder, unless a run says otherwise. */
export const cachesFolder = (dataFolder: string) => join(dataFolder, 'caches');

/** Caches of a folder, the largest first. */
export async function listCaches(folder: string): Promise<CacheSummary[]> {
  const names = await readdir(folder).catch(() => []);
  const plain = names.filter((name) => cacheNameSchema.safeParse(name).success);
  const found = await Promise.all(plain.map((name) => inspect(folder, name)));
  return found
    .filter((cache) => cache !== null)
    .sort((a, b) => b.bytes - a.bytes || a.name.localeCompare(b.name));
}

/**
 * Removes one cache.
 * @param name as listed
 * @throws DermOrbitError CACHE_NOT_FOUND if it is none (or a link), CACHE_IN_USE, WRITE_FAILED
 */
export async function removeCache(folder: string, name: string): Promise<void> {
  if (!cacheNameSchema.safeParse(name).success) throw cacheNotFound(folder, name);
  // Looked at before it is locked, so that no lock is put beside what is no cache; and the lock keeps it as it is.
  if ((await inspect(folder, name)) === null) throw cacheNotFound(folder, name);
  const path = join(folder, name);
  try {
    await lockCache(path);
    try {
      await rm(path);
    } finally {
      await releaseLock(path);
    }
  } catch (thrown) {
    throw asDermOrbitError(thrown, 'WRITE_FAILED');
  }
}

export function cacheNotFound(folder: string, name: string): DermOrbitError {
  return new DermOrbitError('CACHE_NOT_FOUND', `${folder} holds no cache of the name ${name}.`);
}

/** What a file holds; null if it is no cache, is a link, or cannot be read. */
async function inspect(folder: string, name: string): Promise<CacheSummary | null> {
  const path = join(folder, name);
  // Asked before it is opened: opening a pipe would wait for its other end.
  const plain = await lstat(path).then(
    (stat) => stat.isFile(),
    () => false,
  );
  if (!plain) return null;
  const flags = constants.O_RDONLY | ((constants.O_NOFOLLOW as number | undefined) ?? 0);
  const file = await open(path, flags).catch(() => null);
  if (file === null) return null;
  try {
    const stat = await file.stat();
    const header = new Uint8Array(headerBytes);
    const { bytesRead } = await file.read(header, 0, headerBytes, 0);
    if (!startsAsCache(header.subarray(0, bytesRead))) return null;
    const key = bytesRead === headerBytes ? decodeHeader(header) : null;
    return {
      name,
      bytes: stat.size,
      holds: key && describe(key, stat.size),
      changed: stat.mtime.toISOString(),
      inUse: (await lockOwner(path)) !== null,
    };
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

function describe(key: CacheKey, size: number): CacheSummary['holds'] {
  const images = Math.max(0, Math.floor((size - headerBytes) / recordBytes(key)));
  if (key.content === 'pixels') {
    const [side] = key.shape;
    return side === undefined ? null : { content: 'pixels', side, images };
  }
  return { content: key.content, model: key.model.id, group: key.group, images };
}
