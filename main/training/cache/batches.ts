// From cached orbits to what a training step is fed with. Turning an image permutes its orbit, so that augmentation by
// turns costs nothing (METHODS.md, "Orbit caching").
import { actOnOrientations } from '../../groups/action.ts';
import { groups } from '../../groups/groups.ts';
import { float16ToFloat32 } from '../../onnx/float16.ts';
import { payloadBytes } from './layout.ts';
import type { OrbitCache } from './record-cache.ts';

/** An image of a batch: its hash, and the index of the element that turns it. */
export interface Turned {
  readonly sha256: string;
  readonly turn: number;
}

/**
 * The orbits of some images, each turned by an element of the cache's group.
 * @param orientations how many of each orbit, from the first: all, or 1 for the image as it is
 * @returns [images * orientations, ...shape]
 * @throws DermOrbitError CACHE_DAMAGED
 */
export async function readBatch(
  cache: OrbitCache,
  images: readonly Turned[],
  orientations = cache.key.orientations,
): Promise<Float32Array> {
  const group = groups[cache.key.group];
  const width = payloadBytes(cache.key) / Uint16Array.BYTES_PER_ELEMENT / cache.key.orientations;
  const batch = new Float32Array(images.length * orientations * width);
  const records = await Promise.all(images.map(({ sha256 }) => cache.read(sha256)));
  records.forEach((record, index) => {
    const bits = new Uint16Array(record.buffer, record.byteOffset, record.byteLength / 2);
    const rows = group.elements.map((_, g) => bits.subarray(g * width, (g + 1) * width));
    const turned = actOnOrientations(group, images[index]!.turn, rows).slice(0, orientations);
    turned.forEach((row, g) => {
      batch.set(float16ToFloat32(row), (index * orientations + g) * width);
    });
  });
  return batch;
}

/** Dimensions of such a batch. */
export function batchDims({ key }: OrbitCache, rows: number): number[] {
  return [rows, ...key.shape];
}
