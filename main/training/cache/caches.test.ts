// Which files are caches, and that nothing else is listed or removed.
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../evaluation/testing/sets.ts';
import { listCaches, removeCache } from './caches.ts';
import { encodeHeader, type OrbitKey, type PixelKey } from './layout.ts';
import { RecordCache } from './record-cache.ts';

const pixels: PixelKey = { format: 1, content: 'pixels', dtype: 'uint8', shape: [2, 2, 3] };
const orbits: OrbitKey = {
  format: 1,
  model: { id: 'one', sha256: 'a'.repeat(64) },
  imageTower: 'tower',
  attentionPool: null,
  input: { size: 32, mean: [0, 0, 0], std: [1, 1, 1] },
  group: 'c4',
  content: 'features',
  dtype: 'float16',
  shape: [2, 3, 3],
  orientations: 4,
  provider: 'cpu',
};

/** A folder with two caches, one of them with an image, and things that are none. */
async function folderOfAll(): Promise<string> {
  const folder = temporaryFolder({
    'notes.cache': 'nothing of the kind',
    'empty.orbits': '',
    'later.orbits': 'dermorbit orbit cache 2\n and what comes then',
  });
  const cache = await RecordCache.open(join(folder, 'pixels-2.cache'), pixels);
  await cache.append('0'.repeat(64), new Uint8Array(12));
  await cache.close();
  await (await RecordCache.open(join(folder, 'one.orbits'), orbits)).close();
  const elsewhere = temporaryFolder({ 'real.cache': encodeHeader(pixels) });
  symlinkSync(join(elsewhere, 'real.cache'), join(folder, 'link.cache'));
  mkdirSync(join(folder, 'folder.cache'));
  return folder;
}

it('lists caches with what they hold, those of other versions too, and nothing else', async () => {
  const found = await listCaches(await folderOfAll());
  expect(found.map(({ name, holds, inUse }) => ({ name, holds, inUse }))).toEqual([
    { name: 'pixels-2.cache', holds: { content: 'pixels', side: 2, images: 1 }, inUse: false },
    {
      name: 'one.orbits',
      holds: { content: 'features', model: 'one', group: 'c4', images: 0 },
      inUse: false,
    },
    { name: 'later.orbits', holds: null, inUse: false },
  ]);
  expect(found.map(({ bytes }) => bytes)).toEqual([4096 + 32 + 4 + 12, 4096, 44]);
  expect(await listCaches('/nowhere')).toEqual([]);
});

it('removes what is listed, and its lock', async () => {
  const folder = await folderOfAll();
  // Left by a process that died.
  writeFileSync(join(folder, 'one.orbits.lock'), '2147483646');
  await removeCache(folder, 'one.orbits');
  await removeCache(folder, 'later.orbits');
  expect((await listCaches(folder)).map(({ name }) => name)).toEqual(['pixels-2.cache']);
  expect(existsSync(join(folder, 'one.orbits.lock'))).toBe(false);
});

it('touches nothing that is no cache: other files, links and what they lead to, folders, paths', async () => {
  const folder = await folderOfAll();
  const beside = temporaryFolder({ 'real.cache': encodeHeader(pixels) });
  for (const name of ['notes.cache', 'empty.orbits', 'link.cache', 'folder.cache', 'absent', '../x', '.']) {
    await expect(removeCache(folder, name)).rejects.toMatchObject({ code: 'CACHE_NOT_FOUND' });
  }
  const outside = join('..', basename(beside), 'real.cache');
  await expect(removeCache(folder, outside)).rejects.toMatchObject({ code: 'CACHE_NOT_FOUND' });
  expect(existsSync(join(beside, 'real.cache'))).toBe(true);
  expect(readFileSync(join(folder, 'link.cache')).length).toBe(4096);
  expect(existsSync(join(folder, 'link.cache.lock'))).toBe(false);
});

it('does not remove what a training works with', async () => {
  const folder = await folderOfAll();
  const open = await RecordCache.open(join(folder, 'one.orbits'), orbits);
  expect((await listCaches(folder)).find(({ name }) => name === 'one.orbits')?.inUse).toBe(true);
  await expect(removeCache(folder, 'one.orbits')).rejects.toMatchObject({ code: 'CACHE_IN_USE' });
  await open.close();
  await removeCache(folder, 'one.orbits');
});
