// The forward graph says what the product says, for every way of combining; and steps on it follow the loss curve of the
// public PyTorch reference.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectArchitecture } from '../../backbones/clip-resnet/architecture.ts';
import { buildAttentionPool } from '../../backbones/clip-resnet/attention-pool.ts';
import { readCheckpoint } from '../../backbones/checkpoints/checkpoint.ts';
import { readSafetensors as readWeights } from '../../backbones/checkpoints/safetensors.ts';
import { requireWeight } from '../../backbones/weights.ts';
import type { Settings } from '../../contract/settings.ts';
import { loadModel, knownImage, type LoadedModel } from '../../engine/model.ts';
import { ImageOrbit } from '../../engine/orbit.ts';
import { predict } from '../../engine/predict.ts';
import { importModel } from '../../engine/store/import.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import { softmax } from '../../equivariance/logits.ts';
import { groups } from '../../groups/groups.ts';
import { gradients } from '../../autodiff/gradients.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import { pruneToOutputs } from '../../onnx/graph.ts';
import { temporaryStore } from '../../testing/model-store.ts';
import { smallImport } from '../../testing/random-model.ts';
import { runGraph } from '../../testing/run-graph.ts';
import { readSafetensors } from '../../testing/safetensors.ts';
import { sharedFolder, sharedPath } from '../../testing/shared.ts';
import { frozenParts, packagedNet } from '../frozen.ts';
import { Stepper, type Part } from '../step.ts';
import { partSize } from './accumulate.ts';
import { forwardGraph, straightThrough, type FrozenParts } from './forward.ts';
import { parameterNames, trainedNetOf, weightNets } from './weight-nets.ts';

const temporary = temporaryStore();
const models: { opened: ModelPackage; model: LoadedModel }[] = [];
beforeAll(async () => {
  for (const normalize of [false, true]) {
    const request = smallImport(temporary, { id: normalize ? 'cosine' : 'raw', normalize, scale: 3 });
    const opened = await importModel(temporary.store, request);
    models.push({ opened, model: await loadModel(opened, 'cpu') });
  }
});
afterAll(async () => {
  await Promise.all(models.map(({ model }) => model.release()));
  temporary.remove();
});

const feature = { level: 'feature', method: 'lambda', group: 'c4', inverse: 'on', head: 'orbit' } as const;
const rows: Settings[] = [
  feature,
  { ...feature, head: 'plain' },
  { ...feature, inverse: 'off', head: 'plain' },
  { ...feature, group: 'd4', method: 'attention' },
  { ...feature, method: 'attention', head: 'plain' },
  { ...feature, group: 'd4', method: 'canonical', scorer: 'feature' },
  { ...feature, method: 'equitune' },
  { ...feature, group: 'c1', method: 'equitune', inverse: 'off', head: 'plain' },
  { ...feature, level: 'embedding', inverse: 'off', head: 'plain' },
];

describe.each([0, 1])('the forward graph, logit rule %i', (which) => {
  it.each(rows)(
    '$group $method $level, inverse $inverse, $head head: as the product answers',
    async (settings) => {
      const { opened, model } = models[which]!;
      const name = trainedNetOf(settings);
      const network = name && (await packagedNet(opened, name));
      const group = groups[settings.group];
      const graph = forwardGraph({
        parts: await frozenParts(opened, model),
        group,
        net: name && network ? { name, model: network } : null,
        inverse: settings.inverse,
        head: settings.head,
        dropout: false,
      });
      const { size } = opened.manifest.input;
      const images = [knownImage(size), knownImage(size).map((value, i) => value * Math.cos(i / 700))];
      const orbits = images.map((image) => new ImageOrbit(model, image));
      const read = (orbit: ImageOrbit) =>
        settings.level === 'feature' ? orbit.features(group) : orbit.normalizedEmbeddings(group);
      const views = (await Promise.all(orbits.map(read))).flat();
      const { channels, size: cells } = opened.manifest.features!;
      const row = settings.level === 'feature' ? [channels, cells, cells] : [opened.manifest.embedding];
      const data = Float32Array.from(views.flatMap((view) => Array.from(view)));
      const { logits, weights } = await runGraph(graph, { orbit: { data, dims: [views.length, ...row] } });
      const classes = opened.manifest.classes.length;
      for (const [index, orbit] of orbits.entries()) {
        const expected = await predict(orbit, settings);
        const found = softmax(Array.from(logits!.data.subarray(index * classes, (index + 1) * classes)));
        found.forEach((value, k) => {
          expect(value).toBeCloseTo(expected.probabilities[k]!, 5);
        });
        if (!weights) continue;
        const n = group.order;
        const given = Array.from(weights.data.subarray(index * n, (index + 1) * n));
        given.forEach((value, g) => {
          expect(value).toBeCloseTo(expected.weights[g]!, 4);
        });
      }
    },
  );
});

