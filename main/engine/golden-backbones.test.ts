// What PyTorch computes with vision transformers in the formats that people bring, reproduced through the product's own
// path: importer, package, sessions, orbit, prediction, evidence.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeAll, type Computed } from '../testing/golden-backbones.ts';
import { comparable } from '../testing/golden-scores.ts';
import { relativeDistance } from '../testing/distance.ts';
import { temporaryStore } from '../testing/model-store.ts';
import { writeTensors } from '../testing/random-model.ts';
import { readSafetensors } from '../testing/safetensors.ts';
import { goldenPath, sharedFolder, sharedPath } from '../testing/shared.ts';
import { loadModel, type LoadedModel } from './model.ts';
import { openSession } from './runtime.ts';
import { importModel } from './store/import.ts';
import { readPackageFile, summarise, type ModelPackage } from './store/package.ts';

/** Relative L2; half precision is the files' own. */
const tolerance = 1e-3;
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
