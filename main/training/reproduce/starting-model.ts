// The model that a reproduction starts from: an imported CLIP RN50, checked against the data set, with the logit rule of the
// published code.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { packagedResNet } from '../../backbones/clip-resnet/import.ts';
import type { PromptFile } from '../../backbones/text/prompts.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { ReproducedSet } from '../../contract/reproduction.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import type { ModelStore } from '../../engine/store/store.ts';
import type { LabelledSet } from '../../evaluation/datasets/labelled-set.ts';
import { installTrained } from '../run/install.ts';
import { writeFileAtomic } from '../../base/durable-files.ts';
import { startId } from './plan.ts';
import { publishedTower } from './published.ts';

/** Raw products, scale 1 (METHODS.md, "Class order and prompts"); at the embedding level the normalised embedding's. */
const publishedLogits = { normalize: false, scale: 1 } as const;

const articles = ['a', 'the'] as const;

/** The 18 templates that CLIP's authors published for CIFAR-100. Source: github.com/openai/CLIP, data/prompts.md. */
export const cifarTemplates: readonly string[] = articles.flatMap((article) => [
  ...['', 'blurry ', 'black and white ', 'low contrast ', 'high contrast ', 'bad ', 'good '].map((kind) =>
    kind === '' ? `a photo of ${article} {}.` : `a ${kind}photo of ${article} {}.`,
  ),
  ...['small', 'big'].map((size) => `a photo of ${article} ${size} {}.`),
]);

/** How to import a checkpoint for a data set: the command, and a prompt file if it needs one. */
export function importCommand(
  dataset: ReproducedSet,
  { classes, names }: Pick<LabelledSet, 'classes' | 'names'>,
  promptFile: string,
): { readonly command: string; readonly prompts: PromptFile | null } {
  const command = `dermorbit models import RN50.pt --id rn50-${dataset}`;
  if (dataset === 'isic') return { command, prompts: null };
  const prompts = {
    names: Object.fromEntries(classes.map((code, k) => [code, names[k]!])),
    templates: [...cifarTemplates],
  };
  return { command: `${command} --prompts "${promptFile}" --classes ${classes.join()}`, prompts };
}

/**
 * Refuses a model that does not have just the classes of the data set, and writes the prompt file of the right import.
 * @throws DermOrbitError REPRODUCTION_CLASSES with the command
 */
export async function requireClassesOf(
  dataset: ReproducedSet,
  { manifest }: ModelPackage,
  set: LabelledSet,
  work: string,
): Promise<void> {
  const known = new Set(manifest.classes.map((code) => code.toLowerCase()));
  const has = (k: number) =>
    known.has(set.classes[k]!.toLowerCase()) || known.has(set.names[k]!.toLowerCase());
  const missing = set.classes.filter((_, k) => !has(k));
  if (missing.length === 0 && manifest.classes.length === set.classes.length) return;
  const { command, prompts } = importCommand(dataset, set, join(work, 'prompts.json'));
  if (prompts) {
    await mkdir(work, { recursive: true });
    await writeFileAtomic(join(work, 'prompts.json'), `${JSON.stringify(prompts, null, 2)}\n`);
  }
  const first = missing.slice(0, 3).join(', ');
  const lacks = missing.length > 0 ? `, and not ${first}${missing.length > 3 ? ', ...' : ''}` : '';
  throw new DermOrbitError(
    'REPRODUCTION_CLASSES',
    `${manifest.id} knows ${manifest.classes.length} classes${lacks}; the data set has ${set.classes.length}. Import with: ${command}`,
  );
}

/** What is about the model that the papers' is not. */
export function modelDifferences({
  manifest,
}: {
  readonly manifest: Pick<Manifest, 'architecture' | 'head' | 'embedding' | 'files'> & {
    readonly input: Omit<Manifest['input'], 'resize'>;
  };
}): string[] {
  const { architecture, input, embedding } = manifest;
  const found = packagedResNet(manifest);
  const tower = found && { layers: found.layers, width: found.width, size: input.size, embedding };
  return [
    ...(JSON.stringify(tower) === JSON.stringify(publishedTower)
      ? []
      : [
          `The model is a ${architecture.name}, not CLIP RN50: the published numbers are not of such a model.`,
        ]),
    ...(manifest.files.textTower
      ? []
      : [
          'The checkpoint has no text tower: its class embeddings do not come from prompts, as those of the papers do, so ' +
            'the zero-shot rows are none.',
        ]),
  ];
}

/** The model with the published logit rule, in the store of the work folder. */
export async function startingModel(
  store: ModelStore,
  dataset: ReproducedSet,
  model: ModelPackage,
): Promise<ModelPackage> {
  const id = startId(dataset);
  return (
    (await installed(store, id)) ??
    installTrained(store, {
      id,
      base: model,
      files: {},
      name: model.manifest.name,
      description: `${model.manifest.id} with the logit rule of the published code.`,
      logits: publishedLogits,
      metrics: undefined,
    })
  );
}

/** @returns null if no such model is installed */
export async function installed(store: ModelStore, id: string): Promise<ModelPackage | null> {
  try {
    return await store.find(id);
  } catch (error) {
    if (error instanceof DermOrbitError && error.code === 'MODEL_NOT_FOUND') return null;
    throw error;
  }
}
