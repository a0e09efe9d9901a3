// Measures pre-finetuning of one model for bench/train.ts; started as a process of its own, so that its peak memory is
// that of a training run.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../../base/median.ts';
import { defaultModelFolders } from '../../engine/folders.ts';
import { knownImage, loadModel } from '../../engine/model.ts';
import { openSession } from '../../engine/runtime.ts';
import { ModelStore } from '../../engine/store/store.ts';
import { orbitOf } from '../../groups/action.ts';
import { groups } from '../../groups/groups.ts';
import { encodeModel } from '../../onnx/codec.ts';
import { bindDimensions } from '../../onnx/shapes.ts';
import { batchDims, readBatch } from '../../training/cache/batches.ts';
import { fillCache } from '../../training/cache/fill.ts';
import { cacheKeyOf, orbitFilling } from '../../training/cache/orbits.ts';
import { RecordCache } from '../../training/cache/record-cache.ts';
import { hashData } from '../../training/data/training-data.ts';
import { frozenParts, packagedNet } from '../../training/frozen.ts';
import { activationBytes, partSize } from '../../training/graphs/accumulate.ts';
import { forwardGraph } from '../../training/graphs/forward.ts';
import { parameterNames } from '../../training/graphs/weight-nets.ts';
import { Stepper } from '../../training/step.ts';

export interface TrainTask {
  readonly model: string;
  readonly images: readonly string[];
  readonly runs: number;
}

export interface TrainFigures {
  readonly model: string;
  readonly batch: number;
  /** Images of one run of the training graph. */
  readonly part: number;
  /** Milliseconds of a batch, medians. */
  readonly step: number;
  readonly forward: number;
  /** Median of the ratios step / forward of neighbouring runs. */
  readonly ratio: number;
  /** Milliseconds to read a batch from the cache. */
  readonly read: number;
  /** Images per second learned from: reading and stepping. */
  readonly imagesPerSecond: number;
  /** Images per second into the cache, and its share of the raw tower's. */
  readonly cachedPerSecond: number;
  readonly cacheShare: number;
  readonly peakMegabytes: number;
}

const batch = 32;
const group = groups.c4;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function measure({ model: id, images, runs }: TrainTask, work: string): Promise<TrainFigures> {
  const opened = await new ModelStore(defaultModelFolders()).find(id);
  const model = await loadModel(opened, 'cpu');
  const { manifest } = opened;
  const classes = manifest.classes.length;
  const items = images.map((path, index) => ({
    id: String(index),
    image: { kind: 'file', path } as const,
    label: index % classes,
    lesion: null,
  }));
  const { training } = await hashData({ training: items.slice(1), validation: items.slice(0, 1) });
  const key = cacheKeyOf(model, 'c4', 'feature');
  const size = manifest.input.size;
  const orbit = orbitOf(group, knownImage(size), size);
  const raw = async () => {
    for (let image = 0; image < training.length / 2; image++) await model.views(orbit);
  };
  await model.views(orbit);

  // Building, each time between two halves of raw runs.
  const shares: number[] = [];
  const speeds: number[] = [];
  let path = '';
  for (let run = 0; run < Math.min(3, runs); run++) {
    path = join(work, `${run}.orbits`);
    const cache = await RecordCache.open(path, key);
    const before = await timed(raw);
    const building = await timed(() => fillCache(cache, training, orbitFilling(key, model)));
    const after = await timed(raw);
    await cache.close();
    speeds.push((training.length / building) * 1000);
    shares.push((before + after) / building);
  }
  const parts = await frozenParts(opened, model);
  const network = await packagedNet(opened, 'lambda');
  await model.release();

  const forward = forwardGraph({
    ...{ parts, group, net: { name: 'lambda', model: network! } },
    ...{ inverse: 'on', head: 'orbit', dropout: false },
  });
  const part = partSize(batch, activationBytes(manifest, group.order, 'lambda'));
  const config = { loss: 'updated', optimizer: 'sgd', momentum: 0.9, nesterov: false } as const;
  const stepper = await Stepper.open({
    forward,
    parameters: parameterNames('lambda', manifest),
    config: { ...config, weightDecay: 0, clip: null, batch },
    part,
    provider: 'cpu',
  });
  const plain = await openSession(encodeModel(bindDimensions(forward, { batch: part })), 'cpu');
  const cache = await RecordCache.open(path, key);
  const chosen = Array.from({ length: part }, (_, index) => ({
    sha256: training[index % training.length]!.sha256,
    turn: index % group.order,
  }));
  const rows = part * group.order;
  const read = async () => ({
    orbit: { data: await readBatch(cache, chosen), dims: batchDims(cache, rows) },
  });
  const ready = await read();
  const labels = chosen.map((_, index) => index % classes);
  const count = batch / part;
  const times = { step: [] as number[], forward: [] as number[], read: [] as number[] };
  for (let run = 0; run <= runs; run++) {
    const once = {
      forward: (await timed(() => plain.run(ready))) * count,
      step: await timed(() =>
        stepper.step(
          Array.from({ length: count }, () => () => Promise.resolve({ feeds: ready, labels })),
          1e-3,
        ),
      ),
      read: (await timed(read)) * count,
    };
    // The first run warms up and does not count.
    if (run === 0) continue;
    for (const name of ['step', 'forward', 'read'] as const) times[name].push(once[name]);
  }
  await cache.close();
  await plain.release();
  await stepper.release();
  const [step, reading] = [median(times.step), median(times.read)];
  return {
    model: manifest.id,
    batch,
    part,
    step,
    forward: median(times.forward),
    ratio: median(times.step.map((value, run) => value / times.forward[run]!)),
    read: reading,
    imagesPerSecond: (batch / (step + reading)) * 1000,
    cachedPerSecond: median(speeds),
    cacheShare: median(shares),
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
}

const work = await mkdtemp(join(tmpdir(), 'dermorbit-bench-train-'));
try {
  const figures = await measure(JSON.parse(process.argv[2] ?? '') as TrainTask, work);
  process.send?.(figures, () => {
    process.disconnect();
  });
} finally {
  await rm(work, { recursive: true, force: true });
}
