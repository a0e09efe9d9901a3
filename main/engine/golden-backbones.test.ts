// What PyTorch computes with vision transformers in the formats that people bring, reproduced through the product's own
// path: importer, package, sessions, orbit, prediction, evidence.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Method, SettingsChoice } from '../contract/settings.ts';
import { combineFeatures } from '../equivariance/combine.ts';
import { argmax, classLogits } from '../equivariance/logits.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { groups, type GroupName } from '../groups/groups.ts';
import { comparable } from '../testing/golden-scores.ts';
import { relativeDistance } from '../testing/distance.ts';
import { temporaryStore } from '../testing/model-store.ts';
import { writeTensors } from '../testing/random-model.ts';
import { readSafetensors } from '../testing/safetensors.ts';
import { goldenPath, sharedFolder, sharedPath } from '../testing/shared.ts';
import { evidenceOf } from './evidence.ts';
import { loadModel, type LoadedModel } from './model.ts';
import { ImageOrbit } from './orbit.ts';
import { predict } from './predict.ts';
import { openSession } from './runtime.ts';
import { importModel } from './store/import.ts';
import { readPackageFile, summarise, type ModelPackage } from './store/package.ts';

/** Relative L2; half precision is the files' own. */
const tolerance = 1e-3;
const images = [0, 1, 2];
const goldenGroups = ['c2', 'c4', 'd4'] as const satisfies GroupName[];
const methods = ['equitune', 'equizero', 'lambda', 'attention'] as const satisfies Method[];

/** Where a model lies, what it is called among the expected tensors, and what must be said of it. */
interface GoldenModel {
  readonly file: readonly string[];
  readonly name: string;
  readonly input: string;
  readonly combiners: string;
  readonly summary: object;
  readonly assumed: number;
}

const vit = {
  name: 'clip-vit',
  input: 'input.openai-96',
  combiners: 'combiners-clip-vit.safetensors',
  summary: {
    backbone: 'clip-vit',
    features: { channels: 64, size: 6 },
    invariantPart: 64,
    head: 'class-token',
    evidence: 'leave-one-out',
  },
};
const siglip: GoldenModel = {
  file: ['siglip-hf'],
  name: 'siglip',
  input: 'input.half-56',
  combiners: 'combiners-siglip.safetensors',
  summary: { backbone: 'siglip', invariantPart: 0, head: 'map-pool', evidence: 'leave-one-out' },
  assumed: 1,
};
const models: readonly GoldenModel[] = [
  { ...vit, file: ['clip-vit-openai.safetensors'], assumed: 3 },
  { ...vit, file: ['clip-vit-openai-state-dict.pt'], assumed: 3 },
  { ...vit, file: ['clip-vit-openai-torchscript.pt'], assumed: 3 },
  { ...vit, file: ['clip-vit-hf'], assumed: 0 },
  { ...vit, file: ['clip-vit-openclip'], name: 'clip-vit-openclip', assumed: 0 },
  {
    file: ['timm-vit-openclip'],
    name: 'timm-vit',
    input: 'input.openai-40',
    combiners: 'combiners-timm-vit.safetensors',
    summary: { backbone: 'timm-vit', invariantPart: 128, head: 'class-token', evidence: 'leave-one-out' },
    assumed: 1,
  },
  siglip,
];

/** A folder of models, and what PyTorch computes with them. */
interface GoldenSet {
  readonly where: string;
  readonly root: () => string;
  readonly models: readonly GoldenModel[];
}

/** The smallest model lies in the repository, its expected tensors in half precision; all of them beside it. */
const sets: readonly GoldenSet[] = [
  { where: 'the repository', root: () => goldenPath('siglip'), models: [siglip] },
  ...(sharedFolder() === null
    ? []
    : [{ where: 'shared', root: () => sharedPath('golden', 'backbones'), models }]),
];
const goldens = sets.flatMap(({ where, root, models: held }) =>
  held.map((golden) => ({ ...golden, where, root: root() })),
);
const readOnce = new Map<string, ReturnType<typeof readSafetensors>>();
function expectedIn(root: string): ReturnType<typeof readSafetensors> {
  const known = readOnce.get(root) ?? readSafetensors(join(root, 'expected.safetensors'));
  readOnce.set(root, known);
  return known;
}

class Computed {
  readonly #parts = new Map<string, number[]>();

  add(name: string, values: Iterable<number>): void {
    const known = this.#parts.get(name) ?? [];
    for (const value of values) known.push(value);
    this.#parts.set(name, known);
  }

  get(name: string): number[] | undefined {
    return this.#parts.get(name);
  }
}

