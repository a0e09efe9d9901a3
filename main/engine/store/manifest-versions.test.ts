// Packages of version 1 open as they are: nothing is rewritten, every hash is still that of the file.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readManifest } from '../../contract/manifest.ts';
import { temporaryStore } from '../../testing/model-store.ts';
import { smallImport } from '../../testing/random-model.ts';
import { knownImage, loadModel } from '../model.ts';
import { ImageOrbit } from '../orbit.ts';
import { predict } from '../predict.ts';
import { importModel } from './import.ts';
import { manifestName, openPackage, sha256Of, verifyPackage, type ModelPackage } from './package.ts';

const temporary = temporaryStore();
afterAll(() => {
  temporary.remove();
});

/** The manifest of a CLIP ResNet as version 1 told it. */
function asVersionOne({ manifest }: ModelPackage): Record<string, unknown> {
  const { head, architecture, files, input, invariantPart, ...rest } = manifest;
  expect(invariantPart).toBe(0);
  if (head.kind !== 'attention-pool') throw new Error('no CLIP ResNet');
  const { kind, ...numbers } = head;
  const { resize, ...square } = input;
  const { head: attentionPool, ...others } = files;
  expect([kind, resize]).toEqual(['attention-pool', 'shortest-crop']);
  const { name, parameters } = architecture;
  return {
    ...rest,
    schema: 1,
    input: square,
    architecture: { name, ...numbers, parameters },
    files: { ...others, attentionPool },
  };
}

async function logits(opened: ModelPackage): Promise<readonly number[]> {
  const model = await loadModel(opened, 'cpu');
  try {
    const orbit = new ImageOrbit(model, knownImage(opened.manifest.input.size));
    const settings = {
      group: 'c4',
      method: 'lambda',
      level: 'feature',
      inverse: 'on',
      head: 'orbit',
    } as const;
    return (await predict(orbit, settings)).logits!;
  } finally {
    await model.release();
  }
}

it('opens a package of version 1 with the same answers, and leaves its manifest alone', async () => {
  const made = await importModel(temporary.store, smallImport(temporary, { id: 'one' }));
  const before = await logits(made);
  const path = join(made.folder, manifestName);
  const text = JSON.stringify(asVersionOne(made));
  writeFileSync(path, text);
  const opened = await openPackage(made.folder);
  expect(opened.manifest).toEqual(made.manifest);
  expect(opened.sha256).toBe(sha256Of(Buffer.from(text)));
  expect((await verifyPackage(opened)).ok).toBe(true);
  expect(await logits(opened)).toEqual(before);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

it('takes nothing for version 1 that version 1 did not have', async () => {
  const made = await importModel(temporary.store, smallImport(temporary, { id: 'two' }));
  const one = asVersionOne(made);
  expect(readManifest(one).success).toBe(true);
  const wrong = [
    { ...one, head: made.manifest.head, schema: 1, surplus: true },
    { ...one, architecture: { ...made.manifest.architecture } },
    { ...one, schema: 2 },
  ];
  expect(wrong.map((json) => readManifest(json).success)).toEqual([false, false, false]);
});
