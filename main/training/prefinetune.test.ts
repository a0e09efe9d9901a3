// Pre-finetuning from folder to installed model: what is learned, what is written, and that neither stopping nor
// starting again changes a single bit.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingEvent } from '../contract/training-events.ts';
import type { PrefinetuneConfig } from '../contract/training.ts';
import { packageFiles, type ModelPackage } from '../engine/store/package.ts';
import { smallClasses } from '../testing/random-model.ts';
import { drawImages, smallRequest, trainingBench, type TrainingBench } from '../testing/training.ts';
import { prefinetune } from './prefinetune.ts';
import type { PrefinetuneRequest } from './request.ts';

let bench: TrainingBench;
beforeAll(async () => {
  bench = await trainingBench(6);
});
afterAll(() => {
  bench.remove();
});

interface Ran {
  readonly model: ModelPackage;
  readonly events: readonly TrainingEvent[];
  readonly losses: readonly number[];
}

async function run(request: PrefinetuneRequest): Promise<Ran> {
  const events: TrainingEvent[] = [];
  const model = await prefinetune(bench.store, request, { onEvent: (event) => events.push(event) });
  const losses = events.flatMap((event) =>
    event.kind === 'round' && event.figures.loss !== null ? [event.figures.loss] : [],
  );
  return { model, events, losses };
}

/** Everything about a run's rounds but how long they took. */
function figures(request: PrefinetuneRequest): string[] {
  const [header, ...rows] = readFileSync(join(request.run, 'rounds.csv'), 'utf8').trim().split('\n');
  const seconds = header!.split(',').indexOf('seconds');
  return rows.map((row) => row.split(',').toSpliced(seconds, 1).join());
}

const networkOf = ({ folder }: ModelPackage, file: string) => readFileSync(join(folder, file));

/** Runs until the end of a round, stops there as Ctrl-C does, and resumes. */
async function interrupted(request: PrefinetuneRequest, round: number): Promise<Ran> {
  const controller = new AbortController();
  const stopping = prefinetune(bench.store, request, {
    signal: controller.signal,
    onEvent: (event) => {
      // In the middle of the next round.
      if (event.kind === 'step' && event.round === round + 1) controller.abort();
    },
  });
  await expect(stopping).rejects.toMatchObject({ code: 'CANCELLED' });
  return run({ ...request, resume: true });
}

/** The kinds of network, and options whose state or randomness a checkpoint must carry. */
const kinds: { name: string; file: string; config: Partial<PrefinetuneConfig> }[] = [
  { name: 'lambda, sgd, oversampled', file: 'lambda.onnx', config: { balance: 'oversample' } },
  {
    name: 'attention, adamw, cosine, plain head',
    file: 'attention.onnx',
    config: {
      method: 'attention',
      optimizer: 'adamw',
      learningRate: 1e-3,
      schedule: 'cosine',
      head: 'plain',
    },
  },
  {
    name: 'the scorer of canonical',
    file: 'canonical.onnx',
    config: { method: 'canonical', optimizer: 'adamw', learningRate: 1e-3 },
  },
  {
    name: 'lambda at embedding level with dropout',
    file: 'lambda-embedding.onnx',
    config: { level: 'embedding', inverse: 'off', head: 'plain', learningRate: 0.05, balance: 'undersample' },
  },
];

describe.each(kinds)('$name', ({ file, config }) => {
  const id = file.replace('.onnx', '');
  const request = (out: string) =>
    smallRequest(
      bench,
      out,
      config,
      config.level === 'embedding' ? { cache: join(bench.root, 'e.orbits') } : {},
    );

  it('gives the same result bit for bit, also when it is stopped and resumed', async () => {
    const whole = await run(request(`${id}-whole`));
    const again = await run(request(`${id}-again`));
    const resumed = await interrupted(request(`${id}-resumed`), 1);
    expect(figures(request(`${id}-again`))).toEqual(figures(request(`${id}-whole`)));
    expect(figures(request(`${id}-resumed`))).toEqual(figures(request(`${id}-whole`)));
    expect(networkOf(again.model, file).equals(networkOf(whole.model, file))).toBe(true);
    expect(networkOf(resumed.model, file).equals(networkOf(whole.model, file))).toBe(true);
    expect(resumed.losses).toHaveLength(2);
  });

  it('says after every round, and before the first, how the weights are distributed', async () => {
    const { events } = await run(request(`${id}-weights`));
    const rounds = events.flatMap((event) => (event.kind === 'round' ? [event.figures] : []));
    expect(rounds).toHaveLength(4);
    for (const { meanWeights, weightHistogram } of rounds) {
      const { edges, counts } = weightHistogram!;
      const images = counts.map((bins) => bins.reduce((sum, count) => sum + count, 0));
      expect(images).toEqual([8, 8, 8, 8]);
      for (const mean of meanWeights) {
        expect(mean).toBeGreaterThanOrEqual(edges[0]!);
        expect(mean).toBeLessThanOrEqual(edges.at(-1)!);
      }
    }
  });

  it('gives another result with another seed', async () => {
    const other = request(`${id}-seed`);
    const { model } = await run({ ...other, config: { ...other.config, seed: 2 } });
    expect(
      networkOf(model, file).equals(readFileSync(join(bench.folders.imported, `${id}-whole`, file))),
    ).toBe(false);
  });
});

