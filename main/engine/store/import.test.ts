// What an import does when nothing is wrong, when it is cancelled, and when another runs beside it.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { randomClip } from '../../backbones/clip-resnet/random-weights.ts';
import type { ImportRequest } from '../../contract/engine.ts';
import { norm } from '../../equivariance/logits.ts';
import { largestDifference } from '../../testing/distance.ts';
import { pickled, stateDictFile } from '../../testing/checkpoint-files.ts';
import { temporaryStore } from '../../testing/model-store.ts';
import { smallImport, smallVisual, writeTensors } from '../../testing/random-model.ts';
import { checkModel } from '../check-model.ts';
import { loadModel } from '../model.ts';
import { importModel } from './import.ts';
import { packageFiles } from './package.ts';

const temporary = temporaryStore();
const { root, store } = temporary;
const text = { layers: 1, width: 64, heads: 1, contextLength: 16, vocabularySize: 49_408 };
let good: ImportRequest;

beforeAll(async () => {
  good = smallImport(temporary, { id: 'new' });
  await importModel(store, { ...good, id: 'taken' });
});
afterEach(() => {
  for (const id of ['new', 'chosen']) {
    rmSync(join(temporary.folders.imported, id), { recursive: true, force: true });
  }
  expect(temporary.imported()).toEqual(['taken']);
});
afterAll(() => {
  temporary.remove();
});

it('tells its progress from 0 to 1, and installs the model', async () => {
  const fractions: number[] = [];
  const opened = await importModel(store, good, {
    onProgress: ({ fraction }) => {
      fractions.push(fraction);
    },
  });
  expect(fractions[0]).toBe(0);
  expect(fractions.at(-1)).toBe(1);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  expect(opened.manifest.logits).toEqual({ normalize: false, scale: 1 });
  expect(opened.folder).toBe(join(temporary.folders.imported, 'new'));
  expect(temporary.imported()).toEqual(['new', 'taken']);
});

it('reads a training checkpoint, and tells what lies beside its weights', async () => {
  const checkpoint = join(root, 'epoch_5.pt');
  const args = pickled.instance(['argparse', 'Namespace'], pickled.dict([['lr', pickled.text('0.001')]]));
  const wrap = (weights: Uint8Array) =>
    pickled.dict([
      ['net', weights],
      ['args', args],
    ]);
  writeFileSync(checkpoint, stateDictFile(randomClip(smallVisual, 1), wrap));
  const notes: (string | undefined)[] = [];
  await importModel(
    store,
    { ...good, checkpoint },
    {
      onProgress: ({ note }) => {
        if (note !== undefined) notes.push(note);
      },
    },
  );
  expect(notes).toEqual([
    'The weights were read from "net"; beside it the file holds "args" (argparse.Namespace): not read, and not needed.',
  ]);
  writeFileSync(
    checkpoint,
    stateDictFile(new Map([['fc.weight', randomClip(smallVisual, 1).values().next().value!]]), wrap),
  );
  await expect(importModel(store, { ...good, id: 'chosen', checkpoint })).rejects.toMatchObject({
    message: expect.stringMatching(/"fc\.weight".*read from "net".*argparse\.Namespace/) as unknown,
  });
});

it('makes class embeddings from prompts, with the logit rule of CLIP', async () => {
  const tensors = randomClip(smallVisual, 4, text);
  tensors.set('logit_scale', { dims: [], dtype: 'float32', data: Float32Array.of(Math.log(50)) });
  const prompts = join(root, 'prompts.json');
  const names = { MEL: 'Melanoma', NV: 'Nevus', BCC: 'Basal Cell Carcinoma', DF: 'Dermatofibroma' };
  writeFileSync(prompts, JSON.stringify({ names, templates: ['a {}.', 'an image of a {}.'] }));
  const { id, classes: codes } = good;
  const zeroShot = { id, classes: codes, prompts, checkpoint: writeTensors(root, 'with-text', tensors) };

  const opened = await importModel(store, zeroShot);
  expect(opened.manifest.logits.normalize).toBe(true);
  expect(opened.manifest.logits.scale).toBeCloseTo(50, 4);
  const model = await loadModel(opened, 'cpu');
  await model.release();
  const { data, width, classes } = model.classEmbeddings;
  expect([width, classes]).toEqual([16, 4]);
  for (let k = 0; k < classes; k++) {
    const column = data.filter((_, i) => i % classes === k);
    expect(norm(column)).toBeCloseTo(1, 5);
  }
  // Names that differ must not end as one class.
  expect(
    largestDifference(
      data.filter((_, i) => i % classes === 0),
      data.filter((_, i) => i % classes === 1),
    ),
  ).toBeGreaterThan(1e-3);
  const chosen = await importModel(store, { ...zeroShot, id: 'chosen', normalize: false, scale: 2 });
  expect(chosen.manifest.logits).toEqual({ normalize: false, scale: 2 });
});

it('gives the same bytes for the same files', async () => {
  const taken = await store.find('taken');
  const again = await importModel(store, good);
  const hashes = ({ manifest }: typeof taken) =>
    packageFiles(manifest).map(([role, { sha256 }]) => `${role} ${sha256}`);
  expect(hashes(again)).toEqual(hashes(taken));
});

it.each([1, 2, 3, 4, 5, 6])('cancelled at step %i', async (step) => {
  const controller = new AbortController();
  let steps = 0;
  const importing = importModel(store, good, {
    signal: controller.signal,
    onProgress: () => {
      if (++steps === step) controller.abort();
    },
  });
  await expect(importing).rejects.toMatchObject({ code: 'CANCELLED' });
});

it('two imports under one id at once: one is installed, whole', async () => {
  const other = { ...good, checkpoint: writeTensors(root, 'rival', randomClip(smallVisual, 9)) };
  const results = await Promise.allSettled([importModel(store, good), importModel(store, other)]);
  const failed = results.filter((result) => result.status === 'rejected');
  expect(failed.map(({ reason }) => (reason as { code: string }).code)).toEqual(['MODEL_EXISTS']);
  await checkModel(await store.find('new'));
  expect(temporary.imported()).toEqual(['new', 'taken']);
});
