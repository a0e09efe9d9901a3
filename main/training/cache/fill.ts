// Fills a cache: each image once, while the next ones are decoded on other threads.
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import type { SkippedImage } from '../../contract/training-events.ts';
import { lookAhead } from '../../engine/look-ahead.ts';
import { readItem } from '../../evaluation/run/pixels.ts';
import { skippedImage, type HashedItem } from '../data/training-data.ts';
import type { CacheKey } from './layout.ts';
import type { RecordCache } from './record-cache.ts';

export interface FillOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onImage?: ((done: number, total: number) => void) | undefined;
}

export interface Filling {
  /** Side of the square that is cut out of an image, in pixels. */
  readonly side: number;
  /** What is kept of such a square, [side, side, 3]. */
  readonly keep: (square: Uint8Array) => Promise<Uint8Array> | Uint8Array;
}

/**
 * Computes the records that the cache lacks. What was computed stays, however this ends.
 * @returns images that could not be used
 * @throws DermOrbitError DISK_FULL (beforehand, or when the disk fills up), WRITE_FAILED, OUT_OF_MEMORY, CANCELLED
 */
export async function fillCache<Key extends CacheKey>(
  cache: RecordCache<Key>,
  items: readonly HashedItem[],
  { side, keep }: Filling,
  { signal, onImage }: FillOptions = {},
): Promise<SkippedImage[]> {
  const missing = new Map<string, HashedItem>();
  for (const item of items) if (!cache.has(item.sha256)) missing.set(item.sha256, item);
  await cache.requireRoom(missing.size);
  const skipped: SkippedImage[] = [];
  const prepare = ({ item }: HashedItem) => readItem(item, side, () => false, signal);
  try {
    for await (const { index, item, outcome } of lookAhead([...missing.values()], prepare, signal)) {
      try {
        if ('error' in outcome) throw outcome.error;
        const { sha256, square } = outcome.value;
        if (sha256 !== item.sha256) {
          throw new DermOrbitError('IMAGE_UNREADABLE', `${item.id} changed while the run started.`);
        }
        await cache.append(sha256, await keep(square!));
      } catch (thrown) {
        const error = asDermOrbitError(thrown);
        if (!ofOneImage(error)) throw error;
        skipped.push(skippedImage(item.id, error));
      }
      onImage?.(index + 1, missing.size);
    }
  } catch (error) {
    throw asDermOrbitError(error);
  }
  return skipped;
}

/** Failures of one image are listed; those of the disk, the memory or the person end the run. */
function ofOneImage({ code }: DermOrbitError): boolean {
  return code.startsWith('IMAGE_') || code === 'INFERENCE_FAILED' || code === 'CIFAR_INVALID';
}
