// What is exact and what is not (METHODS.md), as a table over every method, level, inverse, head and group, on a
// small CLIP with random weights: no luck of training hides a missing turn there.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Settings } from '../contract/settings.ts';
import { headSchema, inverseSchema, levelSchema, methodSchema } from '../contract/settings.ts';
import { hasFeatureMap, hasSpatialFrame, methodVariants, resolveSettings } from '../equivariance/settings.ts';
import { actOnGrid, actOnOrientations } from '../groups/action.ts';
import { groups, type GroupName } from '../groups/groups.ts';
import { largestDifference, relativeDistance } from '../testing/distance.ts';
import { temporaryStore } from '../testing/model-store.ts';
import { smallImport, smallVisual } from '../testing/random-model.ts';
import { loadModel, type LoadedModel } from './model.ts';
import { ImageOrbit } from './orbit.ts';
import { evidenceOf } from './evidence.ts';
import { predict, type Prediction } from './predict.ts';
import { importModel } from './store/import.ts';

/** Relative L2 of logits (or probabilities): rounding stays far below, whatever is not exact far above. */
const exact = 1e-5;
const clearly = 5e-4;

const temporary = temporaryStore();
/** The same weights under both logit rules: raw products, and CLIP's normalised embeddings times 100. */
let models: Record<'raw' | 'clip', LoadedModel>;

beforeAll(async () => {
  const open = async (id: string, changes: { normalize?: boolean; scale?: number }) =>
    loadModel(await importModel(temporary.store, smallImport(temporary, { id, ...changes })), 'cpu');
  models = { raw: await open('raw', {}), clip: await open('clip', { normalize: true, scale: 100 }) };
});
afterAll(async () => {
  await models.raw.release();
  await models.clip.release();
  temporary.remove();
});

/** Smooth blobs and a slope, different in each channel: no symmetry, and content at every scale. */
function picture(size: number): Float32Array {
  return Float32Array.from({ length: 3 * size * size }, (_, i) => {
    const [channel, y, x] = [Math.floor(i / (size * size)), Math.floor(i / size) % size, i % size];
    const blob = (cx: number, cy: number, radius: number) =>
      Math.exp(-((x / size - cx) ** 2 + (y / size - cy) ** 2) / radius ** 2);
    return 2 * blob(0.3, 0.2 + 0.1 * channel, 0.2) - 1.5 * blob(0.7, 0.8, 0.15) + x / size - (0.5 * y) / size;
  });
}

const image = picture(smallVisual.resolution);
const turned = (name: GroupName, h: number) =>
  actOnGrid(groups[name].elements[h]!, image, smallVisual.resolution);

/** Orbits by model, group and turning element: networks are asked once, however many settings follow. */
const orbits = new Map<string, ImageOrbit>();
function orbitAt(model: LoadedModel, name: GroupName, h: number): ImageOrbit {
  const key = `${model.id} ${name} ${h}`;
  const known = orbits.get(key) ?? new ImageOrbit(model, turned(name, h));
  orbits.set(key, known);
  return known;
}

const answerOf = ({ logits, probabilities }: Prediction) => logits ?? probabilities;

/** Every combination of settings that means something: without a combined map there is neither inverse nor head. */
function combinations(group: GroupName): Settings[] {
  return methodSchema.options.flatMap((method) =>
    levelSchema.options.flatMap((level) =>
      inverseSchema.options.flatMap((inverse) =>
        headSchema.options
          .flatMap((head) =>
            methodVariants(method, level).map((variant): Settings => ({
              group,
              method,
              level,
              inverse,
              head,
              ...variant,
            })),
          )
          .filter(
            (settings) =>
              hasFeatureMap(settings) || (settings.inverse === 'off' && settings.head === 'plain'),
          ),
      ),
    ),
  );
}

const named = (settings: Settings) => {
  const { level, inverse, head } = settings;
  const method = [settings.method, settings.scorer ?? settings.score].filter(Boolean).join(' by ');
  const name = hasFeatureMap(settings)
    ? `${method}, inverse ${inverse}, ${head} head`
    : `${method} at ${level} level`;
  return { name, settings };
};

