// canonical with both scorers, and equizero with each of its scores, against what PyTorch computes with the same weights
// (float64): scores, choices, the combined map and the logits under each reading of it, for pictures that are turned and
// one that looks the same from everywhere.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors as readWeights, writeSafetensors } from '../backbones/checkpoints/safetensors.ts';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Score, SettingsChoice } from '../contract/settings.ts';
import { energy } from '../equivariance/choose.ts';
import { combineFeatures } from '../equivariance/combine.ts';
import { argmax, classLogits, softmax } from '../equivariance/logits.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { actOnGrid } from '../groups/action.ts';
import { groups } from '../groups/groups.ts';
import { areaAverage } from '../imaging/area.ts';
import { pictureSide } from '../backbones/scorers.ts';
import { relativeDistance } from '../testing/distance.ts';
import { temporaryStore } from '../testing/model-store.ts';
import { readSafetensors } from '../testing/safetensors.ts';
import { sharedFolder, sharedPath } from '../testing/shared.ts';
import { loadModel, type LoadedModel } from './model.ts';
import { ImageOrbit } from './orbit.ts';
import { predict } from './predict.ts';
import { importModel } from './store/import.ts';

/** Relative L2. */
const tolerance = 1e-3;
const images = [0, 1, 2];
const present = sharedFolder() !== null;
const read = (...path: string[]) =>
  present
    ? readSafetensors(sharedPath('golden', ...path))
    : new Map<string, { dims: number[]; data: Float32Array }>();
const expected = read('canonical', 'expected.safetensors');
const image = read('expected.safetensors').get('image');

const temporary = temporaryStore();
/** By which of the two image scorers they have. */
let models: Readonly<Record<'scalar' | 'vector', LoadedModel>>;
const opened: LoadedModel[] = [];

/** The combiner file without the tensors of one prefix: a package has one image scorer. */
function combinersWithout(prefix: string): string {
  const tensors = readWeights(readFileSync(sharedPath('golden', 'canonical', 'canonical.safetensors')));
  const kept = [...tensors].filter(([name]) => !name.startsWith(prefix));
  const path = join(temporary.root, `without-${prefix}safetensors`);
  const inputs = kept.map(
    ([name, tensor]) => [name, { dims: tensor.dims, dtype: 'float32', data: tensor.float32() }] as const,
  );
  writeFileSync(path, writeSafetensors(new Map(inputs)));
  return path;
}

beforeAll(async () => {
  if (!present) return;
  const open = async (id: string, combiners: string) =>
    loadModel(
      await importModel(temporary.store, {
        id,
        checkpoint: sharedPath('golden', 'tiny-clip.safetensors'),
        classEmbeddings: sharedPath('golden', 'class-embeddings.safetensors'),
        combiners,
      }),
      'cpu',
    );
  models = {
    scalar: await open('scalar', sharedPath('golden', 'canonical', 'canonical.safetensors')),
    vector: await open('vector', combinersWithout('canonical_image.')),
  };
  opened.push(...Object.values(models));
});
afterAll(async () => {
  await Promise.all(opened.map((model) => model.release()));
  temporary.remove();
});

interface Row {
  readonly name: string;
  readonly model: 'scalar' | 'vector';
  readonly choice: SettingsChoice;
  /** The raw score of the reference for each orientation. */
  readonly scores: (orbit: ImageOrbit, group: (typeof groups)['c4' | 'd4']) => Promise<number[]>;
}

const ownLogits = async (orbit: ImageOrbit, group: (typeof groups)['c4' | 'd4']) =>
  (await orbit.embeddings(group)).map((embedding) =>
    classLogits(embedding, orbit.model.classEmbeddings, orbit.model.manifest.logits),
  );
const scored = (score: Score, name: string, of: (logits: readonly number[]) => number): Row => ({
  name: `equizero.${name}`,
  model: 'scalar',
  choice: { method: 'equizero', score },
  scores: async (orbit, group) => (await ownLogits(orbit, group)).map(of),
});

const rows: Row[] = [
  {
    name: 'canonical',
    model: 'scalar',
    choice: { method: 'canonical', scorer: 'feature' },
    scores: (orbit, group) => orbit.canonical(group),
  },
  {
    name: 'canonical_image',
    model: 'scalar',
    choice: { method: 'canonical', scorer: 'image' },
    scores: (orbit, group) => orbit.canonicalImage(group),
  },
  {
    name: 'canonical_image_vector',
    model: 'vector',
    choice: { method: 'canonical', scorer: 'image' },
    scores: (orbit, group) => orbit.canonicalImage(group),
  },
  scored('probability', 'max_probability', (logits) => Math.max(...softmax(logits))),
  scored('entropy', 'entropy', (logits) => softmax(logits).reduce((sum, p) => sum - p * Math.log(p), 0)),
  scored('energy', 'energy', energy),
  {
    name: 'equizero.feature_distance',
    model: 'scalar',
    choice: { method: 'equizero', score: 'distance' },
    scores: (orbit, group) => orbit.distance(group),
  },
];

describe.skipIf(!present).each(['c4', 'd4'] as const)('golden vectors of choosing, %s', (name) => {
  const group = groups[name];
  const pixels = (index: number) => {
    const length = image!.data.length / images.length;
    return image!.data.subarray(index * length, (index + 1) * length);
  };
  const reference = (row: Row, what: string) => expected.get(`${name}.${row.name}.${what}`)!.data;

  it.each(rows)('$name', async (row) => {
    const model = models[row.model];
    const { size } = model.manifest.features!;
    const side = model.manifest.input.size;
    const found: Record<string, number[]> = {};
    const add = (what: string, values: Iterable<number>) => (found[what] ??= []).push(...values);
    for (const index of images) {
      const orbit = new ImageOrbit(model, pixels(index));
      const answer = (choice: SettingsChoice, of = orbit) =>
        predict(of, resolveSettings({ group: name, ...row.choice, ...choice }, model.combiners));
      const plain = await answer({ inverse: 'on', head: 'plain' });
      add('scores', await row.scores(orbit, group));
      add('choice', [argmax(plain.weights)]);
      add('feature', combineFeatures(group, await orbit.features(group), plain.weights, size, 'on'));
      add('logits', plain.logits!);
      add('noinverse.logits', (await answer({ inverse: 'off', head: 'plain' })).logits!);
      add('orbit_head.logits', (await answer({ inverse: 'on', head: 'orbit' })).logits!);
      // The choice is a property of the pixels: of the moved picture it is g* h^-1.
      for (let h = 0; h < group.order; h++) {
        const moved = new ImageOrbit(model, actOnGrid(group.elements[h]!, pixels(index), side));
        const { weights } = await answer({ inverse: 'on', head: 'plain' }, moved);
        expect(argmax(weights)).toBe(reference(row, 'choice_moved')[h * images.length + index]);
      }
    }
    const symmetric = new ImageOrbit(model, expected.get('symmetric.image')!.data);
    const settings = resolveSettings(
      { group: name, ...row.choice, inverse: 'on', head: 'plain' },
      model.combiners,
    );
    const { weights, logits } = await predict(symmetric, settings);
    expect(argmax(weights)).toBe(0);
    add('symmetric.logits', logits!);
    for (const [what, values] of Object.entries(found)) {
      expect(relativeDistance(values, reference(row, what)), what).toBeLessThan(tolerance);
    }
  });
});

it.skipIf(!present)('the small picture of the image scorer', () => {
  const model = models.scalar;
  const small = areaAverage(image!.data, model.manifest.input.size, pictureSide);
  expect(relativeDistance(small, expected.get('area32')!.data)).toBeLessThan(1e-6);
});
