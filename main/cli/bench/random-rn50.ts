// A CLIP RN50 with random weights: the size of the papers' model, without a download.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  randomClassEmbeddings,
  randomClip,
  randomCombiners,
  rn50,
} from '../../backbones/clip-resnet/random-weights.ts';
import { writeSafetensors } from '../../backbones/checkpoints/safetensors.ts';
import { isicClasses } from '../../contract/settings.ts';
import { importModel } from '../../engine/store/import.ts';
import { ModelStore } from '../../engine/store/store.ts';

/** A full-size CLIP RN50 through the product's own importer; returns the folder of its package. */
export async function makeRn50(work: string): Promise<string> {
  const write = async (name: string, bytes: Uint8Array) => {
    const path = join(work, name);
    await writeFile(path, bytes);
    return path;
  };
  const store = new ModelStore({ bundled: join(work, 'none'), imported: join(work, 'models') });
  const { folder } = await importModel(store, {
    checkpoint: await write('rn50.safetensors', writeSafetensors(randomClip(rn50, 1))),
    id: 'rn50-random',
    classEmbeddings: await write(
      'classes.safetensors',
      writeSafetensors(randomClassEmbeddings(rn50, isicClasses.length, 2)),
    ),
    combiners: await write('combiners.safetensors', writeSafetensors(randomCombiners(rn50, 3))),
  });
  return folder;
}