/** METHODS.md, "What is exact, and what is not": the answer stays, unless the pool sees one frame of a turning map. */
function isInvariant(settings: Settings): boolean {
  if (settings.method === 'vanilla') return false;
  return !hasFeatureMap(settings) || settings.inverse === 'off' || settings.head === 'orbit';
}

const tested = ['c2', 'c4', 'd1', 'd4'] as const satisfies GroupName[];

describe.each(tested)('under %s', (name) => {
  const group = groups[name];
  const others = group.elements.map((_, h) => h).slice(1);
  const all = combinations(name).map(named);

  it.each(all.filter(({ settings }) => isInvariant(settings)))('invariant: $name', async ({ settings }) => {
    for (const model of Object.values(models)) {
      const upright = await predict(orbitAt(model, name, 0), settings);
      for (const h of others) {
        const other = await predict(orbitAt(model, name, h), settings);
        expect(relativeDistance(answerOf(other), answerOf(upright))).toBeLessThan(exact);
        expect(largestDifference(other.probabilities, upright.probabilities)).toBeLessThan(exact);
        expect(other.stability).toBe(upright.stability);
      }
    }
  });

  it.each(all.filter(({ settings }) => !isInvariant(settings)))(
    'not invariant: $name',
    async ({ settings }) => {
      const upright = await predict(orbitAt(models.raw, name, 0), settings);
      for (const h of others) {
        const other = await predict(orbitAt(models.raw, name, h), settings);
        expect(relativeDistance(answerOf(other), answerOf(upright))).toBeGreaterThan(clearly);
      }
    },
  );

  it.each(all.filter(({ settings }) => settings.method !== 'vanilla'))(
    'weights are permuted: $name',
    async ({ settings }) => {
      const upright = await predict(orbitAt(models.raw, name, 0), settings);
      for (const h of others) {
        const other = await predict(orbitAt(models.raw, name, h), settings);
        expect(largestDifference(other.weights, actOnOrientations(group, h, upright.weights))).toBeLessThan(
          exact,
        );
        const logits = actOnOrientations(group, h, upright.orientationLogits);
        expect(relativeDistance(other.orientationLogits.flat(), logits.flat())).toBeLessThan(exact);
        if (settings.method !== 'attention') continue;
        const rows = actOnOrientations(group, h, upright.attention!);
        const attention = rows.map((row) => actOnOrientations(group, h, row));
        expect(largestDifference(other.attention!.flat(), attention.flat())).toBeLessThan(exact);
      }
    },
  );

  it('gives the orientations weights that differ, so that the rows above could fail', async () => {
    for (const method of ['lambda', 'attention'] as const) {
      const { weights } = await predict(
        orbitAt(models.raw, name, 0),
        resolveSettings({ group: name, method }, models.raw.combiners),
      );
      expect(Math.max(...weights) - Math.min(...weights)).toBeGreaterThan(0.01);
    }
  });

  const withFrame = all.filter(({ settings }) => hasSpatialFrame(settings));

  it.each(withFrame)('the evidence adds up to the logits: $name', async ({ settings }) => {
    for (const model of Object.values(models)) {
      const orbit = orbitAt(model, name, 0);
      const { cells, constant, logits, size } = await evidenceOf(orbit, settings);
      expect(size).toBe(smallVisual.featureSize);
      const sums = cells.map((row, k) => row.reduce((sum, cell) => sum + cell, constant[k]!));
      // In units of the logit rule's scale: single precision keeps seven digits of it.
      const tolerance = 1e-4 * Math.max(1, model.manifest.logits.scale / 10);
      expect(largestDifference(sums, logits)).toBeLessThan(tolerance);
      expect(relativeDistance(logits, (await predict(orbit, settings)).logits!)).toBeLessThan(exact);
    }
  });

  it.each(withFrame.filter(({ settings }) => isInvariant(settings)))(
    'turning the image turns the evidence: $name',
    async ({ settings }) => {
      for (const model of Object.values(models)) {
        const upright = await evidenceOf(orbitAt(model, name, 0), settings);
        for (const h of others) {
          const other = await evidenceOf(orbitAt(model, name, h), settings);
          const expected = upright.cells.map((row) =>
            actOnGrid(group.elements[h]!, Float64Array.from(row), upright.size),
          );
          other.cells.forEach((row, k) => {
            expect(relativeDistance(row, expected[k]!)).toBeLessThan(1e-4);
            expect(relativeDistance(row, upright.cells[k]!)).toBeGreaterThan(0.01);
          });
          expect(relativeDistance(other.constant, upright.constant)).toBeLessThan(1e-4);
        }
      }
    },
  );

  it.each(all.filter(({ settings }) => !hasSpatialFrame(settings)))(
    'no evidence without a frame: $name',
    async ({ settings }) => {
      await expect(evidenceOf(orbitAt(models.raw, name, 0), settings)).rejects.toMatchObject({
        code: 'EVIDENCE_UNAVAILABLE',
      });
    },
  );
});

