// What an orbit cache holds: each image once through the image tower, in every orientation.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DermOrbitError } from '../../contract/errors.ts';
import type { GroupName } from '../../groups/groups.ts';
import type { Level } from '../../contract/settings.ts';
import { mapOf } from '../../contract/manifest.ts';
import { orbitOfImage } from '../../engine/classify.ts';
import { dataFolder } from '../../engine/folders.ts';
import type { LoadedModel } from '../../engine/model.ts';
import { groups } from '../../groups/groups.ts';
import { float32ToFloat16 } from '../../onnx/float16.ts';
import { cachesFolder } from './caches.ts';
import type { Filling } from './fill.ts';
import type { OrbitKey } from './layout.ts';

/**
 * What the cache of a model, a group and a level holds.
 * @throws DermOrbitError TRAINING_UNSUPPORTED for maps that are not all that the head needs
 */
export function cacheKeyOf(
  model: Pick<LoadedModel, 'manifest' | 'sha256' | 'provider'>,
  group: GroupName,
  level: Level,
): OrbitKey {
  const { id, files, input, invariantPart, embedding } = model.manifest;
  const features = mapOf(model.manifest);
  const keepsFeatures = level === 'feature';
  if (keepsFeatures && invariantPart > 0) {
    throw new DermOrbitError(
      'TRAINING_UNSUPPORTED',
      `${id} has a part beside its map (a class token), which caches do not hold: train its weight networks at embedding level.`,
    );
  }
  return {
    format: 1,
    model: { id, sha256: model.sha256 },
    imageTower: files.imageTower.sha256,
    attentionPool: keepsFeatures ? null : files.head.sha256,
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
export function defaultCachePath(key: OrbitKey): string {
  const { model, ...decisive } = key;
  const hash = createHash('sha256').update(JSON.stringify(decisive)).digest('hex').slice(0, 12);
  return join(cachesFolder(dataFolder()), `${model.id}-${key.group}-${key.content}-${hash}.orbits`);
}

/** How orbits are computed from squares. */
export function orbitFilling(key: OrbitKey, model: LoadedModel): Filling {
  return { side: model.manifest.input.size, keep: (square) => halfPrecisionOrbit(key, model, square) };
}

/** [n, ...shape] in half precision. */
async function halfPrecisionOrbit(
  { group, content }: OrbitKey,
  model: LoadedModel,
  square: Uint8Array,
): Promise<Uint8Array> {
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
  return new Uint8Array(bits.buffer);
}