it('learns: the loss falls on the images it sees', async () => {
  const config: Partial<PrefinetuneConfig> = {
    level: 'embedding',
    inverse: 'off',
    head: 'plain',
    optimizer: 'adamw',
    learningRate: 0.01,
    dropout: 0,
    rounds: 5,
    iterations: 10,
    batch: 16,
  };
  const { losses } = await run(
    smallRequest(bench, 'learner', config, { cache: join(bench.root, 'e.orbits') }),
  );
  expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.9);
});

it('leaves a run folder, and a model with the other files of the one it started from', async () => {
  const request = smallRequest(bench, 'complete', { rounds: 1 });
  const { model } = await run(request);
  expect(readdirSync(request.run).sort()).toEqual([
    'MODEL_CARD.md',
    'checkpoint.bin',
    'config.json',
    'curves.png',
    'curves.svg',
    'data.json',
    'request.json',
    'result.json',
    'rounds.csv',
  ]);
  const svg = readFileSync(join(request.run, 'curves.svg'), 'utf8');
  expect(svg).toMatch(/^<svg [^>]*>.*<\/svg>\n$/s);
  expect(svg).not.toMatch(/NaN|Infinity/);
  const card = networkOf(model, 'MODEL_CARD.md').toString();
  expect(card).toContain('| all | 16 | 8 |');
  expect(card).toContain(bench.model.sha256);
  expect(card).toContain('Not a medical device');
  expect(card).toContain('the lesion is unknown');
  for (const [role, { sha256 }] of packageFiles(bench.model.manifest)) {
    const kept = packageFiles(model.manifest).find(([name]) => name === role)?.[1].sha256 === sha256;
    expect(kept, role).toBe(role !== 'lambda');
  }
  expect(model.manifest.metrics?.[0]).toMatchObject({
    name: 'balanced accuracy, complete, lambda',
    images: 8,
  });
  expect((await bench.store.find('complete')).sha256).toBe(model.sha256);
});

it('stops early when nothing gets better, and keeps the best round', async () => {
  // So small a rate changes no answer: the first round stays the best.
  const config = { rounds: 9, patience: 2, learningRate: 1e-12 };
  const { events } = await run(smallRequest(bench, 'early', config));
  expect(events.filter(({ kind }) => kind === 'round').length).toBeLessThan(9);
  expect(events).toContainEqual(expect.objectContaining({ kind: 'stopped-early', patience: 2 }));
});

it('a diverged loss stops the run, names the step and keeps the last good state', async () => {
  const request = smallRequest(bench, 'diverged', { learningRate: 0.1 });
  const good = new AbortController();
  const first = prefinetune(bench.store, request, {
    signal: good.signal,
    onEvent: (event) => {
      if (event.kind === 'round' && event.figures.round === 1) good.abort();
    },
  });
  await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
  const checkpoint = readFileSync(join(request.run, 'checkpoint.bin'));
  const wild = { ...request, resume: true, config: { ...request.config, learningRate: 1e38 } };
  await expect(run(wild)).rejects.toMatchObject({
    code: 'TRAINING_DIVERGED',
    message: expect.stringMatching(
      /at step \d+ \(round 2, iteration \d\); the state after round 1 was kept/,
    ) as string,
  });
  expect(readFileSync(join(request.run, 'checkpoint.bin')).equals(checkpoint)).toBe(true);
  expect(existsSync(join(bench.folders.imported, 'diverged'))).toBe(false);
  const { model } = await run({ ...request, resume: true });
  expect(model.manifest.id).toBe('diverged');
});

it('a run that is stopped while orbits are computed keeps them', async () => {
  const request = smallRequest(
    bench,
    'caching',
    { rounds: 1 },
    { cache: join(bench.root, 'caching.orbits') },
  );
  const stop = new AbortController();
  const first = prefinetune(bench.store, request, {
    signal: stop.signal,
    onEvent: (event) => {
      if (event.kind === 'cache' && event.done === 5) stop.abort();
    },
  });
  await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
  const { events } = await run({ ...request, resume: true });
  expect(events.find(({ kind }) => kind === 'cache')).toMatchObject({ done: 1, total: 24 - 5 });
  const { events: again } = await run({ ...request, out: 'caching-2', run: `${request.run}-2` });
  expect(again.some(({ kind }) => kind === 'cache')).toBe(false);
});