/** Methods that go on with one orientation. */
const choosing = combinations('c1').filter(
  (settings) => settings.method === 'canonical' || settings.method === 'equizero',
);

describe.each(['c4', 'd4'] as const)('a picture with a symmetry of its own, under %s', (name) => {
  const group = groups[name];

  // Scores tie then: which of two equal views is taken must not show in any answer.
  it.each(choosing.filter(isInvariant).map(named))('invariant: $name', async ({ settings }) => {
    const model = models.raw;
    for (const symmetry of [groups.c2, groups.d1, groups.c4, groups.d4]) {
      // The largest over all elements is symmetric to the last digit.
      const { resolution } = smallVisual;
      const views = symmetry.elements.map((element) => actOnGrid(element, image, resolution));
      const symmetric = image.map((_, i) => Math.max(...views.map((view) => view[i]!)));
      const answers: Prediction[] = [];
      for (const element of group.elements) {
        const orbit = new ImageOrbit(model, actOnGrid(element, symmetric, resolution));
        answers.push(await predict(orbit, { ...settings, group: name }));
      }
      for (const answer of answers) {
        expect(relativeDistance(answerOf(answer), answerOf(answers[0]!))).toBeLessThan(exact);
      }
      if (symmetry === groups.d4 && settings.level === 'feature') {
        expect(answers.every(({ weights }) => weights[0] === 1)).toBe(true);
      }
    }
  });
});

it('the image scorer lets the image tower see one view, and says nothing of the others', async () => {
  const seen: number[] = [];
  const model = new Proxy(models.raw, {
    get(target, name) {
      if (name === 'views')
        return (images: Float32Array) => {
          seen.push(images.length / image.length);
          return target.views(images);
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const settings = resolveSettings({ group: 'd4', method: 'canonical', scorer: 'image' }, model.combiners);
  const orbit = new ImageOrbit(model, image);
  const { weights, stability, orientationLogits } = await predict(orbit, settings);
  await evidenceOf(orbit, settings);
  expect(seen).toEqual([1]);
  expect(stability).toBeNull();
  expect(orientationLogits.map((row) => (row.length > 0 ? 1 : 0))).toEqual(weights);
  const whole = await predict(orbit, settings, { everyOrientation: true });
  expect(seen).toEqual([1, 7]);
  expect(whole.weights).toEqual(weights);
  expect(whole.orientationLogits.every((row) => row.length > 0)).toBe(true);
});

it('no method changes anything under the group of the identity alone', async () => {
  const orbit = orbitAt(models.raw, 'c1', 0);
  const answers = await Promise.all(
    combinations('c1')
      .filter((settings) => hasFeatureMap(settings))
      .map(async (settings) => (await predict(orbit, settings)).logits!),
  );
  for (const logits of answers) expect(relativeDistance(logits, answers[0]!)).toBeLessThan(exact);
});
