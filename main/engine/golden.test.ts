// Every tensor that the public PyTorch reference computed for the tiny CLIP, reproduced from each of its three
// checkpoint files through the product's own path: importer, package, sessions, orbit, prediction.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenize } from '../backbones/text/tokenizer.ts';
import type { Method, SettingsChoice } from '../contract/settings.ts';
import { combineFeatures } from '../equivariance/combine.ts';
import { argmax, classLogits } from '../equivariance/logits.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { groups, type GroupName } from '../groups/groups.ts';
import { readImageFile } from '../imaging/file.ts';
import { preprocess } from '../imaging/preprocess.ts';
import { comparable } from '../testing/golden-scores.ts';
import { relativeDistance } from '../testing/distance.ts';
import { temporaryStore } from '../testing/model-store.ts';
import { readSafetensors } from '../testing/safetensors.ts';
import { sharedFolder, sharedPath } from '../testing/shared.ts';
import { orbitOfImage } from './classify.ts';
import { loadModel, type LoadedModel } from './model.ts';
import { ImageOrbit } from './orbit.ts';
import { predict } from './predict.ts';
import { openSession } from './runtime.ts';
import { importModel } from './store/import.ts';
import { readPackageFile, type ModelPackage } from './store/package.ts';

/** Relative L2. */
const tolerance = 1e-3;
const images = [0, 1, 2];
const goldenGroups = ['c2', 'c4', 'd4'] as const satisfies GroupName[];
const methodsWithMap = ['equitune', 'equizero', 'lambda', 'attention'] as const satisfies Method[];
const checkpoints = ['tiny-clip-torchscript.pt', 'tiny-clip-state-dict.pt', 'tiny-clip.safetensors'];

const present = sharedFolder() !== null;
const expected = present
  ? readSafetensors(sharedPath('golden', 'expected.safetensors'))
  : new Map<string, { dims: number[]; data: Float32Array }>();

/** What belongs to training, and is tested there. */
const ofTraining = (name: string) => /^(prefinetune\.|finetune\.|labels$)/.test(name);
const inference = [...expected.keys()].filter((name) => !ofTraining(name));

/** Numbers by tensor name; what is given for one image after the other is joined. */
class Computed {
  readonly #parts = new Map<string, number[]>();

  add(name: string, values: Iterable<number>): void {
    const known = this.#parts.get(name) ?? [];
    for (const value of values) known.push(value);
    this.#parts.set(name, known);
  }

