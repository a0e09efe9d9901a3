// Training of image towers: that the training graph computes what the engine does, that stopping changes nothing, and that
// what learns is what was asked for.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingEvent } from '../../contract/training-events.ts';
import type { Augmentation, FinetuneConfig, ScratchConfig } from '../../contract/training.ts';
import { loadModel, type LoadedModel } from '../../engine/model.ts';
import { ImageOrbit } from '../../engine/orbit.ts';
import { predict } from '../../engine/predict.ts';
import { openSession } from '../../engine/runtime.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import { softmax } from '../../equivariance/logits.ts';
import { resolveSettings } from '../../equivariance/settings.ts';
import { orbitOf } from '../../groups/action.ts';
import { groups } from '../../groups/groups.ts';
import { encodeModel } from '../../onnx/codec.ts';
import { floatsOf } from '../../onnx/single-precision.ts';
import { toTensor } from '../../imaging/preprocess.ts';
import { smallClasses } from '../../testing/random-model.ts';
import { smallRequest, trainingBench, type TrainingBench } from '../../testing/training.ts';
import { finetune, type FinetuneRequest } from '../finetune.ts';
import { randomFor } from '../random.ts';
import { trainFromScratch, type ScratchRequest } from '../scratch.ts';
import { towerGraph } from './graph.ts';
import { networkOf } from './network.ts';
import { packagedStart, type StartingPoint } from './starting-point.ts';

let bench: TrainingBench;
let model: LoadedModel;
let start: StartingPoint;
const size = 96;
const random = randomFor(5, 'round');
const square = Uint8Array.from({ length: 3 * size * size }, () => random() % 256);

beforeAll(async () => {
  bench = await trainingBench(5);
  model = await loadModel(bench.model, 'cpu');
  start = await packagedStart(bench.model, model);
});
afterAll(async () => {
  await model.release();
  bench.remove();
});

const upright = (): Float32Array =>
  toTensor(square, size, bench.model.manifest.input.mean, bench.model.manifest.input.std);

/** Logits of a training graph for the square, in a batch of two. */
async function answered(
  from: StartingPoint,
  method: FinetuneConfig['method'],
  batchNorm: 'frozen' | 'live',
  level: FinetuneConfig['level'] = 'feature',
) {
  const group = method === 'vanilla' ? groups.c1 : groups.c4;
  const net = await networkOf(bench.model, { method, level, initial: 'model', seed: 1 });
  const rule = { group, net, inverse: 'on', head: 'orbit' } as const;
  const graph = towerGraph({ start: from, rule, batchNorm, statistics: 'running' });
  const session = await openSession(encodeModel(graph), 'cpu');
  const views = orbitOf(group, upright(), size);
  const twice = new Float32Array(2 * views.length);
  twice.set(views.map((value) => -value));
  twice.set(views, views.length);
  const { logits } = await session.run({ views: { data: twice, dims: [2 * group.order, 3, size, size] } });
  await session.release();
  return Array.from(logits!.data.subarray(smallClasses.length));
}

/**
 * Between logits and probabilities: the largest difference of a log odds, over the largest logit. Random weights give
 * logits so large that rounding shows in the probabilities themselves.
 */
function distance(logits: readonly number[], probabilities: readonly number[]): number {
  const differences = logits.map((logit, k) =>
    Math.abs(logit - logits[0]! - Math.log(probabilities[k]! / probabilities[0]!)),
  );
  return Math.max(...differences) / Math.max(...logits.map(Math.abs));
}

const methods = ['vanilla', 'equitune', 'lambda', 'attention'] as const;

describe.each(methods)('%s', (method) => {
  it.each(['frozen', 'live'] as const)('answers as the engine does, batch norm %s', async (batchNorm) => {
    const settings = resolveSettings({ method, group: 'c4' }, model.combiners);
    const expected = await predict(new ImageOrbit(model, upright()), settings);
    expect(distance(await answered(start, method, batchNorm), expected.probabilities)).toBeLessThan(1e-4);
  });
});

it('lambda at embedding level answers as the engine does', async () => {
  const settings = resolveSettings({ method: 'lambda', group: 'c4', level: 'embedding' }, model.combiners);
  const expected = await predict(new ImageOrbit(model, upright()), settings);
  const logits = await answered(start, 'lambda', 'live', 'embedding');
  expect(distance(logits, expected.probabilities)).toBeLessThan(1e-3);
});

it('calibrating batch norm changes no answer, and gives it the statistics of the images', async () => {
  const data = upright();
  const part = () => Promise.resolve({ feeds: { views: { data, dims: [1, 3, size, size] } }, labels: [0] });
  const measured = { ...start, network: await start.network.calibrated([part], 'cpu') };
  const before = await answered(start, 'equitune', 'live');
  expect(distance(await answered(measured, 'equitune', 'live'), softmax(before))).toBeLessThan(1e-4);
  const stored = (name: string) =>
    floatsOf(measured.network.tower('live', 'running').graph.constants.get(`visual.bn1.${name}`)!)!;
  expect(Math.max(...stored('running_mean').map(Math.abs))).toBeGreaterThan(1e-3);
  expect(stored('running_var').every((value) => value > 0)).toBe(true);
});

