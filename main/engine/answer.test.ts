// A calibrated model from its manifest to its records: probabilities by the calibration and the prior, the set, agreement of
// the orientations by the same rule; and nothing changed where there is no calibration.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Calibration } from '../contract/calibration.ts';
import type { Classification } from '../contract/record.ts';
import type { SettingsChoice } from '../contract/settings.ts';
import { methodSchema } from '../contract/settings.ts';
import { softmax } from '../equivariance/logits.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { groups } from '../groups/groups.ts';
import { actOnGrid } from '../groups/action.ts';
import { installTrained } from '../training/run/install.ts';
import { largestDifference } from '../testing/distance.ts';
import { temporaryStore, type TemporaryStore } from '../testing/model-store.ts';
import { smallClasses, smallImport } from '../testing/random-model.ts';
import { knownImage, loadModel, type LoadedModel } from './model.ts';
import { ImageOrbit } from './orbit.ts';
import { predict } from './predict.ts';
import { predictTurned } from './predict-turned.ts';
import { classificationRecord } from './record.ts';
import { importModel } from './store/import.ts';
import { openPackage } from './store/package.ts';

const even = smallClasses.map(() => 0.3);
const calibration: Calibration = {
  id: '0123456789abcdef',
  images: [10, 60, 20, 10],
  trainingShares: [0.1, 0.6, 0.2, 0.1],
  methods: Object.fromEntries(
    methodSchema.options.map((method) => [
      `${method}/feature`,
      { temperature: 50, bias: [3, -2, 0, 1], thresholds: { 80: even, 90: even, 95: even } },
    ]),
  ),
};

let store: TemporaryStore;
let plain: LoadedModel;
let model: LoadedModel;

beforeAll(async () => {
  store = temporaryStore();
  const base = await importModel(store.store, smallImport(store, { id: 'plain' }));
  const { description, metrics } = base.manifest;
  const made = await installTrained(store.store, {
    id: 'calibrated',
    base,
    files: {},
    description,
    metrics,
    calibration,
  });
  plain = await loadModel(base, 'cpu');
  model = await loadModel(made, 'cpu');
});
afterAll(async () => {
  await plain.release();
  await model.release();
  store.remove();
});

const image = () => knownImage(model.manifest.input.size);

async function recordOf(of: LoadedModel, choice: SettingsChoice, picture = image()): Promise<Classification> {
  const settings = resolveSettings(choice, of.combiners);
  const prediction = await predict(new ImageOrbit(of, picture), settings);
  const file = { path: 'a.jpg', sha256: '', width: 1, height: 1 };
  return classificationRecord({ image: file, notes: [] }, of, settings, prediction, 1);
}

const numbers = (values: Readonly<Record<string, number>>) => smallClasses.map((code) => values[code]!);

/** By hand from the record's logits. */
const byHand = (logits: Readonly<Record<string, number>>, shares: readonly number[]) =>
  softmax(numbers(logits).map((z, k) => (z + [3, -2, 0, 1][k]!) / 50 + Math.log(shares[k]!)));

describe('a calibrated model', () => {
  it('answers by its calibration and the balanced prior unless told otherwise', async () => {
    const record = await recordOf(model, { method: 'lambda' });
    const shares = smallClasses.map(() => 1 / smallClasses.length);
    expect(largestDifference(numbers(record.probabilities), byHand(record.logits!, shares))).toBeLessThan(
      1e-9,
    );
    expect(record.prior).toEqual({
      name: 'balanced',
      shares: Object.fromEntries(smallClasses.map((code) => [code, 0.25])),
    });
    expect(record.calibration).toBe(calibration.id);
    const [first] = record.orientations;
    expect(largestDifference(numbers(first!.probabilities!), byHand(first!.logits!, shares))).toBeLessThan(
      1e-9,
    );
    expect(record.set?.level).toBe(90);
    for (const code of smallClasses) {
      expect(record.set!.classes.includes(code)).toBe(record.probabilities[code]! >= 0.3);
    }
  });

  it('shifts by the prior of training or of the clinic; logits and set stay', async () => {
    const before = await recordOf(model, { method: 'lambda' });
    const training = await recordOf(model, { method: 'lambda', prior: 'training' });
    const { trainingShares } = calibration;
    expect(
      largestDifference(numbers(training.probabilities), byHand(before.logits!, trainingShares)),
    ).toBeLessThan(1e-9);
    expect(training.logits).toEqual(before.logits);
    expect(training.set).toEqual(before.set);
    const none = { ...Object.fromEntries(smallClasses.map((code) => [code, 0])), NV: 1 };
    const certain = await recordOf(model, { method: 'lambda', prior: none });
    expect(certain.probabilities.NV).toBeCloseTo(1, 12);
    expect(certain.prior?.name).toBe('custom');
    await expect(recordOf(model, { prior: { NV: 1 } })).rejects.toMatchObject({ code: 'PRIOR_INVALID' });
  });

  it('is as invariant as before, and the second way to predict agrees', async () => {
    const settings = resolveSettings({ method: 'lambda', group: 'd4', prior: 'training' }, model.combiners);
    const upright = await predict(new ImageOrbit(model, image()), settings);
    const turns = groups.d4.elements.map((_, index) => index);
    const [turned] = await predictTurned(new ImageOrbit(model, image()), [{ settings, turns }]);
    for (const [index, element] of groups.d4.elements.entries()) {
      const picture = actOnGrid(element, image(), model.manifest.input.size);
      const seen = await predict(new ImageOrbit(model, picture), settings);
      expect(largestDifference(seen.probabilities, upright.probabilities)).toBeLessThan(1e-4);
      expect(largestDifference(turned![index]!.probabilities, upright.probabilities)).toBeLessThan(1e-4);
    }
  });

  it('averages first and calibrates then, where probabilities are averaged', async () => {
    const record = await recordOf(model, { method: 'tta' });
    const raw = await recordOf(plain, { method: 'tta' });
    const logs = Object.fromEntries(smallClasses.map((code) => [code, Math.log(raw.probabilities[code]!)]));
    expect(record.logits).toBeNull();
    const shares = smallClasses.map(() => 0.25);
    expect(largestDifference(numbers(record.probabilities), byHand(logs, shares))).toBeLessThan(1e-6);
  });
});

describe('a model without a calibration', () => {
  it('says what it said before, and names no prior and no set', async () => {
    const record = await recordOf(plain, { method: 'lambda' });
    expect(numbers(record.probabilities)).toEqual(softmax(numbers(record.logits!)));
    for (const field of ['prior', 'calibration', 'set'] as const) expect(record[field]).toBeUndefined();
  });

  it('takes a prior of the clinic, and has none of training', async () => {
    const shares = { MEL: 0.1, NV: 0.7, BCC: 0.1, DF: 0.1 };
    const record = await recordOf(plain, { method: 'equitune', prior: shares });
    expect(record.calibration).toBeNull();
    expect(record.set).toBeUndefined();
    await expect(recordOf(plain, { prior: 'training' })).rejects.toMatchObject({ code: 'PRIOR_UNKNOWN' });
  });
});

it.each([
  ['a temperature of 0', { temperature: 0 }],
  ['a temperature that is no number', { temperature: null }],
  ['too few biases', { bias: [1, 2] }],
  ['too few thresholds', { thresholds: { 80: even, 90: [0.5], 95: even } }],
])('a manifest with %s is refused', async (_, change) => {
  const folder = join(store.folders.imported, 'calibrated');
  const manifest = structuredClone(model.manifest) as unknown as { calibration: Calibration };
  Object.assign(manifest.calibration.methods['lambda/feature']!, change);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  await expect(openPackage(folder)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
});
