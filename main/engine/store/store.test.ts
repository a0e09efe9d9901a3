import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { processTag, tagOf } from '../../base/process-tag.ts';
import type { ImportRequest } from '../../contract/engine.ts';
import { combinerSchema } from '../../contract/settings.ts';
import { temporaryStore } from '../../testing/model-store.ts';
import { smallClasses, smallImport } from '../../testing/random-model.ts';
import { importModel } from './import.ts';
import { manifestName, verifyPackage, type ModelPackage } from './package.ts';
import { defaultModelId, ModelStore } from './store.ts';

const temporary = temporaryStore();
const { root, folders, store } = temporary;
let request: ImportRequest;
let mine: ModelPackage;

beforeAll(async () => {
  const card = join(root, 'card.md');
  writeFileSync(card, '# A card\n');
  request = smallImport(temporary, { id: 'mine', name: 'My model', card });
  // Imported under the default's id, then moved to where bundled models lie.
  const standard = await importModel(store, { ...request, id: defaultModelId });
  cpSync(standard.folder, join(folders.bundled, defaultModelId), { recursive: true });
  rmSync(standard.folder, { recursive: true });
  mine = await importModel(store, request);
});
afterEach(() => {
  expect(temporary.imported()).toEqual(['mine']);
});
afterAll(() => {
  temporary.remove();
});

describe('list', () => {
  it('is empty where no folder exists', async () => {
    const nowhere = new ModelStore({ bundled: join(root, 'a'), imported: join(root, 'b') });
    expect(await nowhere.list()).toEqual({ packages: [], problems: [] });
  });

  it('names bundled models first, and what is wrong with packages that cannot be read', async () => {
    const broken = join(folders.imported, 'broken');
    const renamed = join(folders.imported, 'renamed');
    mkdirSync(broken);
    cpSync(mine.folder, renamed, { recursive: true });
    mkdirSync(join(folders.imported, '.tmp-x-1'));
    writeFileSync(join(folders.imported, 'notes.txt'), 'not a package');
    symlinkSync(mine.folder, join(folders.imported, 'link'));
    try {
      const { packages, problems } = await store.list();
      expect(packages.map(({ manifest, bundled }) => [manifest.id, bundled])).toEqual([
        [defaultModelId, true],
        ['mine', false],
      ]);
      expect(problems.map(({ code, message }) => [code, message.includes(folders.imported)])).toEqual([
        ['MODEL_NOT_FOUND', true],
        ['MANIFEST_INVALID', true],
      ]);
      // One id is one model: a copy under another name is not found by either.
      await expect(store.find('renamed')).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    } finally {
      for (const name of ['broken', 'renamed', '.tmp-x-1', 'notes.txt', 'link']) {
        rmSync(join(folders.imported, name), { recursive: true, force: true });
      }
    }
  });
});

describe('find', () => {
  it('by id, by nothing, by folder', async () => {
    expect((await store.find('mine')).folder).toBe(mine.folder);
    expect(await store.find()).toMatchObject({
      folder: join(folders.bundled, defaultModelId),
      bundled: true,
    });
    expect((await store.find(mine.folder)).sha256).toBe(mine.sha256);
    expect((await store.find(relative(process.cwd(), mine.folder))).sha256).toBe(mine.sha256);
  });

  it('a package anywhere, under any name of its folder', async () => {
    const elsewhere = join(root, 'Some Folder');
    cpSync(mine.folder, elsewhere, { recursive: true });
    expect(await store.find(elsewhere)).toMatchObject({ bundled: false, manifest: { id: 'mine' } });
  });

  it.each(['nobody', '', 'UPPER', '../mine', '/', './nowhere'])('nothing: %j', async (id) => {
    await expect(store.find(id)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('a bundled model before an imported one of the same id', async () => {
    const shadow = join(folders.imported, defaultModelId);
    cpSync(join(folders.bundled, defaultModelId), shadow, { recursive: true });
    expect((await store.find(defaultModelId)).bundled).toBe(true);
    rmSync(shadow, { recursive: true });
  });
});

it('details have the card and the weight networks of the package', async () => {
  expect(await store.details('mine')).toMatchObject({
    id: 'mine',
    name: 'My model',
    bundled: false,
    classes: smallClasses,
    card: '# A card\n',
    folder: mine.folder,
    combiners: [...combinerSchema.options],
  });
});

it('verification names each file that is not what the manifest promises', async () => {
  const folder = join(root, 'verified');
  cpSync(mine.folder, folder, { recursive: true });
  const copy = await store.find(folder);
  expect((await verifyPackage(copy)).ok).toBe(true);
  writeFileSync(join(folder, 'lambda.onnx'), 'changed');
  rmSync(join(folder, 'MODEL_CARD.md'));
  const { ok, files } = await verifyPackage(copy);
  expect(ok).toBe(false);
  expect(files.filter(({ state }) => state !== 'ok')).toEqual([
    { path: 'lambda.onnx', state: 'changed' },
    { path: 'MODEL_CARD.md', state: 'missing' },
  ]);
});

describe('remove', () => {
  it('removes an imported model, and its id is free again', async () => {
    await importModel(store, { ...request, id: 'passing' });
    await store.remove('passing');
    await expect(store.find('passing')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await importModel(store, { ...request, id: 'passing' });
    await store.remove('passing');
  });

  it('removes a package that is damaged', async () => {
    const { folder } = await importModel(store, { ...request, id: 'passing' });
    rmSync(join(folder, manifestName));
    await store.remove('passing');
  });

  it('never a bundled model', async () => {
    await expect(store.remove(defaultModelId)).rejects.toMatchObject({ code: 'MODEL_BUNDLED' });
    expect((await store.find(defaultModelId)).bundled).toBe(true);
  });

  it.each(['nobody', '', '.', '..', '../bundled', 'a/../mine', '.tmp-x-1'])(
    'nothing else: %j',
    async (id) => {
      await expect(store.remove(id)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    },
  );

  it('not what a path leads to', async () => {
    await expect(store.remove(mine.folder)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });
});

it('an import sweeps away what killed imports left, and nothing of those that still run', async () => {
  // A process that has ended: its number is free.
  const { pid: dead } = spawnSync(process.execPath, ['--version']);
  const leftovers = [`.tmp-old-${dead}`, `.tmp-a-b-c-${tagOf(dead)}`, '.tmp-unnamed'];
  // The number of a running process, which started after the one that left this: the number was given again.
  leftovers.push(`.tmp-again-${processTag().replace(/\.\d+\./, '.1.')}`);
  const running = [`.tmp-live-${processTag()}`, `.tmp-other-${tagOf(process.ppid)}`];
  for (const name of [...leftovers, ...running]) {
    mkdirSync(join(folders.imported, name));
    writeFileSync(join(folders.imported, name, 'image-tower.onnx'), 'half');
  }
  await importModel(store, { ...request, id: 'passing' });
  await store.remove('passing');
  expect(temporary.imported()).toEqual([...running, 'mine'].sort());
  for (const name of running) rmSync(join(folders.imported, name), { recursive: true });
});
