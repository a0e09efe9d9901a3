// What PyTorch computes with classifiers in ONNX, reproduced through the product's own path; and every file that must be
// refused, with its own code.
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presets, type Preset } from '../contract/pictures.ts';
import { relativeDistance } from '../testing/distance.ts';
import { computeAll, type Computed } from '../testing/golden-backbones.ts';
import { comparable } from '../testing/golden-scores.ts';
import { temporaryStore } from '../testing/model-store.ts';
import { readSafetensors } from '../testing/safetensors.ts';
import { sharedFolder, sharedPath } from '../testing/shared.ts';
import { loadModel, type LoadedModel } from './model.ts';
import { importModel } from './store/import.ts';
import { summarise, type ModelPackage } from './store/package.ts';

const present = sharedFolder() !== null;
const folder = (...parts: string[]) => sharedPath('golden', 'backbones', ...parts);

interface GoldenClassifier {
  readonly name: string;
  readonly kind: string;
  readonly file: string;
  readonly cut: { readonly tensor: string; readonly grid: [number, number] };
  readonly head: { readonly exact_evidence: boolean };
  readonly expected: string;
  readonly input_tensor: string;
  readonly combiners: string;
  readonly mean: [number, number, number] | null;
  readonly tolerance: number;
}

const classifiers = present
  ? readFileSync(folder('models.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as GoldenClassifier)
      .filter(({ kind }) => kind === 'onnx')
  : [];
const expected = present
  ? readSafetensors(folder('expected.safetensors'))
  : new Map<string, { dims: number[]; data: Float32Array }>();

/** Relative L2, as for every other golden file; half precision is some models' own. */
const toleranceOf = (golden: GoldenClassifier) => (golden.tolerance > 1e-3 ? 5e-3 : 1e-3);

/** The preset that has this mean. */
function presetOf(mean: GoldenClassifier['mean']): Preset | undefined {
  return mean
    ? (['imagenet', 'half', 'unit'] as const).find((name) => presets[name].mean[0] === mean[0])
    : undefined;
}

/** The three pictures as the model's package takes them: [3, 3, R, R]. */
function picturesOf({ input_tensor: name }: GoldenClassifier): Float32Array {
  const { data, dims } = expected.get(name)!;
  if (!name.includes('nhwc')) return data;
  const [count, size] = dims as [number, number];
  const plane = size * size;
  return Float32Array.from(data, (_, i) => {
    const [picture, channel, cell] = [Math.floor(i / (3 * plane)), Math.floor(i / plane) % 3, i % plane];
    return count > picture ? data[(picture * plane + cell) * 3 + channel]! : NaN;
  });
}

const temporary = temporaryStore();
const loaded: LoadedModel[] = [];
afterAll(async () => {
  for (const model of loaded) await model.release();
  temporary.remove();
});

describe.skipIf(!present).each(classifiers)('golden vectors from $file', (golden) => {
  const names = [...expected.keys()].filter(
    (key) => key.startsWith(`${golden.expected}.`) && !key.endsWith('.tokens'),
  );
  let opened: ModelPackage;
  let computed: Computed;
  beforeAll(async () => {
    opened = await importModel(temporary.store, {
      checkpoint: folder(golden.file),
      id: golden.name,
      preset: presetOf(golden.mean),
      combiners: folder(golden.combiners),
    });
    const model = await loadModel(opened, 'cpu');
    loaded.push(model);
    computed = await computeAll(model, picturesOf(golden));
  });

  it('is divided where its last map lies', () => {
    const { head, evidence, features } = summarise(opened);
    expect(opened.manifest.head).toMatchObject({ cut: golden.cut.tensor });
    expect(features?.size).toBe(golden.cut.grid[0]);
    expect(evidence).toBe(golden.head.exact_evidence ? 'exact' : 'leave-one-out');
    expect(['mean', 'flatten', 'tokens']).toContain(head);
  });

  it.each(names)('%s', (key) => {
    const found = computed.get(key.slice(golden.expected.length + 1));
    expect(found, `nothing computes ${key}`).toBeDefined();
    const distance = relativeDistance(found!, comparable(expected, key));
    if (key.endsWith('.choice')) expect(distance).toBe(0);
    else expect(distance).toBeLessThan(toleranceOf(golden));
  });
});

const refused: Readonly<Record<string, readonly [code: string, tells: RegExp]>> = {
  'conv1d.onnx': ['ONNX_INPUT', /signal.*1 x 1 x 128/],
  'custom-op.onnx': ['ONNX_OPERATOR', /FancyRelu of com\.example/],
  'external-absolute.onnx': ['ONNX_EXTERNAL', /\/etc\/hostname/],
  'external-missing.onnx': ['ONNX_EXTERNAL_MISSING', /external-missing\.data/],
  'external-parent.onnx': ['ONNX_EXTERNAL', /\.\.\/x\.data/],
  'lfs-pointer.onnx': ['CHECKPOINT_POINTER', /102,530,333/],
  'nan-weights.onnx': ['CHECKPOINT_NOT_FINITE', /0\.weight/],
  'non-square.onnx': ['ONNX_NOT_SQUARE', /64 x 96/],
  'pickled-module.pt': ['PICKLE_FORBIDDEN', /torch\.nn\.modules\.container\.Sequential/],
  'segmentation.onnx': ['ONNX_OUTPUT', /batch x 7 x 64 x 64/],
  'thousand-classes.onnx': ['CLASSES_NEEDED', /1000 classes/],
  'truncated.onnx': ['CHECKPOINT_TRUNCATED', /cut short or damaged/],
  'two-images.onnx': ['ONNX_INPUT', /"before" and "after"/],
};

describe.skipIf(!present)('files that are refused', () => {
  const listed = present
    ? (JSON.parse(readFileSync(folder('bad', 'bad.json'), 'utf8')) as { file: string }[])
    : [];

  it('each has a row', () => {
    expect(listed.map(({ file }) => file).sort()).toEqual(Object.keys(refused).sort());
    for (const { file } of listed) expect(existsSync(folder('bad', file))).toBe(true);
  });

  it.each(Object.entries(refused))('%s', async (file, [code, tells]) => {
    const before = temporary.imported();
    const importing = importModel(temporary.store, { checkpoint: folder('bad', file), id: 'bad' });
    await expect(importing).rejects.toMatchObject({ code });
    await expect(importing).rejects.toThrow(tells);
    expect(temporary.imported()).toEqual(before);
  });

  it('a thousand classes come in once they have names', async () => {
    const named = await importModel(temporary.store, {
      checkpoint: folder('bad', 'thousand-classes.onnx'),
      id: 'thousand',
      map: '3=MEL, 7=NV',
    });
    expect(named.manifest.classes.slice(0, 8)).toEqual(['0', '1', '2', 'MEL', '4', '5', '6', 'NV']);
  });
});
