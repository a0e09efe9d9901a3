// Vision transformers as people have them: wrapped in a prefix, in half the precision, cut into shards. And what is
// wrong with some, with its exact code.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  readSafetensors as readTensors,
  writeSafetensors,
  type SafetensorsInput,
} from '../../backbones/checkpoints/safetensors.ts';
import { groups } from '../../groups/groups.ts';
import { resolveSettings } from '../../equivariance/settings.ts';
import { actOnGrid } from '../../groups/action.ts';
import { relativeDistance } from '../../testing/distance.ts';
import { temporaryStore } from '../../testing/model-store.ts';
import { sharedFolder, sharedPath } from '../../testing/shared.ts';
import { knownImage, loadModel } from '../model.ts';
import { ImageOrbit } from '../orbit.ts';
import { predict } from '../predict.ts';
import { importModel } from './import.ts';

const present = sharedFolder() !== null;
const temporary = temporaryStore();
afterAll(() => {
  temporary.remove();
});

type Tensors = Map<string, SafetensorsInput>;
const golden = (...parts: string[]) => sharedPath('golden', 'backbones', ...parts);

function single(path: string): Tensors {
  const found: Tensors = new Map();
  for (const [name, tensor] of readTensors(readFileSync(path))) {
    if (!name.endsWith('position_ids')) {
      found.set(name, { dims: tensor.dims, dtype: 'float32', data: tensor.float32() });
    }
  }
  return found;
}

/** A folder as a hub has it: Hugging Face's configuration, and what `write` adds. */
function folderOf(name: string, write: (folder: string) => void): string {
  const folder = join(temporary.root, name);
  mkdirSync(folder);
  for (const file of ['config.json', 'preprocessor_config.json']) {
    writeFileSync(join(folder, file), readFileSync(golden('clip-vit-hf', file)));
  }
  write(folder);
  return folder;
}

/** Class embeddings for 32 numbers and 7 classes. */
function classes(): string {
  const path = join(temporary.root, 'classes.safetensors');
  const data = Float32Array.from({ length: 32 * 7 }, (_, i) => Math.sin(i * i) / 4);
  writeFileSync(
    path,
    writeSafetensors(new Map([['class_embeddings', { dims: [32, 7], dtype: 'float32' as const, data }]])),
  );
  return path;
}

async function logitsOf(checkpoint: string, id: string): Promise<number[]> {
  const opened = await importModel(temporary.store, { checkpoint, id, classEmbeddings: classes() });
  const model = await loadModel(opened, 'cpu');
  try {
    const orbit = new ImageOrbit(model, knownImage(opened.manifest.input.size));
    return [...(await predict(orbit, resolveSettings({ group: 'c4' }, model.combiners))).logits!];
  } finally {
    await model.release();
  }
}

const shard = (index: number) => `model-0000${index}-of-00002.safetensors`;
function writeShards(folder: string, tensors: Tensors, change: (map: Record<string, string>) => void): void {
  const names = [...tensors.keys()];
  const map = Object.fromEntries(names.map((name, i) => [name, shard(i < names.length / 2 ? 1 : 2)]));
  for (const part of [1, 2]) {
    const own = new Map([...tensors].filter(([name]) => map[name] === shard(part)));
    writeFileSync(join(folder, shard(part)), writeSafetensors(own));
  }
  change(map);
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
}

