// How many images of a batch pass a training graph at once: bounded by what their activations take, not by the weights.
import { describe, expect, it } from 'vitest';
import { groups } from '../../groups/groups.ts';
import { towerGraph } from './graph.ts';
import { randomStart } from './starting-point.ts';
import { partOf } from './train-tower.ts';

function forwardOf(size: number) {
  const start = randomStart({ layers: [2, 2, 2, 2], width: 32, size, embedding: 256 }, 7, 1);
  const rule = { group: groups.c1, net: null, inverse: 'off', head: 'plain' } as const;
  return towerGraph({ start, rule, batchNorm: 'live', statistics: 'batch' });
}

describe('the bundled architecture in 3 GB', () => {
  // Measured: 1.9 GB with 64 images of 128 pixels, 1.8 GB with 32 of 160 pixels, 2.7 GB with 64; a reserve stays.
  it.each([
    [64, 64],
    [128, 64],
    [160, 32],
    [224, 16],
  ])('of 64 images of %i pixels sees %i at once', (size, images) => {
    expect(partOf(forwardOf(size), 64)).toBe(images);
  });

  it('divides a batch evenly', () => {
    expect(partOf(forwardOf(160), 50)).toBe(50);
    expect(partOf(forwardOf(224), 50)).toBe(25);
  });
});