const augmentation: Augmentation = {
  turns: 'free',
  mirrors: true,
  crop: [0.8, 1],
  ...{ shift: 0.05, brightness: 0.1, contrast: 0.1, saturation: 0.1, hue: 5, masked: 0 },
};

/** The loop's settings of any run here. */
const loop: Omit<ScratchConfig, 'architecture' | 'smallerFirst'> = {
  loss: 'updated',
  optimizer: 'adamw',
  ...{ momentum: 0.9, nesterov: false, weightDecay: 0.01, clip: 1, learningRate: 2e-3, warmup: 2 },
  schedule: 'cosine',
  ...{ rounds: 3, iterations: 3, batch: 4, balance: 'none', seed: 1, patience: null },
  ...{ augmentation, labelSmoothing: 0.05, logitAdjustment: 1, averaging: 0.9 },
};

function common(out: string) {
  const { provider, data, run, resume } = smallRequest(bench, out);
  return { provider, data, run, resume, out, cache: join(bench.root, 'pictures') };
}

function scratchRequest(out: string, changes: Partial<ScratchConfig> = {}): ScratchRequest {
  const architecture: ScratchConfig['architecture'] = {
    layers: [1, 1, 1, 1],
    width: 4,
    size,
    embedding: 16,
  };
  const config = { ...loop, architecture, smallerFirst: [{ size: 64, rounds: 1 }], ...changes };
  return { ...common(out), config, classes: smallClasses };
}

function finetuneRequest(out: string, changes: Partial<FinetuneConfig> = {}): FinetuneRequest {
  const config: FinetuneConfig = {
    ...loop,
    ...{
      method: 'lambda',
      smallerFirst: [],
      level: 'feature',
      dropout: 0,
      group: 'c2',
      inverse: 'on',
      head: 'orbit',
      initial: 'model',
    },
    ...{ network: 'trainable', classEmbeddings: 'trainable', batchNorm: 'live', rounds: 2 },
    ...changes,
  };
  return { ...common(out), config, model: bench.model };
}

interface Ran {
  readonly model: ModelPackage;
  readonly events: readonly TrainingEvent[];
}

type Run = (stop: AbortSignal, onEvent: (event: TrainingEvent) => void) => Promise<ModelPackage>;

async function finish(run: Run): Promise<Ran> {
  const events: TrainingEvent[] = [];
  const never = new AbortController();
  return { model: await run(never.signal, (event) => events.push(event)), events };
}

/** Stops in the middle of a round. */
async function stopped(run: Run, round: number): Promise<void> {
  const controller = new AbortController();
  const stopping = run(controller.signal, (event) => {
    if (event.kind === 'step' && event.round === round) controller.abort();
  });
  await expect(stopping).rejects.toMatchObject({ code: 'CANCELLED' });
}

const scratch =
  (request: ScratchRequest): Run =>
  (signal, onEvent) =>
    trainFromScratch(bench.store, request, { signal, onEvent });
const tune =
  (request: FinetuneRequest): Run =>
  (signal, onEvent) =>
    finetune(bench.store, request, { signal, onEvent });

const files = ['image-tower.onnx', 'head.onnx', 'class-embeddings.safetensors'];
const bytesOf = ({ folder }: ModelPackage, name: string) => readFileSync(join(folder, name));

