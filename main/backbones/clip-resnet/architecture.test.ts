import { describe, expect, it } from 'vitest';
import { randomClip, tinyText, tinyVisual } from '../../testing/checkpoint-files.ts';
import { detectArchitecture, expectedTensors, type VisualArchitecture } from './architecture.ts';
import { readCheckpoint, type Checkpoint } from '../checkpoints/checkpoint.ts';
import { writeSafetensors } from '../checkpoints/safetensors.ts';

function checkpointOf(tensors: ReturnType<typeof randomClip>): Checkpoint {
  return readCheckpoint(writeSafetensors(tensors), 'tiny.safetensors');
}

/** The sizes of published CLIP ResNets. */
const published: Record<string, VisualArchitecture> = {
  RN50: {
    layers: [3, 4, 6, 3],
    width: 64,
    heads: 32,
    resolution: 224,
    featureChannels: 2048,
    featureSize: 7,
    embeddingWidth: 1024,
  },
  RN101: {
    layers: [3, 4, 23, 3],
    width: 64,
    heads: 32,
    resolution: 224,
    featureChannels: 2048,
    featureSize: 7,
    embeddingWidth: 512,
  },
  RN50x4: {
    layers: [4, 6, 10, 6],
    width: 80,
    heads: 40,
    resolution: 288,
    featureChannels: 2560,
    featureSize: 9,
    embeddingWidth: 640,
  },
};

describe('detectArchitecture', () => {
  it('reads image tower, text tower and logit scale', () => {
    expect(detectArchitecture(checkpointOf(randomClip()))).toEqual({
      visual: tinyVisual,
      text: tinyText,
      logitScale: expect.closeTo(100, 3) as unknown,
    });
  });

  it('reads an image tower alone', () => {
    const checkpoint = checkpointOf(randomClip(tinyVisual, null));
    expect(detectArchitecture(checkpoint)).toEqual({ visual: tinyVisual, text: null, logitScale: null });
  });

  it.each(Object.entries(published))('reads %s from shapes', (_, visual) => {
    // Shapes only: the numbers of a full-size CLIP say nothing about its architecture.
    const tensors = new Map(
      [...expectedTensors(visual, null)].map(([name, dims]) => [
        name,
        { dims, dtype: 'float32' as const, float32: () => new Float32Array(1) },
      ]),
    );
    expect(detectArchitecture({ format: 'safetensors', tensors, entry: null, skipped: [] }).visual).toEqual(
      visual,
    );
  });

  it('counts the parameters of RN50 as published', () => {
    // 38,316,896: the image tower and attention pool of clip.load("RN50"), without running statistics.
    const parameters = [...expectedTensors(published.RN50!, null)]
      .filter(([name]) => !name.includes('.running_'))
      .reduce((sum, [, dims]) => sum + dims.reduce((product, dim) => product * dim, 1), 0);
    expect(parameters).toBe(38_316_896);
  });

  it('ignores tensors it does not use, whatever they hold', () => {
    const tensors = randomClip();
    tensors.set('optimizer.state', { dims: [1], dtype: 'float32', data: Float32Array.of(NaN) });
    tensors.set('visual.bn1.num_batches_tracked', { dims: [], dtype: 'int64', data: BigInt64Array.of(5n) });
    expect(detectArchitecture(checkpointOf(tensors)).visual).toEqual(tinyVisual);
  });
});
