// Fills an orbit cache: each image once through the image tower, in every orientation, while the next images are
// decoded on other threads.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import type { GroupName, Level } from '../../contract/settings.ts';
import type { SkippedImage } from '../../contract/training.ts';
import { orbitOfImage } from '../../engine/classify.ts';
import { dataFolder } from '../../engine/folders.ts';
import { lookAhead } from '../../engine/look-ahead.ts';
import type { LoadedModel } from '../../engine/model.ts';
import { readItem } from '../../evaluation/run/pixels.ts';
import { groups } from '../../groups/groups.ts';
import { float32ToFloat16 } from '../../onnx/float16.ts';
import { skippedImage, type HashedItem } from '../data/training-data.ts';
import type { CacheKey } from './layout.ts';
import type { OrbitCache } from './orbit-cache.ts';

/** What the cache of a model, a group and a level holds. */
export function cacheKeyOf(model: LoadedModel, group: GroupName, level: Level): CacheKey {
  const { id, files, input, features, embedding } = model.manifest;
  const keepsFeatures = level === 'feature';
  return {
    format: 1,
    model: { id, sha256: model.sha256 },
    imageTower: files.imageTower.sha256,
    attentionPool: keepsFeatures ? null : files.attentionPool.sha256,
    input: { size: input.size, mean: input.mean, std: input.std },
    group,
    content: keepsFeatures ? 'features' : 'embeddings',
    dtype: 'float16',
    shape: keepsFeatures ? [features.channels, features.size, features.size] : [embedding],
    orientations: groups[group].order,
    provider: model.provider,
  };
}

/** Where a cache lies by default: one file per key, shared by all runs. */
export function defaultCachePath(key: CacheKey): string {
  const { model, ...decisive } = key;
  const hash = createHash('sha256').update(JSON.stringify(decisive)).digest('hex').slice(0, 12);
  return join(dataFolder(), 'caches', `${model.id}-${key.group}-${key.content}-${hash}.orbits`);
}

export interface BuildOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onImage?: ((done: number, total: number) => void) | undefined;
}

/**
 * Computes the orbits that the cache lacks. What was computed stays, however this ends.
 * @returns images that could not be used
 * @throws DermOrbitError DISK_FULL (beforehand, or when the disk fills up), WRITE_FAILED, OUT_OF_MEMORY, CANCELLED
 */
export async function fillCache(
  cache: OrbitCache,
  model: LoadedModel,
  items: readonly HashedItem[],
  { signal, onImage }: BuildOptions = {},
): Promise<SkippedImage[]> {
  const missing = new Map<string, HashedItem>();
  for (const item of items) if (!cache.has(item.sha256)) missing.set(item.sha256, item);
  await cache.requireRoom(missing.size);
  const skipped: SkippedImage[] = [];
  const { size } = model.manifest.input;
  const prepare = ({ item }: HashedItem) => readItem(item, size, () => false, signal);
  try {
    for await (const { index, item, outcome } of lookAhead([...missing.values()], prepare, signal)) {
      try {
        if ('error' in outcome) throw outcome.error;
        const { sha256, square } = outcome.value;
        if (sha256 !== item.sha256) {
          throw new DermOrbitError('IMAGE_UNREADABLE', `${item.id} changed while the run started.`);
        }
        await cache.append(sha256, await halfPrecisionOrbit(cache.key, model, square!));
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

/** [n, ...shape] in half precision. */
async function halfPrecisionOrbit(
  { group, content }: CacheKey,
  model: LoadedModel,
  square: Uint8Array,
): Promise<Uint16Array> {
  const orbit = orbitOfImage(model, square);
  const rows =
    content === 'features'
      ? await orbit.features(groups[group])
      : await orbit.normalizedEmbeddings(groups[group]);
  const { length } = rows[0]!;
  const bits = new Uint16Array(rows.length * length);
  rows.forEach((row, g) => {
    bits.set(float32ToFloat16(row), g * length);
  });
  // Exponent bits all ones: infinite or NaN, beyond half precision.
  if (bits.some((value) => (value & 0x7c00) === 0x7c00)) {
    throw new DermOrbitError('INFERENCE_FAILED', 'Its features are beyond the range of half precision.');
  }
  return bits;
}