it('a choice has the value of the best score and the gradient of a softmax', async () => {
  const scores = [0.3, -1.2, 0.9, 0.85];
  const costs = [1, -2, 0.5, 3];
  const graph = new GraphBuilder('choice');
  const input = graph.input('scores', 'float32', [1, 4]);
  const weights = straightThrough(graph, input, 4);
  const weighed = graph.op('Mul', [weights, graph.float32('costs', Float32Array.from(costs), [1, 4])]);
  graph.output('loss', graph.op('ReduceSum', [weighed], { keepdims: 0 }), []);
  graph.output('weights', weights, [1, 4]);
  const { graph: whole, gradients: found } = gradients(graph.build().graph, 'loss', ['scores']);
  const gradient = found.get('scores')!;
  const outputs = [...whole.outputs, { name: gradient, type: 'float32' as const, dims: [1, 4] }];
  const model = { ...graph.build(), graph: { ...whole, outputs } };
  const values = await runGraph(model, { scores: { data: Float32Array.from(scores), dims: [1, 4] } });
  const soft = softmax(scores);
  const mean = soft.reduce((sum, share, g) => sum + share * costs[g]!, 0);
  [0, 0, 1, 0].forEach((weight, g) => {
    expect(values.weights!.data[g]).toBeCloseTo(weight, 6);
  });
  soft.forEach((share, g) => {
    expect(values[gradient]!.data[g]).toBeCloseTo(share * (costs[g]! - mean), 5);
  });
});

it('divides a batch evenly', () => {
  expect(partSize(32, 1)).toBe(32);
  expect(partSize(32, 1.2e9 / 10)).toBe(8);
  expect(partSize(7, 1e9)).toBe(1);
});

describe.skipIf(sharedFolder() === null)('steps on the golden orbits', () => {
  /** Losses of the reference's three steps on one batch of three images, in parts of some size. */
  async function curve(
    loss: 'updated' | 'original',
    part: number,
  ): Promise<{ found: number[]; expected: Float32Array }> {
    const golden = readSafetensors(sharedPath('golden', 'expected.safetensors'));
    const checkpoint = readCheckpoint(readFileSync(sharedPath('golden', 'tiny-clip.safetensors')), 'tiny');
    const architecture = detectArchitecture(checkpoint);
    const { featureChannels: channels, featureSize: size, embeddingWidth } = architecture.visual;
    const T = requireWeight(
      readWeights(readFileSync(sharedPath('golden', 'class-embeddings.safetensors'))),
      'class_embeddings',
    );
    const parts: FrozenParts = {
      features: { channels, size },
      pool: pruneToOutputs(buildAttentionPool(checkpoint.tensors, architecture).graph, ['embedding']),
      classEmbeddings: { data: T.float32(), width: T.dims[0]!, classes: T.dims[1]! },
      logits: { normalize: false, scale: 1 },
    };
    const shapes = { features: { channels, size }, embedding: embeddingWidth };
    const combiners = readWeights(readFileSync(sharedPath('golden', 'combiners.safetensors')));
    const model = weightNets.lambda.build(combiners, shapes);
    const { c4: group } = groups;
    const stepper = await Stepper.open({
      forward: forwardGraph({
        parts,
        group,
        net: { name: 'lambda', model },
        inverse: 'on',
        head: 'plain',
        dropout: false,
      }),
      parameters: parameterNames('lambda', shapes),
      config: {
        loss,
        optimizer: 'sgd',
        momentum: 0.9,
        nesterov: false,
        weightDecay: 0,
        clip: null,
        batch: 3,
      },
      part,
      provider: 'cpu',
    });
    const orbit = golden.get('c4.orbit_features')!.data;
    const labels = Array.from(golden.get('labels')!.data, Number);
    const length = group.order * channels * size * size;
    const batch = Array.from({ length: 3 / part }, (_, index) => async (): Promise<Part> => {
      const data = orbit.slice(index * part * length, (index + 1) * part * length);
      const feeds = { orbit: { data, dims: [part * group.order, channels, size, size] } };
      return Promise.resolve({ feeds, labels: labels.slice(index * part, (index + 1) * part) });
    });
    const expected = golden.get(`prefinetune.${loss}.losses`)!.data;
    const found: number[] = [];
    for (let step = 0; step < expected.length; step++) found.push((await stepper.step(batch, 0.05)).loss);
    await stepper.release();
    return { found, expected };
  }

  it.each([
    { loss: 'updated', part: 3 },
    { loss: 'updated', part: 1 },
    { loss: 'original', part: 3 },
    { loss: 'original', part: 1 },
  ] as const)('loss $loss, $part images at once: the loss curve of the reference', async ({ loss, part }) => {
    const { found, expected } = await curve(loss, part);
    expect(found).toHaveLength(expected.length);
    found.forEach((value, step) => {
      expect(Math.abs(value - expected[step]!)).toBeLessThan(1e-3);
    });
  });
});
