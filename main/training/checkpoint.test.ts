import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { RoundFigures } from '../contract/training.ts';
import { readCheckpoint, readCheckpointMeta, writeCheckpoint } from './checkpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'dermorbit-checkpoint-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const figures: RoundFigures = {
  round: 0,
  steps: 0,
  learningRate: null,
  loss: null,
  gradientNorm: null,
  validationLoss: 1,
  balancedAccuracy: 0.5,
  top1: 0.5,
  meanWeights: [0.5, 0.5],
  weightHistogram: { edges: [0, 1], counts: [[2], [2]], deviations: [0.1, 0.1] },
  seconds: 1,
};
const checkpoint = (history: RoundFigures[]) => ({
  identity: 'x',
  round: 0,
  history,
  best: null,
  state: new Map([['w', { data: Float32Array.of(1, 2), dims: [2] }]]),
  bestWeights: new Map(),
});

it('is read as it was written', async () => {
  const path = join(folder, 'now');
  await writeCheckpoint(path, checkpoint([figures]));
  expect(await readCheckpoint(path)).toEqual(checkpoint([figures]));
  expect(await readCheckpointMeta(path)).toMatchObject({ history: [figures] });
});

it('is read where its rounds know nothing of the distribution of weights, as of earlier versions', async () => {
  const path = join(folder, 'before');
  const { weightHistogram, ...earlier } = figures;
  expect(weightHistogram).not.toBeNull();
  await writeCheckpoint(path, checkpoint([earlier as RoundFigures]));
  const [read] = (await readCheckpoint(path)).history;
  expect(read).toEqual({ ...figures, weightHistogram: null });
  expect((await readCheckpointMeta(path))?.history).toEqual([read]);
});
