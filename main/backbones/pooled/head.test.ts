// A classifier with a global mean, from package to record: its answer under turns, and its evidence.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evidenceOf } from '../../engine/evidence.ts';
import { knownImage, loadModel, type LoadedModel } from '../../engine/model.ts';
import { ImageOrbit } from '../../engine/orbit.ts';
import { predict } from '../../engine/predict.ts';
import { installBackbone } from '../../engine/store/import.ts';
import { resolveSettings } from '../../equivariance/settings.ts';
import { actOnGrid } from '../../groups/action.ts';
import { groups } from '../../groups/groups.ts';
import { largestDifference } from '../../testing/distance.ts';
import { temporaryStore, type TemporaryStore } from '../../testing/model-store.ts';
import { smallClasses, smallClassEmbeddings, writeTensors } from '../../testing/random-model.ts';
import { smallCnnBackbone } from '../../testing/small-cnn.ts';

const shape = { size: 96, width: 8, channels: 12, seed: 3 };
let store: TemporaryStore;
let model: LoadedModel;

beforeAll(async () => {
  store = temporaryStore();
  const classEmbeddings = writeTensors(store.root, 'classes', smallClassEmbeddings());
  const request = { id: 'pooled', checkpoint: 'small.onnx', classEmbeddings, classes: smallClasses };
  model = await loadModel(await installBackbone(store.store, smallCnnBackbone(shape, 16), request), 'cpu');
});
afterAll(async () => {
  await model.release();
  store.remove();
});

const orbitOf = (image: Float32Array) => new ImageOrbit(model, image);
const settings = (head: 'plain' | 'orbit') =>
  resolveSettings({ method: 'equitune', group: 'd4', inverse: 'on', head }, model.combiners);

describe.each(['plain', 'orbit'] as const)('%s head', (head) => {
  it('is exactly invariant: the mean sees no turn', async () => {
    const image = knownImage(shape.size);
    const upright = await predict(orbitOf(image), settings(head));
    for (const element of groups.d4.elements) {
      const turned = await predict(orbitOf(actOnGrid(element, image, shape.size)), settings(head));
      expect(largestDifference(turned.probabilities, upright.probabilities)).toBeLessThan(1e-5);
    }
  });

  it('gives every cell its exact share of the logits', async () => {
    const evidence = await evidenceOf(orbitOf(knownImage(shape.size)), settings(head));
    if (evidence.kind !== 'exact') throw new Error(evidence.kind);
    const cells = shape.size ** 2 / 32 ** 2;
    evidence.logits.forEach((logit, k) => {
      const own = evidence.cells[k]!;
      expect(own).toHaveLength(cells);
      expect(own.reduce((sum, share) => sum + share, evidence.constant[k]!)).toBeCloseTo(logit, 4);
    });
    // Not all alike: a split that gave every cell the same share would add up, too.
    expect(new Set(evidence.cells[0]).size).toBeGreaterThan(1);
  });
});