describe('from scratch', () => {
  it('gives the same model bit for bit, also when it is stopped on smaller pictures and on whole ones', async () => {
    const whole = await finish(scratch(scratchRequest('whole')));
    const request = scratchRequest('resumed');
    await stopped(scratch(request), 1);
    await stopped(scratch({ ...request, resume: true }), 2);
    await stopped(scratch({ ...request, resume: true }), 3);
    const resumed = await finish(scratch({ ...request, resume: true }));
    for (const name of files)
      expect(bytesOf(resumed.model, name).equals(bytesOf(whole.model, name)), name).toBe(true);
    const other = await finish(scratch(scratchRequest('other-seed', { seed: 2, rounds: 2 })));
    expect(bytesOf(other.model, files[0]!).equals(bytesOf(whole.model, files[0]!))).toBe(false);
  });

  it('leaves a run folder, weights under CLIP names, and a model that knows what it was measured at', async () => {
    const request = scratchRequest('complete', { rounds: 2 });
    const { model: made, events } = await finish(scratch(request));
    expect(readdirSync(request.run).sort()).toEqual(
      expect.arrayContaining([
        'MODEL_CARD.md',
        'checkpoint.bin',
        'class-embeddings.safetensors',
        'config.json',
        'curves.svg',
        'data.json',
        'rounds.csv',
        'weights.safetensors',
      ]),
    );
    expect(readdirSync(request.run)).not.toContain('trial');
    expect(made.manifest).toMatchObject({ id: 'complete', classes: smallClasses, input: { size } });
    const card = bytesOf(made, 'MODEL_CARD.md').toString();
    expect(card).toContain('from scratch on 16 images');
    expect(card).toContain('Not a medical device');
    const done = events.find((event) => event.kind === 'done');
    expect(done?.results.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['complete, c4 vanilla', 'complete, c4 equitune']),
    );
    // The orbit head answers alike under every quarter turn, whatever was learned.
    expect(done?.results.find(({ name }) => name.endsWith('equitune'))?.flipRate).toBe(0);
    expect(done?.results[0]!.interval).not.toBeNull();
  });

  it('learns: the loss falls on the images it sees', async () => {
    const request = scratchRequest('learner', {
      ...{ smallerFirst: [], rounds: 4, iterations: 8, batch: 8, learningRate: 5e-3, labelSmoothing: 0 },
      ...{ logitAdjustment: 0, averaging: null, warmup: 0, schedule: 'constant' },
      augmentation: { ...augmentation, turns: 'none', mirrors: false, crop: [1, 1], shift: 0 },
    });
    const { events } = await finish(scratch(request));
    const losses = events
      .flatMap((event) => (event.kind === 'round' ? [event.figures.loss ?? []] : []))
      .flat();
    expect(losses.at(-1)!).toBeLessThan(0.6 * losses[0]!);
  });

  it('refuses a checkpoint whose bytes changed, and a run that leaves no round for whole pictures', async () => {
    const none = scratchRequest('none', { rounds: 1 });
    await expect(finish(scratch(none))).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});

describe('finetuning', () => {
  it('changes tower, pool, class embeddings and network; drops what was made for the old tower', async () => {
    const { model: made, events } = await finish(tune(finetuneRequest('tuned')));
    for (const name of [...files, 'lambda.onnx']) {
      expect(bytesOf(made, name).equals(bytesOf(bench.model, name)), name).toBe(false);
    }
    expect(made.manifest.files.attention).toBeUndefined();
    expect(bytesOf(made, 'MODEL_CARD.md').toString()).toContain('not taken over from the starting model');
    const figures = events.filter((event) => event.kind === 'round').at(-1)?.figures;
    expect(figures?.meanWeights).toHaveLength(2);
    expect(figures?.meanWeights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
  });

  it('keeps frozen what is to stay frozen', async () => {
    const frozen = { network: 'frozen', classEmbeddings: 'frozen', batchNorm: 'frozen', rounds: 1 } as const;
    const { model: made } = await finish(tune(finetuneRequest('frozen', frozen)));
    expect(bytesOf(made, 'lambda.onnx').equals(bytesOf(bench.model, 'lambda.onnx'))).toBe(true);
    const after = await loadModel(made, 'cpu');
    expect(after.classEmbeddings.data).toEqual(model.classEmbeddings.data);
    const scaleOf = ({ network }: StartingPoint) =>
      floatsOf(network.tower('frozen', 'running').graph.constants.get('visual.bn1.scale')!)!;
    const norms = scaleOf(await packagedStart(made, after));
    await after.release();
    norms.forEach((value, channel) => {
      expect(value).toBeCloseTo(scaleOf(start)[channel]!, 5);
    });
    expect(bytesOf(made, files[0]!).equals(bytesOf(bench.model, files[0]!))).toBe(false);
  });

  it('is resumed bit for bit', async () => {
    const config = { method: 'equitune', batchNorm: 'frozen', optimizer: 'sgd' } as const;
    const whole = await finish(tune(finetuneRequest('tuned-whole', config)));
    const request = finetuneRequest('tuned-resumed', config);
    await stopped(tune(request), 2);
    const resumed = await finish(tune({ ...request, resume: true }));
    for (const name of files)
      expect(bytesOf(resumed.model, name).equals(bytesOf(whole.model, name)), name).toBe(true);
  });

  it('at embedding level, with dropout, is resumed bit for bit and gives the network', async () => {
    const config = { level: 'embedding', dropout: 0.5, loss: 'original' } as const;
    const whole = await finish(tune(finetuneRequest('embedded-whole', config)));
    const request = finetuneRequest('embedded-resumed', config);
    await stopped(tune(request), 2);
    const resumed = await finish(tune({ ...request, resume: true }));
    for (const name of [...files, 'lambda-embedding.onnx']) {
      expect(bytesOf(resumed.model, name).equals(bytesOf(whole.model, name)), name).toBe(true);
      expect(bytesOf(whole.model, name).equals(bytesOf(bench.model, name)), name).toBe(false);
    }
    const undefinedRequest = finetuneRequest('undefined', { method: 'attention', level: 'embedding' });
    await expect(finish(tune(undefinedRequest))).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  it('wants the network that it is to start from', async () => {
    const plain = await finish(tune(finetuneRequest('plain', { method: 'vanilla', rounds: 1 })));
    const request = { ...finetuneRequest('missing'), model: plain.model };
    await expect(finish(tune(request))).rejects.toMatchObject({ code: 'COMBINER_MISSING' });
  });
});
