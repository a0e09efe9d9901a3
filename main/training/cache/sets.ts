// Sets of cached orbits as training and validation take them: parts of a batch to learn from, and rows to answer.
import type { PrefinetuneConfig } from '../../contract/training.ts';
import { below, type Random } from '../../evaluation/metrics/random.ts';
import { dropoutFeeds } from '../graphs/dropout.ts';
import type { Part } from '../step.ts';
import type { AnswerableSet } from '../validate.ts';
import { batchDims, readBatch, type Turned } from './batches.ts';
import type { OrbitCache } from './record-cache.ts';

/** Labelled images of a cache. */
export interface CachedSet {
  readonly cache: OrbitCache;
  readonly classes: readonly string[];
  readonly images: readonly { readonly sha256: string; readonly label: number }[];
}

/**
 * Every image, as it is or turned by one element of the group.
 * @param orientations of each orbit that the graph takes
 * @param turn index of the element; turning an image permutes its cached orbit, f_g(hx) = f_gh(x)
 */
export function answerable(
  { cache, classes, images }: CachedSet,
  orientations = cache.key.orientations,
  turn = 0,
): AnswerableSet {
  return {
    classes,
    labels: images.map(({ label }) => label),
    feeds: async (start, end) => {
      const part = images.slice(start, end).map(({ sha256 }) => ({ sha256, turn }));
      const data = await readBatch(cache, part, orientations);
      return { orbit: { data, dims: batchDims(cache, part.length * orientations) } };
    },
  };
}

export interface PartChoices {
  /** Images of one run of the training graph. */
  readonly part: number;
  readonly turns: PrefinetuneConfig['turns'];
  /** Share of units that are silenced; 0 where the network has no dropout. */
  readonly dropout: number;
}

/** The parts of a batch, read when it is their turn; everything random is drawn now, in order. */
export function partsOf(
  { cache, images }: CachedSet,
  { part, turns, dropout }: PartChoices,
  batch: readonly number[],
  random: Random,
): (() => Promise<Part>)[] {
  const parts: (() => Promise<Part>)[] = [];
  const { orientations } = cache.key;
  for (let start = 0; start < batch.length; start += part) {
    const chosen = batch.slice(start, start + part).map((index) => images[index]!);
    const turned = chosen.map(({ sha256 }): Turned => {
      return { sha256, turn: turns ? below(random, orientations) : 0 };
    });
    const rows = chosen.length * orientations;
    const masks = dropoutFeeds(random, rows, dropout);
    parts.push(async () => ({
      feeds: {
        orbit: { data: await readBatch(cache, turned), dims: batchDims(cache, rows) },
        ...masks,
      },
      labels: chosen.map(({ label }) => label),
    }));
  }
  return parts;
}
