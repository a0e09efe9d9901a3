// A cache on disk: what is written comes back, whatever was torn or changed is found, and a cache of something
// else is refused.
import { appendFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import type * as FileSystem from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { groups } from '../../groups/groups.ts';
import { temporaryFolder } from '../../evaluation/testing/sets.ts';
import { float16ToFloat32 } from '../../onnx/float16.ts';
import { readBatch } from './batches.ts';
import { headerBytes, recordBytes, type OrbitKey } from './layout.ts';
import { RecordCache } from './record-cache.ts';

const disk = vi.hoisted(() => ({ free: null as number | null }));
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof FileSystem>();
  return {
    ...real,
    statfs: async (path: string) => {
      const found = await real.statfs(path);
      return disk.free === null ? found : Object.assign(found, { bavail: disk.free, bsize: 1 });
    },
  };
});

const key: OrbitKey = {
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
const hashOf = (number: number) => number.toString(16).padStart(64, '0');
const orbitOf = (number: number) =>
  new Uint8Array(Uint16Array.from({ length: 72 }, (_, i) => 0x3c00 + number * 100 + i).buffer);
const bytes = recordBytes(key);

async function filled(images: number): Promise<string> {
  const path = join(temporaryFolder({}), 'cache', 'some.orbits');
  const cache = await RecordCache.open(path, key);
  for (let image = 1; image <= images; image++) await cache.append(hashOf(image), orbitOf(image));
  await cache.close();
  return path;
}

/** Which of the first four images a cache has, and that each is right. */
async function contents(path: string): Promise<number[]> {
  const cache = await RecordCache.open(path, key);
  try {
    const found = [1, 2, 3, 4].filter((image) => cache.has(hashOf(image)));
    for (const image of found) expect(await cache.read(hashOf(image))).toEqual(orbitOf(image));
    return found;
  } finally {
    await cache.close();
  }
}

it('gives back what was kept, and unlocks', async () => {
  const path = await filled(3);
  expect(statSync(path).size).toBe(headerBytes + 3 * bytes);
  expect(await contents(path)).toEqual([1, 2, 3]);
  expect(existsSync(`${path}.lock`)).toBe(false);
});

it('cuts off a torn tail, and goes on there', async () => {
  const path = await filled(3);
  truncateSync(path, headerBytes + 3 * bytes - 7);
  expect(await contents(path)).toEqual([1, 2]);
  const cache = await RecordCache.open(path, key);
  await cache.append(hashOf(4), orbitOf(4));
  await cache.close();
  expect(await contents(path)).toEqual([1, 2, 4]);
});

it.each([
  { name: 'its numbers', at: 80 },
  { name: 'its hash', at: 3 },
  { name: 'its checksum', at: 33 },
])('a record with a changed bit in $name is absent, and its place is used again', async ({ at }) => {
  const path = await filled(3);
  const file = readFileSync(path);
  file[headerBytes + bytes + at]! ^= 4;
  writeFileSync(path, file);
  expect(await contents(path)).toEqual([1, 3]);
  const cache = await RecordCache.open(path, key);
  await cache.append(hashOf(2), orbitOf(2));
  await cache.close();
  expect(statSync(path).size).toBe(headerBytes + 3 * bytes);
  expect(await contents(path)).toEqual([1, 2, 3]);
});

it('a record that changes while the cache is open is refused, not used', async () => {
  const path = await filled(1);
  const cache = await RecordCache.open(path, key);
  const file = readFileSync(path);
  file[headerBytes + 99]! ^= 1;
  writeFileSync(path, file);
  await expect(cache.read(hashOf(1))).rejects.toMatchObject({ code: 'CACHE_DAMAGED' });
  await cache.close();
});

it('a header that was torn by a crash begins the cache anew', async () => {
  const path = await filled(1);
  truncateSync(path, 100);
  expect(await contents(path)).toEqual([]);
});

it.each<[string, Partial<OrbitKey>, RegExp]>([
  [
    'image tower',
    { imageTower: 'other', model: { id: 'two', sha256: 'b'.repeat(64) } },
    /of the model one \(aaaaaaaaaaaa\), not two/,
  ],
  ['group', { group: 'd4', orientations: 8 }, /its group is "c4", not "d4"/],
  ['input', { input: { size: 64, mean: [0, 0, 0], std: [1, 1, 1] } }, /its input/],
  ['content', { content: 'embeddings', shape: [18] }, /its content/],
  ['provider', { provider: 'cuda' }, /its provider is "cpu", not "cuda"/],
])('a cache of another %s is refused and left alone', async (_, changes, says) => {
  const path = await filled(2);
  await expect(RecordCache.open(path, { ...key, ...changes })).rejects.toMatchObject({
    code: 'CACHE_MISMATCH',
    message: expect.stringMatching(says) as string,
  });
  expect(await contents(path)).toEqual([1, 2]);
});

it('the same networks under another name share a cache', async () => {
  const path = await filled(1);
  const renamed = { ...key, model: { id: 'three', sha256: 'c'.repeat(64) } };
  const cache = await RecordCache.open(path, renamed);
  expect(cache.has(hashOf(1))).toBe(true);
  await cache.close();
});

it('a file that is no cache is refused and left alone', async () => {
  const folder = temporaryFolder({ 'photo.jpg': 'not a cache, but somebody needs it' });
  const path = join(folder, 'photo.jpg');
  await expect(RecordCache.open(path, key)).rejects.toMatchObject({ code: 'CACHE_INVALID' });
  appendFileSync(path, 'x'.repeat(5000));
  await expect(RecordCache.open(path, key)).rejects.toMatchObject({ code: 'CACHE_INVALID' });
  expect(statSync(path).size).toBe(5034);
});

it('one run at a time; the lock of a process that is gone does not count', async () => {
  const path = await filled(1);
  const cache = await RecordCache.open(path, key);
  await expect(RecordCache.open(path, key)).rejects.toMatchObject({ code: 'CACHE_IN_USE' });
  await cache.close();
  writeFileSync(`${path}.lock`, '999999999');
  expect(await contents(path)).toEqual([1]);
});

it('refuses beforehand what the disk cannot hold, with both figures', async () => {
  const path = await filled(0);
  const cache = await RecordCache.open(path, key);
  disk.free = 300e6;
  await expect(cache.requireRoom(10)).resolves.toBeUndefined();
  await expect(cache.requireRoom(1e6)).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringMatching(/1000000 images takes 0\.18 GB .* where 0\.30 GB are free/) as string,
  });
  disk.free = null;
  await cache.close();
});

it('turning an image permutes its orbit: row g at hx is row gh at x', async () => {
  const path = await filled(2);
  const cache = await RecordCache.open(path, key);
  const rows = (values: Float32Array) =>
    Array.from({ length: 4 }, (_, g) => Array.from(values.subarray(18 * g, 18 * g + 18)));
  const upright = rows(float16ToFloat32(new Uint16Array(orbitOf(2).buffer)));
  for (const turn of [0, 1, 2, 3]) {
    const batch = await readBatch(cache, [
      { sha256: hashOf(1), turn: 0 },
      { sha256: hashOf(2), turn },
    ]);
    expect(rows(batch.subarray(72))).toEqual(upright.map((_, g) => upright[groups.c4.product[g]![turn]!]));
  }
  expect(await readBatch(cache, [{ sha256: hashOf(2), turn: 0 }], 1)).toEqual(Float32Array.from(upright[0]!));
  await cache.close();
});