async function addGroup(
  computed: Computed,
  orbit: ImageOrbit,
  name: GroupName,
  first: boolean,
): Promise<void> {
  const group = groups[name];
  const { manifest, classEmbeddings, combiners } = orbit.model;
  const answer = (choice: SettingsChoice) =>
    predict(orbit, resolveSettings({ group: name, level: 'feature', inverse: 'on', ...choice }, combiners));
  for (const embedding of await orbit.embeddings(group)) {
    computed.add(`${name}.orbit_embeddings`, embedding);
    computed.add(`${name}.orbit_logits`, classLogits(embedding, classEmbeddings, manifest.logits));
  }
  if (name === 'd4' && first) {
    for (const features of await orbit.features(group)) computed.add('d4.orbit_features', features);
    for (const token of await orbit.invariant(group)) computed.add('d4.orbit_tokens', token);
  }
  for (const method of methods) {
    const plain = await answer({ method, head: 'plain' });
    computed.add(`${name}.${method}.logits`, plain.logits!);
    computed.add(`${name}.${method}_orbit_head.logits`, (await answer({ method, head: 'orbit' })).logits!);
    if (method === 'lambda') computed.add(`${name}.lambda.weights`, plain.weights);
    if (method === 'attention') computed.add(`${name}.attention.weights`, plain.attention!.flat());
    if (method === 'equizero') computed.add(`${name}.equizero.choice`, [argmax(plain.weights)]);
    if (name === 'c4' && (method === 'lambda' || method === 'equitune')) {
      const { size } = manifest.features;
      const map = combineFeatures(group, await orbit.features(group), plain.weights, size, 'on');
      computed.add(`c4.${method}.feature`, map);
      const tokens = await orbit.invariant(group);
      const token = tokens[0]!.map((_, i) =>
        tokens.reduce((sum, t, g) => sum + plain.weights[g]! * t[i]!, 0),
      );
      computed.add(`c4.${method}.token`, token);
    }
  }
  computed.add(`${name}.tta.probabilities`, (await answer({ method: 'tta' })).probabilities);
  const embeddingLevel = (method: Method) => answer({ method, level: 'embedding', inverse: 'off' });
  computed.add(`${name}.equitune_embedding.probabilities`, (await embeddingLevel('equitune')).probabilities);
  computed.add(`${name}.equizero_embedding.scores`, (await embeddingLevel('equizero')).probabilities);
  const lambda = await embeddingLevel('lambda');
  computed.add(`${name}.lambda_embedding.probabilities`, lambda.probabilities);
  computed.add(`${name}.lambda_embedding.weights`, lambda.weights);
}

async function computeAll(model: LoadedModel, input: Float32Array): Promise<Computed> {
  const computed = new Computed();
  const pixels = 3 * model.manifest.input.size ** 2;
  for (const index of images) {
    const orbit = new ImageOrbit(model, input.subarray(index * pixels, (index + 1) * pixels));
    computed.add('feature_map', (await orbit.features(groups.c1))[0]!);
    computed.add('class_token', (await orbit.invariant(groups.c1))[0]!);
    computed.add('embedding', (await orbit.embeddings(groups.c1))[0]!);
    const vanilla = resolveSettings({ group: 'c1', method: 'vanilla' }, model.combiners);
    computed.add('vanilla_logits', (await predict(orbit, vanilla)).logits!);
    for (const name of goldenGroups) await addGroup(computed, orbit, name, index === 0);
    const evidence = await evidenceOf(
      orbit,
      resolveSettings({ group: 'c4', method: 'lambda', head: 'plain', inverse: 'on' }, model.combiners),
    );
    expect(evidence.kind).toBe('leave-one-out');
    computed.add('c4.lambda.leave_one_out', evidence.cells.flat());
  }
  return computed;
}

const temporary = temporaryStore();
const loaded: LoadedModel[] = [];
afterAll(async () => {
  for (const model of loaded) await model.release();
  temporary.remove();
});

/** What is asked of the text tower and the zero-shot rule, and the class embeddings that are given. */
const ofInputs = /\.(tokens|text_embedding|native_logits|class_embeddings)$/;

describe.each(goldens)('golden vectors from $file of $where', (golden) => {
  const { file, name, input, combiners, summary, assumed, where, root } = golden;
  const expected = expectedIn(root);
  const names = [...expected.keys()].filter((key) => key.startsWith(`${name}.`) && !ofInputs.test(key));
  let opened: ModelPackage;
  let computed: Computed;
  beforeAll(async () => {
    const id = [...file, ...where.split(' ')].join('-').replaceAll('.', '-');
    const { data, dims } = expected.get(`${name}.class_embeddings`)!;
    const classEmbeddings = new Map([['class_embeddings', { dims, dtype: 'float32' as const, data }]]);
    opened = await importModel(temporary.store, {
      checkpoint: join(root, ...file),
      id,
      classEmbeddings: writeTensors(temporary.root, `${id}-classes`, classEmbeddings),
      combiners: join(root, combiners),
    });
    const model = await loadModel(opened, 'cpu');
    loaded.push(model);
    computed = await computeAll(model, expected.get(input)!.data);
  });

  it('says what it is, and what was assumed', () => {
    const found = summarise(opened);
    expect(found).toMatchObject(summary);
    expect(found.assumed).toHaveLength(assumed);
  });

  it.each(names)('%s', (key) => {
    const found = computed.get(key.slice(name.length + 1));
    expect(found, `nothing computes ${key}`).toBeDefined();
    const distance = relativeDistance(found!, comparable(expected, key));
    if (key.endsWith('.choice')) expect(distance).toBe(0);
    else expect(distance).toBeLessThan(tolerance);
  });

  it('text embeddings, where the text tower is CLIP`s', async () => {
    const tokens = expected.get(`${name}.tokens`);
    const { textTower } = opened.manifest.files;
    if (!textTower || !tokens) {
      expect(['siglip', 'timm-vit']).toContain(name);
      return;
    }
    const session = await openSession(await readPackageFile(opened, textTower), 'cpu');
    try {
      const feed = { data: BigInt64Array.from(tokens.data, BigInt), dims: tokens.dims };
      const { text_embedding: found } = await session.run({ tokens: feed });
      const wanted = expected.get(`${name}.text_embedding`)!.data;
      expect(relativeDistance(found!.data, wanted)).toBeLessThan(tolerance);
    } finally {
      await session.release();
    }
  });
});