it('images that cannot be decoded are listed, and the others are learned from', async () => {
  const bad = join(bench.images, 'NV', 'torn.png');
  writeFileSync(bad, readFileSync(join(bench.images, 'NV', 'NV-0.png')).subarray(0, 900));
  try {
    const { events, model } = await run(smallRequest(bench, 'torn', { rounds: 1 }));
    expect(events.filter(({ kind }) => kind === 'skipped')).toMatchObject([
      { images: [{ id: 'NV/torn.png', error: { code: 'IMAGE_TRUNCATED' } }] },
    ]);
    expect(networkOf(model, 'MODEL_CARD.md').toString()).toContain('NV/torn.png: IMAGE_TRUNCATED');
  } finally {
    rmSync(bad);
  }
});

it('images that turn out to validate too are told of, and unreadable ones before a class fails for them', async () => {
  const other = join(bench.root, 'other');
  await drawImages(other, 3, smallClasses, 4);
  const { data } = smallRequest(bench, 'x');
  const validation = { images: other, labels: null, lesions: null };
  const request = smallRequest(bench, 'told', { rounds: 1 }, { data: { ...data, validation } });
  // Two of each class are of both folders.
  const { events } = await run(request);
  expect(events.find(({ kind }) => kind === 'left-out')).toMatchObject({
    problems: [{ code: 'IMAGE_ON_BOTH_SIDES', excluded: true }],
  });
  for (const name of readdirSync(join(other, 'NV'))) {
    writeFileSync(join(other, 'NV', name), readFileSync(join(other, 'NV', name)).subarray(0, 900));
  }
  const torn: TrainingEvent[] = [];
  const failing = prefinetune(
    bench.store,
    smallRequest(bench, 'torn-class', { rounds: 1 }, { data: { ...data, training: validation } }),
    { onEvent: (event) => torn.push(event) },
  );
  await expect(failing).rejects.toMatchObject({ code: 'CLASS_WITHOUT_TRAINING_IMAGES' });
  const skipped = torn.flatMap((event) => (event.kind === 'skipped' ? event.images : []));
  expect(skipped.map(({ id }) => id).sort()).toEqual(['NV/NV-4.png', 'NV/NV-5.png', 'NV/NV-6.png']);
});

describe('runs', () => {
  it('are refused where one lies already, or where another one does', async () => {
    const request = smallRequest(bench, 'second', { rounds: 1 });
    const stop = new AbortController();
    const onEvent = ({ kind }: TrainingEvent) => {
      if (kind === 'round') stop.abort();
    };
    const first = prefinetune(bench.store, request, { signal: stop.signal, onEvent });
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(run(request)).rejects.toMatchObject({ code: 'RUN_EXISTS' });
    const other = { ...request, resume: true, config: { ...request.config, seed: 5, batch: 8 } };
    await expect(run(other)).rejects.toMatchObject({
      code: 'RUN_MISMATCH',
      message: expect.stringMatching(/batch was 4, now 8; seed was 1, now 5/) as string,
    });
    const path = join(request.run, 'checkpoint.bin');
    const bytes = readFileSync(path);
    const resumed = { ...request, resume: true };
    writeFileSync(
      path,
      Buffer.concat([Buffer.from('dermorbit training checkpoint 2\n'), bytes.subarray(32)]),
    );
    await expect(run(resumed)).rejects.toMatchObject({ code: 'TRAINING_CHECKPOINT_VERSION' });
    const changed = Buffer.from(bytes);
    changed[bytes.length - 5]! ^= 1;
    for (const damaged of [changed, bytes.subarray(0, bytes.length / 2), Buffer.from('x')]) {
      writeFileSync(path, damaged);
      await expect(run(resumed)).rejects.toMatchObject({ code: 'TRAINING_CHECKPOINT_DAMAGED' });
    }
    writeFileSync(path, bytes);
    await expect(run(resumed)).resolves.toBeDefined();
  });

  it('need a free id before anything is computed', async () => {
    const cache = join(bench.root, 'never.orbits');
    await expect(run({ ...smallRequest(bench, 'small'), cache })).rejects.toMatchObject({
      code: 'MODEL_EXISTS',
    });
    expect(existsSync(cache)).toBe(false);
    rmSync(cache, { force: true });
  });

  it.each([
    ['what no paper defines', { method: 'attention', level: 'embedding' }],
    ['a scorer of maps where none is combined', { method: 'canonical', level: 'embedding' }],
    ['a network that has nothing to weigh', { method: 'lambda', group: 'c1' }],
  ] as const)('refuse %s', async (_what, config) => {
    const request = smallRequest(bench, 'undefined', config);
    await expect(run(request)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});
