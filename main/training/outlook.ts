// What a training would find in its data and take of the disk, before any of it is done.
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expectedTensors } from '../backbones/clip-resnet/architecture.ts';
import { visualArchitecture } from '../backbones/clip-resnet/random-weights.ts';
import { shownSubjects } from '../contract/dataset.ts';
import type { Recipe, TrainingOutlook } from '../contract/jobs.ts';
import type { Manifest } from '../contract/manifest.ts';
import { dataFolder } from '../engine/folders.ts';
import { packageFiles, type ModelPackage } from '../engine/store/package.ts';
import { openDataset } from '../evaluation/datasets/datasets.ts';
import { recordBytes } from './cache/layout.ts';
import { cacheKeyOf } from './cache/orbits.ts';
import { countByClass } from './data/describe.ts';
import { openTrainingData, type DataChoice } from './data/training-data.ts';
import { trainedNetOf, weightNets } from './graphs/weight-nets.ts';
import { pixelKey, trainingSide } from './tower/squares.ts';

/**
 * Reads names and tables, no pixels.
 * @param base the starting model; null: none
 * @throws DermOrbitError as openTrainingData, but for classes without images, which are named
 */
export async function trainingOutlook(
  recipe: Recipe,
  data: DataChoice,
  base: ModelPackage | null,
  signal?: AbortSignal,
): Promise<TrainingOutlook> {
  const fresh = recipe.kind === 'finetune' && recipe.config.classEmbeddings === 'fresh';
  const known = fresh ? undefined : base?.manifest.classes;
  const classes = known ?? (await openDataset(data.training, signal)).classes;
  const opened = await openTrainingData(
    { ...data, allowMissingClasses: true },
    classes,
    recipe.config.seed,
    signal,
  );
  const counts = (items: typeof opened.training) => countByClass(items, classes.length);
  const training = counts(opened.training);
  const images = { training: opened.training.length, validation: opened.validation.length };
  return {
    classes: [...classes],
    training,
    validation: counts(opened.validation),
    missing: classes.filter((_, index) => training[index] === 0),
    lesionsKnown: opened.lesionsKnown,
    problems: opened.problems.map((problem) => ({
      problem: { ...problem, subjects: problem.subjects.slice(0, shownSubjects) },
      count: problem.subjects.length,
    })),
    disk: {
      cache: cacheBytes(recipe, base, images),
      run: runBytes(recipe, base?.manifest ?? null, classes.length),
      free: await freeBytes(dataFolder()),
    },
  };
}

interface Images {
  readonly training: number;
  readonly validation: number;
}

/** Bytes of the cached orbits or pictures, if none of them is cached yet. */
export function cacheBytes(
  recipe: Recipe,
  base: ModelPackage | null,
  { training, validation }: Images,
): number {
  if (recipe.kind === 'prefinetune') {
    if (base === null) return 0;
    const { group, level } = recipe.config;
    // Which provider computes them does not change their size.
    return recordBytes(cacheKeyOf({ ...base, provider: 'cpu' }, group, level)) * (training + validation);
  }
  const whole =
    recipe.kind === 'scratch' ? recipe.config.architecture.size : (base?.manifest.input.size ?? 0);
  const sizes = [...recipe.config.smallerFirst.map(({ size }) => size), whole];
  return [...new Set(sizes)].reduce(
    (sum, size) =>
      sum + recordBytes(pixelKey(trainingSide(size))) * training + recordBytes(pixelKey(size)) * validation,
    0,
  );
}

const bytesPerNumber = { single: 4, half: 2 } as const;

/**
 * Bytes of the run folder and of the finished model, about: the checkpoint (weights, best weights, what the optimizer
 * keeps for each, the sum of a batch in parts), the one before it while it is written, and the packages.
 */
export function runBytes(recipe: Recipe, base: Manifest | null, classes: number): number {
  const { optimizer, momentum } = recipe.config;
  const slots = optimizer === 'adamw' ? 2 : momentum > 0 ? 1 : 0;
  const averages = recipe.kind !== 'prefinetune' && recipe.config.averaging !== null ? 1 : 0;
  const learned = parametersOf(recipe, base, classes);
  const checkpoint = learned * bytesPerNumber.single * (3 + slots + averages);
  const packaged = base ? packageFiles(base).reduce((sum, [, { bytes }]) => sum + bytes, 0) : 0;
  // Finetuning and training from scratch write the weights once more and try the package before it is installed.
  const finished =
    recipe.kind === 'prefinetune'
      ? packaged + learned * bytesPerNumber.half
      : learned * (bytesPerNumber.single + 2 * bytesPerNumber.half);
  return 2 * checkpoint + finished;
}

function parametersOf(recipe: Recipe, base: Manifest | null, classes: number): number {
  const size = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);
  if (recipe.kind === 'scratch') {
    const { layers, width, size: resolution, embedding } = recipe.config.architecture;
    const visual = visualArchitecture({ layers, width, resolution, embeddingWidth: embedding });
    const tensors = [...expectedTensors(visual, null).values()];
    return tensors.reduce((sum, dims) => sum + size(dims), embedding * classes);
  }
  if (base === null) return 0;
  const level = recipe.kind === 'prefinetune' ? recipe.config.level : 'feature';
  const net = trainedNetOf({ method: recipe.config.method, level });
  const network = net
    ? weightNets[net].layers(base).reduce((sum, [, dims]) => sum + size(dims) + (dims[0] ?? 0), 0)
    : 0;
  if (recipe.kind === 'prefinetune') return network;
  return base.architecture.parameters + base.embedding * classes + network;
}

/** Of the disk that a folder lies on, or will lie on. */
async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    const parent = dirname(folder);
    return parent === folder ? 0 : freeBytes(parent);
  }
}
