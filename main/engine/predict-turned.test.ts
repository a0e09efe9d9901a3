// What the permuted orbit says of a turned image must be what the turned pixels say, for everything that can be set.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headSchema, inverseSchema, levelSchema, methodSchema, type Settings } from '../contract/settings.ts';
import { hasFeatureMap } from '../equivariance/settings.ts';
import { actOnGrid } from '../groups/action.ts';
import { groups, type GroupName } from '../groups/groups.ts';
import { largestDifference, relativeDistance } from '../testing/distance.ts';
import { temporaryStore } from '../testing/model-store.ts';
import { smallImport, smallVisual } from '../testing/random-model.ts';
import { knownImage, loadModel, type LoadedModel } from './model.ts';
import { ImageOrbit } from './orbit.ts';
import { predict } from './predict.ts';
import { predictTurned } from './predict-turned.ts';
import { importModel } from './store/import.ts';

const temporary = temporaryStore();
let model: LoadedModel;
let towerRuns = 0;

beforeAll(async () => {
  const request = smallImport(temporary, { id: 'small', normalize: true, scale: 100 });
  const loaded = await loadModel(await importModel(temporary.store, request), 'cpu');
  const views = loaded.views.bind(loaded);
  loaded.views = (images) => {
    towerRuns++;
    return views(images);
  };
  model = loaded;
});
afterAll(async () => {
  await model.release();
  temporary.remove();
});

/** Logits up to a constant: probabilities near 0 and 1 hide what differs. */
function logs(probabilities: readonly number[]): number[] {
  const values = probabilities.map(Math.log);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

const image = knownImage(smallVisual.resolution);

function combinations(group: GroupName): Settings[] {
  return methodSchema.options.flatMap((method) =>
    levelSchema.options.flatMap((level) =>
      inverseSchema.options.flatMap((inverse) =>
        headSchema.options
          .map((head): Settings => ({ group, method, level, inverse, head }))
          .filter((settings) => hasFeatureMap(settings) || (inverse === 'off' && settings.head === 'plain')),
      ),
    ),
  );
}

describe.each(['c1', 'c2', 'c4', 'd1', 'd4'] as const)('%s', (name) => {
  const { elements } = groups[name];
  const every = elements.map((_, element) => element);

  it('answers for every turn as the turned pixels do, with one run of the tower', async () => {
    const settings = combinations(name);
    towerRuns = 0;
    const found = await predictTurned(
      new ImageOrbit(model, image),
      settings.map((one) => ({ settings: one, turns: every })),
    );
    expect(towerRuns).toBe(1);
    for (const turn of every) {
      const orbit = new ImageOrbit(model, actOnGrid(elements[turn]!, image, smallVisual.resolution));
      for (const [place, one] of settings.entries()) {
        const expected = await predict(orbit, one);
        const got = found[place]![turn]!;
        const what = JSON.stringify({ ...one, turn });
        expect(relativeDistance(logs(got.probabilities), logs(expected.probabilities)), what).toBeLessThan(
          2e-5,
        );
        expect(largestDifference(got.weights, expected.weights), what).toBeLessThan(1e-4);
      }
    }
  });
});

it('reads the orientations of several groups together', async () => {
  towerRuns = 0;
  const requests = (['c1', 'c4', 'd4', 'd1'] as const).map((group) => ({
    settings: combinations(group).at(-1)!,
    turns: [0],
  }));
  await predictTurned(new ImageOrbit(model, image), requests);
  expect(towerRuns).toBe(1);
});