describe.skipIf(!present)('a ViT', () => {
  it('is the same behind a prefix, in single precision and in shards', async () => {
    const tensors = single(golden('clip-vit-hf', 'model.safetensors'));
    const wanted = await logitsOf(golden('clip-vit-hf'), 'plain');
    const prefixed = new Map([...tensors].map(([name, tensor]) => [`module.model.${name}`, tensor]));
    const behind = folderOf('prefixed', (folder) => {
      writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(prefixed));
    });
    expect(await logitsOf(behind, 'prefixed')).toEqual(wanted);
    const sharded = folderOf('sharded', (folder) => {
      writeShards(folder, prefixed, () => undefined);
    });
    expect(await logitsOf(sharded, 'sharded')).toEqual(wanted);
  });

  it('comes in from bfloat16 as from the same numbers in single precision', async () => {
    const tensors = single(golden('clip-vit-hf', 'model.safetensors'));
    const halved: Tensors = new Map();
    const widened: Tensors = new Map();
    for (const [name, { dims, data }] of tensors) {
      // The upper half of a single: seven bits of the fraction, the whole exponent.
      const upper = Uint16Array.from(
        new Uint32Array((data as Float32Array).slice().buffer),
        (bits) => bits >>> 16,
      );
      const back = new Float32Array(Uint32Array.from(upper, (bits) => bits << 16).buffer);
      halved.set(name, { dims, dtype: 'bfloat16', data: upper });
      widened.set(name, { dims, dtype: 'float32', data: back });
    }
    const [found, wanted] = await Promise.all(
      Object.entries({ bfloat16: halved, widened }).map(([name, stored]) =>
        logitsOf(
          folderOf(name, (folder) => {
            writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(stored));
          }),
          name,
        ),
      ),
    );
    expect(relativeDistance(found!, wanted!)).toBeLessThan(1e-5);
    // What PyTorch gets from the half-precision file, as far as seven bits carry.
    expect(relativeDistance(found!, await logitsOf(golden('clip-vit-hf'), 'half'))).toBeLessThan(0.1);
  });

  it('gives the same answer whichever way the picture is turned, with either head', async () => {
    const opened = await importModel(temporary.store, {
      checkpoint: golden('siglip-hf'),
      id: 'turned',
      classEmbeddings: classes(),
      combiners: golden('combiners-siglip.safetensors'),
    });
    const model = await loadModel(opened, 'cpu');
    const image = knownImage(opened.manifest.input.size);
    try {
      for (const method of ['equitune', 'lambda', 'attention'] as const) {
        for (const head of ['plain', 'orbit'] as const) {
          const settings = resolveSettings({ group: 'd4', method, head }, model.combiners);
          const answers: (readonly number[])[] = [];
          for (const element of groups.d4.elements) {
            const turned = actOnGrid(element, image, opened.manifest.input.size);
            answers.push((await predict(new ImageOrbit(model, turned), settings)).probabilities);
          }
          for (const answer of answers) {
            answer.forEach((value, k) => {
              expect(Math.abs(value - answers[0]![k]!)).toBeLessThan(1e-4);
            });
          }
        }
      }
    } finally {
      await model.release();
    }
  });

  const wrong: readonly [string, (folder: string, tensors: Tensors) => void, string, RegExp][] = [
    [
      'a shard that is missing',
      (folder, tensors) => {
        writeShards(folder, tensors, () => undefined);
        rmSync(join(folder, shard(2)));
      },
      'CHECKPOINT_NOT_FOUND',
      /00002-of-00002/,
    ],
    [
      'an index that leads out of its folder',
      (folder, tensors) => {
        writeShards(folder, tensors, (map) => (map.logit_scale = '../model.safetensors'));
      },
      'SAFETENSORS_INVALID',
      /index/,
    ],
    [
      'an index that promises a tensor which no shard has',
      (folder, tensors) => {
        writeShards(folder, tensors, (map) => (map.another = shard(1)));
      },
      'CHECKPOINT_SHAPE',
      /another/,
    ],
    [
      'a tensor of another shape',
      (folder, tensors) => {
        tensors.set('vision_model.encoder.layers.1.mlp.fc2.bias', {
          dims: [3],
          dtype: 'float32',
          data: new Float32Array(3),
        });
        writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(tensors));
      },
      'CHECKPOINT_SHAPE',
      /resblocks\.1\.mlp\.c_proj\.bias/,
    ],
    [
      'a weight that is not a number',
      (folder, tensors) => {
        (tensors.get('vision_model.post_layernorm.bias')!.data as Float32Array)[5] = NaN;
        writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(tensors));
      },
      'CHECKPOINT_NOT_FINITE',
      /ln_post/,
    ],
    [
      'a configuration with an activation of its own',
      (folder, tensors) => {
        const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as {
          vision_config: { hidden_act: string };
        };
        config.vision_config.hidden_act = 'swish9';
        writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
        writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(tensors));
      },
      'OPTION_INVALID',
      /swish9/,
    ],
    ['a folder without weights', () => undefined, 'CHECKPOINT_NOT_FOUND', /model\.safetensors/],
  ];

  it.each(wrong)('%s', async (what, write, code, message) => {
    const id = what.replaceAll(' ', '-');
    const checkpoint = folderOf(id, (folder) => {
      write(folder, single(golden('clip-vit-hf', 'model.safetensors')));
    });
    const importing = importModel(temporary.store, { checkpoint, id, classEmbeddings: classes() });
    await expect(importing).rejects.toMatchObject({ code });
    await expect(importing).rejects.toThrow(message);
  });
});
