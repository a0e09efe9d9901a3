import { expect, it } from 'vitest';
import { costOf, graphLimits, requireBounded } from '../../onnx/bounds.ts';
import type { WeightTensor } from '../weights.ts';
import { expectedTensors } from './architecture.ts';
import { buildAttentionPool } from './attention-pool.ts';
import { buildImageTower } from './image-tower.ts';
import { visualArchitecture } from './random-weights.ts';

it("CLIP's largest ResNet, RN50x64 at 448 pixels, stays within the limits of graphs", () => {
  const size = { layers: [3, 15, 36, 10], width: 128, resolution: 448, embeddingWidth: 1024 } as const;
  const visual = visualArchitecture(size);
  // Shapes alone count: every tensor is a part of the same zeros.
  const [zeros, zeroBits] = [new Float32Array(1 << 24), new Uint16Array(1 << 24)];
  const weights = new Map(
    [...expectedTensors(visual, null)].map(([name, dims]): [string, WeightTensor] => {
      const count = dims.reduce((product, dim) => product * dim, 1);
      return [
        name,
        { dims, float32: () => zeros.subarray(0, count), float16Bits: () => zeroBits.subarray(0, count) },
      ];
    }),
  );
  const architecture = { visual, text: null, logitScale: null };
  const image = [8, 3, 448, 448];
  const tower = buildImageTower(weights, architecture);
  requireBounded(tower, { image });
  const { nodes, workingBytes, work } = costOf(tower, { image });
  // Not far within them either, or the limits would be no limits.
  expect(nodes).toBeGreaterThan(graphLimits.nodes / 20);
  expect(workingBytes).toBeGreaterThan(graphLimits.workingBytes / 3);
  expect(work).toBeGreaterThan(graphLimits.work / 3);
  const features = [8, visual.featureChannels, visual.featureSize, visual.featureSize];
  requireBounded(buildAttentionPool(weights, architecture), { features, class_embeddings: [1024, 100] });
});
