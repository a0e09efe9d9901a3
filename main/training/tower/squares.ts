// The pictures that an image tower learns from and is validated on: decoded once into caches on disk, read batch by batch,
// changed at random (training) or as they are (validation), in every orientation that the method asks for.
import { join } from 'node:path';
import type { SkippedImage } from '../../contract/training-events.ts';
import type { Augmentation } from '../../contract/training.ts';
import type { Random } from '../../evaluation/metrics/random.ts';
import { orbitOf } from '../../groups/action.ts';
import type { Group } from '../../groups/groups.ts';
import { toTensor } from '../../imaging/preprocess.ts';
import { fillCache, type FillOptions } from '../cache/fill.ts';
import type { PixelKey } from '../cache/layout.ts';
import { RecordCache, type PixelCache } from '../cache/record-cache.ts';
import type { HashedItem } from '../data/training-data.ts';
import { dropoutFeeds } from '../graphs/dropout.ts';
import type { Part } from '../step.ts';
import type { AnswerableSet } from '../validate.ts';
import { drawView, renderView } from './augment.ts';

/** Side of cached training pictures over that of the input, so that crops are not enlarged much. */
const detail = 1.25;

/** How pixels become a model's input. */
export interface InputRule {
  /** Side in pixels. */
  readonly size: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Side of the pictures that training at an input size reads. */
export function trainingSide(size: number): number {
  return Math.ceil(size * detail);
}

/** What the pixel cache of one side holds. */
export function pixelKey(side: number): PixelKey {
  return { format: 1, content: 'pixels', dtype: 'uint8', shape: [side, side, 3] };
}

/**
 * The pixel cache of one side, with these images in it.
 * @param folder of all pixel caches: pictures are known by their hash, so that runs share them
 * @returns the cache, to be closed, and the images that could not be used
 * @throws as {@link fillCache}
 */
export async function openSquares(
  folder: string,
  side: number,
  items: readonly HashedItem[],
  options: FillOptions,
): Promise<{ cache: PixelCache; skipped: SkippedImage[] }> {
  const path = join(folder, `pixels-${side}.cache`);
  const cache = await RecordCache.open(path, pixelKey(side), options.signal);
  try {
    const skipped = await fillCache(cache, items, { side, keep: (square) => square }, options);
    return { cache, skipped };
  } catch (error) {
    await cache.close();
    throw error;
  }
}

export interface ViewRule extends InputRule {
  readonly group: Group;
}

/** The orbit of one input [3, R, R] -> [n, 3, R, R]. */
function orbitInto(target: Float32Array, at: number, input: Float32Array, { group, size }: ViewRule): void {
  target.set(group.order === 1 ? input : orbitOf(group, input, size), at);
}

export interface TrainingPictures {
  readonly cache: PixelCache;
  readonly images: readonly HashedItem[];
  readonly augmentation: Augmentation;
  readonly rule: ViewRule;
  /** Images of one run of the training graph. */
  readonly part: number;
  /** Share of units that are silenced; 0 where the network has no dropout. */
  readonly dropout: number;
}

/** The parts of a batch, rendered when it is their turn; everything random is drawn now, in order. */
export function pictureParts(
  { cache, images, augmentation, rule, part, dropout }: TrainingPictures,
  batch: readonly number[],
  random: Random,
): (() => Promise<Part>)[] {
  const { size, mean, std, group } = rule;
  const [side] = cache.key.shape as [number];
  const length = 3 * size * size;
  const parts: (() => Promise<Part>)[] = [];
  for (let start = 0; start < batch.length; start += part) {
    const chosen = batch.slice(start, start + part).map((index) => ({
      image: images[index]!,
      view: drawView(random, augmentation),
    }));
    const masks = dropoutFeeds(random, chosen.length * group.order, dropout);
    parts.push(async () => {
      const squares = await Promise.all(chosen.map(({ image }) => cache.read(image.sha256)));
      const views = new Float32Array(chosen.length * group.order * length);
      const input = new Float32Array(length);
      chosen.forEach(({ view }, index) => {
        renderView(squares[index]!, side, view, { data: input, at: 0, size, mean, std });
        orbitInto(views, index * group.order * length, input, rule);
      });
      return {
        feeds: { views: { data: views, dims: [chosen.length * group.order, 3, size, size] }, ...masks },
        labels: chosen.map(({ image }) => image.label),
      };
    });
  }
  return parts;
}

/** Pictures as they are, exactly as inference sees them. */
export function answerablePictures(
  cache: PixelCache,
  images: readonly HashedItem[],
  classes: readonly string[],
  rule: ViewRule,
): AnswerableSet {
  const { size, mean, std, group } = rule;
  const length = 3 * size * size;
  return {
    classes,
    labels: images.map(({ label }) => label),
    feeds: async (start, end) => {
      const squares = await Promise.all(images.slice(start, end).map(({ sha256 }) => cache.read(sha256)));
      const views = new Float32Array(squares.length * group.order * length);
      squares.forEach((square, index) => {
        orbitInto(views, index * group.order * length, toTensor(square, size, mean, std), rule);
      });
      return { views: { data: views, dims: [squares.length * group.order, 3, size, size] } };
    },
  };
}
