// The promise of the product, measured: with the bundled model and its default settings, turning an image changes
// nothing but the direction of the evidence map; the plain model's answer moves. Pixels are turned after the crop.
// Both numbers are printed. On the phantoms everywhere, on real images where they are at hand.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Evidence } from '../contract/record.ts';
import type { Settings } from '../contract/settings.ts';
import { resolveSettings } from '../equivariance/settings.ts';
import { actOnGrid } from '../groups/action.ts';
import { groups, type Group, type GroupElement } from '../groups/groups.ts';
import { toTensor } from '../imaging/preprocess.ts';
import { largestDifference, relativeDistance } from '../testing/distance.ts';
import { sharedFolder, sharedPath } from '../testing/shared.ts';
import { prepareImage } from './classify.ts';
import { defaultModelFolders, installationFolder } from './folders.ts';
import { loadModel, type LoadedModel } from './model.ts';
import { ImageOrbit } from './orbit.ts';
import { evidenceOf } from './evidence.ts';
import { predict } from './predict.ts';
import { ModelStore } from './store/store.ts';

/** Largest change of a probability, and largest gap between a logit and what its evidence adds up to. */
const tolerance = 1e-4;

let model: LoadedModel;
beforeAll(async () => {
  model = await loadModel(await new ModelStore(defaultModelFolders()).find(), 'cpu');
});
afterAll(() => model.release());

interface Seen {
  readonly probabilities: readonly number[];
  readonly evidence: Evidence;
}

async function see(image: Float32Array, settings: Settings): Promise<Seen> {
  const orbit = new ImageOrbit(model, image);
  const { probabilities } = await predict(orbit, settings);
  return { probabilities, evidence: await evidenceOf(orbit, settings) };
}

/** How far a map is from the upright one turned with the image, relative L2 over all classes. */
function mapDistance(turned: Evidence, upright: Evidence, element: GroupElement): number {
  const expected = upright.cells.flatMap((row) => [
    ...actOnGrid(element, Float64Array.from(row), upright.size),
  ]);
  return relativeDistance(turned.cells.flat(), expected);
}

function gapToLogits({ cells, constant, logits }: Evidence): number {
  const sums = cells.map((row, k) => row.reduce((sum, cell) => sum + cell, constant[k]!));
  return largestDifference(sums, logits);
}

/** The worst over all elements of a group and all images. */
interface Worst {
  /** Change of a probability. */
  probability: number;
  /** Distance of the evidence map from the turned one. */
  map: number;
  /** Between logits and evidence. */
  gap: number;
}

async function worstOf(paths: readonly string[], group: Group, settings: Settings): Promise<Worst[]> {
  const { size, mean, std } = model.manifest.input;
  const results: Worst[] = [];
  for (const path of paths) {
    const { square } = await prepareImage(path, size);
    const image = toTensor(square, size, mean, std);
    const upright = await see(image, settings);
    const worst: Worst = { probability: 0, map: 0, gap: gapToLogits(upright.evidence) };
    for (const element of group.elements.slice(1)) {
      const turned = await see(actOnGrid(element, image, size), settings);
      worst.probability = Math.max(
        worst.probability,
        largestDifference(turned.probabilities, upright.probabilities),
      );
      worst.map = Math.max(worst.map, mapDistance(turned.evidence, upright.evidence, element));
      worst.gap = Math.max(worst.gap, gapToLogits(turned.evidence));
    }
    results.push(worst);
  }
  return results;
}

const most = (results: readonly Worst[], field: keyof Worst) =>
  results.reduce((largest, worst) => Math.max(largest, worst[field]), 0);

/** Two melanomas, two nevi, a keratosis and a vascular lesion. */
const sampleNames = ['0034394', '0034494', '0034407', '0034516', '0034375', '0034455'];

const phantoms = join(installationFolder(), 'assets', 'phantoms');
const sets = [
  {
    name: 'phantoms',
    available: true,
    paths: () =>
      readdirSync(phantoms)
        .filter((file) => file.endsWith('.jpg'))
        .slice(0, 4)
        .map((file) => join(phantoms, file)),
  },
  {
    name: 'samples (real images)',
    available: sharedFolder() !== null,
    paths: () => sampleNames.map((number) => sharedPath('samples', `ISIC_${number}.jpg`)),
  },
];

describe.each(sets)('on $name', ({ name, available, paths }) => {
  it.skipIf(!available).each(['c4', 'd4'] as const)(
    'under every element of %s the default prediction stays and its evidence map turns; the plain model does not',
    async (groupName) => {
      const group = groups[groupName];
      const standard = resolveSettings({ group: groupName }, model.combiners);
      expect(standard).toMatchObject({ method: 'lambda', level: 'feature', inverse: 'on', head: 'orbit' });
      const plain = resolveSettings({ group: 'c1', method: 'vanilla' }, model.combiners);

      const equivariant = await worstOf(paths(), group, standard);
      const vanilla = await worstOf(paths(), group, plain);
      console.info(
        `${name}, ${groupName}: largest change of a probability ${most(equivariant, 'probability').toExponential(1)}` +
          ` (vanilla ${most(vanilla, 'probability').toFixed(3)}); evidence map off by ` +
          `${most(equivariant, 'map').toExponential(1)} (vanilla ${most(vanilla, 'map').toFixed(3)})`,
      );

      expect(most(equivariant, 'probability')).toBeLessThan(tolerance);
      expect(most(equivariant, 'map')).toBeLessThan(1e-3);
      expect(most(equivariant, 'gap')).toBeLessThan(tolerance);
      // The plain model's evidence is exact too; it just does not follow the image, for any of the images.
      expect(most(vanilla, 'gap')).toBeLessThan(tolerance);
      expect(most(vanilla, 'probability')).toBeGreaterThan(0.01);
      for (const { probability, map } of vanilla) {
        expect(probability).toBeGreaterThan(10 * tolerance);
        expect(map).toBeGreaterThan(0.05);
      }
    },
  );
});