  names(): string[] {
    return [...this.#parts.keys()];
  }

  get(name: string): number[] | undefined {
    return this.#parts.get(name);
  }
}

/** The orbit as it is: towers, pool, own logits of each orientation. */
async function addOrbit(computed: Computed, orbit: ImageOrbit, name: GroupName): Promise<void> {
  const group = groups[name];
  const { manifest, classEmbeddings } = orbit.model;
  for (const features of await orbit.features(group)) computed.add(`${name}.orbit_features`, features);
  for (const embedding of await orbit.embeddings(group)) {
    computed.add(`${name}.orbit_embeddings`, embedding);
    computed.add(`${name}.orbit_logits`, classLogits(embedding, classEmbeddings, manifest.logits));
  }
}

/** The methods that combine feature maps; the reference's plain names mean inverse on, plain head. */
async function addFeatureLevel(computed: Computed, orbit: ImageOrbit, name: GroupName): Promise<void> {
  const group = groups[name];
  const answer = (choice: SettingsChoice) =>
    predict(orbit, resolveSettings({ group: name, level: 'feature', ...choice }, orbit.model.combiners));
  for (const method of methodsWithMap) {
    const plain = await answer({ method, inverse: 'on', head: 'plain' });
    computed.add(`${name}.${method}.logits`, plain.logits!);
    const { size } = orbit.model.manifest.features!;
    const combined = combineFeatures(group, await orbit.features(group), plain.weights, size, 'on');
    if (method === 'equizero') computed.add(`${name}.equizero.choice`, [argmax(plain.weights)]);
    else computed.add(`${name}.${method}.feature`, combined);
    if (method === 'lambda') computed.add(`${name}.lambda.weights`, plain.weights);
    if (method === 'attention') computed.add(`${name}.attention.weights`, plain.attention!.flat());
    if (method === 'lambda' || method === 'attention') {
      const { logits } = await answer({ method, inverse: 'on', head: 'orbit' });
      computed.add(`${name}.${method}_orbit_head.logits`, logits!);
    }
  }
  const noInverse = await answer({ method: 'lambda', inverse: 'off', head: 'plain' });
  computed.add(`${name}.lambda_noinverse.logits`, noInverse.logits!);
}

async function addEmbeddingLevel(computed: Computed, orbit: ImageOrbit, name: GroupName): Promise<void> {
  const answer = (method: Method) =>
    predict(orbit, resolveSettings({ group: name, level: 'embedding', method }, orbit.model.combiners));
  computed.add(`${name}.equitune_embedding.probabilities`, (await answer('equitune')).probabilities);
  computed.add(`${name}.equizero_embedding.scores`, (await answer('equizero')).probabilities);
  const lambda = await answer('lambda');
  computed.add(`${name}.lambda_embedding.probabilities`, lambda.probabilities);
  computed.add(`${name}.lambda_embedding.weights`, lambda.weights);
}

async function textEmbeddings(opened: ModelPackage, tokens: Float32Array): Promise<Float32Array> {
  const session = await openSession(await readPackageFile(opened, opened.manifest.files.textTower!), 'cpu');
  try {
    const data = BigInt64Array.from(tokens, BigInt);
    const { text_embedding: embedding } = await session.run({
      tokens: { data, dims: [data.length / 77, 77] },
    });
    return embedding!.data;
  } finally {
    await session.release();
  }
}

async function computeAll(opened: ModelPackage, model: LoadedModel): Promise<Computed> {
  const computed = new Computed();
  const { size } = model.manifest.input;
  const image = expected.get('image')!.data;
  for (const index of images) {
    const orbit = new ImageOrbit(
      model,
      image.subarray(index * 3 * size * size, (index + 1) * 3 * size * size),
    );
    computed.add('feature_map', (await orbit.features(groups.c1))[0]!);
    computed.add('embedding', (await orbit.embeddings(groups.c1))[0]!);
    const vanilla = resolveSettings({ group: 'c1', method: 'vanilla' }, model.combiners);
    computed.add('vanilla_logits', (await predict(orbit, vanilla)).logits!);
    for (const name of goldenGroups) {
      await addOrbit(computed, orbit, name);
      await addFeatureLevel(computed, orbit, name);
      await addEmbeddingLevel(computed, orbit, name);
    }
  }
  computed.add('class_embeddings', model.classEmbeddings.data);
  computed.add('text_embedding', await textEmbeddings(opened, expected.get('tokens')!.data));
  return computed;
}

/** What does not depend on the checkpoint: pixels and tokens. They are tested below, apart. */
const ofFiles = (name: string) => /^(image|resize-\d\.rgb|tokens)$/.test(name);

const temporary = temporaryStore();
const loaded: LoadedModel[] = [];
afterAll(async () => {
  for (const model of loaded) await model.release();
  temporary.remove();
});

describe.skipIf(!present).each(checkpoints)('golden vectors from %s', (checkpoint) => {
  let computed: Computed;
  beforeAll(async () => {
    const opened = await importModel(temporary.store, {
      checkpoint: sharedPath('golden', checkpoint),
      id: checkpoint.replaceAll('.', '-'),
      classEmbeddings: sharedPath('golden', 'class-embeddings.safetensors'),
      combiners: sharedPath('golden', 'combiners.safetensors'),
    });
    const model = await loadModel(opened, 'cpu');
    loaded.push(model);
    computed = await computeAll(opened, model);
  });

  it.each(inference.filter((name) => !ofFiles(name)))('%s', (name) => {
    const found = computed.get(name);
    expect(found, `nothing computes ${name}`).toBeDefined();
    const distance = relativeDistance(found!, comparable(expected, name));
    if (name.endsWith('.choice')) expect(distance).toBe(0);
    else expect(distance).toBeLessThan(tolerance);
  });

  it('computes nothing that the reference lacks', () => {
    expect(computed.names().filter((name) => !expected.has(name))).toEqual([]);
  });

  it('says the same of image files as of the expected tensors', async () => {
    const model = loaded.at(-1)!;
    for (const index of images) {
      const file = await readImageFile(sharedPath('golden', `image-${index}.png`));
      const { square } = await preprocess(file, model.manifest.input.size);
      const settings = resolveSettings(
        { group: 'd4', method: 'attention', head: 'orbit', inverse: 'on' },
        model.combiners,
      );
      const { logits } = await predict(orbitOfImage(model, square), settings);
      const wanted = expected.get('d4.attention_orbit_head.logits')!.data.subarray(7 * index, 7 * index + 7);
      expect(relativeDistance(logits!, wanted)).toBeLessThan(tolerance);
    }
  });
});

describe.skipIf(!present)('golden pixels and tokens', () => {
  it('are all that no checkpoint is needed for', () => {
    const names = ['image', 'resize-0.rgb', 'resize-1.rgb', 'resize-2.rgb', 'resize-3.rgb', 'tokens'];
    expect(inference.filter(ofFiles).sort()).toEqual(names);
  });

  it.each([0, 1, 2, 3])('resize-%i.rgb: mean error below half a grey level', async (index) => {
    const wanted = expected.get(`resize-${index}.rgb`)!.data;
    const { square } = await preprocess(
      await readImageFile(sharedPath('golden', `resize-${index}.png`)),
      128,
    );
    const error = wanted.reduce((sum, value, i) => sum + Math.abs(value - square[i]!), 0) / wanted.length;
    expect(error).toBeLessThan(0.5);
  });

  it('tokens', () => {
    expect([...tokenize(['a photo of a cat'])]).toEqual([...expected.get('tokens')!.data.subarray(0, 77)]);
  });
});
