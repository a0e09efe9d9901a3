// models calibrate, from labelled images to a model whose records rest on a calibration.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classifyFiles } from '../engine/classify.ts';
import { loadModel } from '../engine/model.ts';
import { calibrateModel } from '../evaluation/calibration/calibrate-model.ts';
import { openDataset } from '../evaluation/datasets/datasets.ts';
import { alignClasses } from '../evaluation/datasets/datasets.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { isFailure } from '../contract/record.ts';
import { drawImages, trainingBench, type TrainingBench } from '../testing/training.ts';
import { smallClasses } from '../testing/random-model.ts';
import { installTrained } from '../training/run/install.ts';
import { join } from 'node:path';
import { parsePrior } from './settings-options.ts';

let bench: TrainingBench;
beforeAll(async () => {
  bench = await trainingBench(15);
});
afterAll(() => {
  bench.remove();
});

const items = async (images: string) =>
  alignClasses(await openDataset({ images, labels: null, lesions: null }), smallClasses).items;

describe('calibrateModel', () => {
  it('fits every method that the model has, and the result is installed and used', async () => {
    const model = await loadModel(bench.model, 'cpu');
    const set = await items(bench.images);
    const options = { group: 'c4', trainingShares: null } as const;
    const { calibration, skipped } = await calibrateModel(model, set, options);
    expect(skipped).toEqual([]);
    expect(calibration.images).toEqual([15, 15, 15, 15]);
    expect(Object.keys(calibration.methods)).toContain('lambda/feature');
    expect(Object.keys(calibration.methods)).toContain('tta/feature');
    expect((await calibrateModel(model, set, options)).calibration).toEqual(calibration);
    await model.release();
    const { description, metrics } = bench.model.manifest;
    const made = await installTrained(bench.store, {
      id: 'calibrated',
      base: bench.model,
      files: {},
      description,
      metrics,
      calibration,
    });
    const loaded = await loadModel(made, 'cpu');
    const settings = resolveSettings({}, loaded.combiners);
    for await (const { record } of classifyFiles(loaded, settings, [
      join(bench.images, 'MEL', 'MEL-0.png'),
    ])) {
      if (isFailure(record)) throw new Error(record.error.message);
      expect(record.calibration).toBe(calibration.id);
      expect(record.set?.level).toBe(90);
    }
    // Made from it, with other files: its calibration is not theirs.
    const next = await installTrained(bench.store, {
      id: 'next',
      base: made,
      files: {},
      description,
      metrics,
    });
    expect(next.manifest.calibration).toBeUndefined();
    await loaded.release();
  });

  it('refuses too few images, and a class without any', async () => {
    const model = await loadModel(bench.model, 'cpu');
    const few = join(bench.root, 'few');
    await drawImages(few, 3, smallClasses, 200);
    const options = { group: 'c4', trainingShares: null } as const;
    await expect(calibrateModel(model, await items(few), options)).rejects.toMatchObject({
      code: 'CALIBRATION_DATA',
    });
    const set = (await items(bench.images)).map((item) => ({ ...item, label: Math.min(item.label, 2) }));
    await expect(calibrateModel(model, set, options)).rejects.toThrow('None shows DF');
    await model.release();
  });
});

it.each(['MEL', 'MEL=', 'MEL=a', '=1', 'MEL=1,MEL=0', ''])('--prior "%s" is refused', (text) => {
  expect(() => parsePrior(text)).toThrow(expect.objectContaining({ code: 'PRIOR_INVALID' }));
});

it('--prior takes a name, or shares', () => {
  expect(parsePrior('training')).toBe('training');
  expect(parsePrior('MEL=0.25, NV=0.75')).toEqual({ MEL: 0.25, NV: 0.75 });
});
