// Measures a step that trains a whole image tower (forward, backward, update) for bench/train.ts; a process of its own, so
// that its peak memory is that of such a training.
import { median } from '../../base/median.ts';
import { towerGraph } from '../../training/tower/graph.ts';
import { partOf } from '../../training/tower/train-tower.ts';
import { packagedStart } from '../../training/tower/starting-point.ts';
import { drawView, renderView } from '../../training/tower/augment.ts';
import { trainingSide } from '../../training/tower/squares.ts';
import { randomFor } from '../../training/random.ts';
import { Stepper } from '../../training/step.ts';
import { scratchDefaults } from '../../contract/training-defaults.ts';
import { defaultModelFolders } from '../../engine/folders.ts';
import { knownImage, loadModel } from '../../engine/model.ts';
import { openSession } from '../../engine/runtime.ts';
import { ModelStore } from '../../engine/store/store.ts';
import { groups } from '../../groups/groups.ts';
import { encodeModel } from '../../onnx/codec.ts';
import { bindDimensions } from '../../onnx/shapes.ts';

export interface TowerTask {
  readonly model: string;
  /** Images of a step. */
  readonly batch: number;
  readonly runs: number;
}

export interface TowerFigures {
  readonly model: string;
  readonly batch: number;
  /** Images of one run of the training graph. */
  readonly part: number;
  /** Milliseconds of a batch, medians. */
  readonly step: number;
  readonly forward: number;
  /** Median of the ratios step / forward of neighbouring runs. */
  readonly ratio: number;
  /** Milliseconds to change the pictures of a batch at random. */
  readonly augment: number;
  readonly peakMegabytes: number;
}

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function measure({ model: id, batch, runs }: TowerTask): Promise<TowerFigures> {
  const opened = await new ModelStore(defaultModelFolders()).find(id);
  const model = await loadModel(opened, 'cpu');
  const start = await packagedStart(opened, model);
  await model.release();
  const { manifest } = opened;
  const { size, mean, std } = manifest.input;
  const rule = { group: groups.c1, net: null, inverse: 'off', head: 'plain' } as const;
  const forward = towerGraph({ start, rule, batchNorm: 'live', statistics: 'batch' });
  const part = partOf(forward, batch);
  const parameters = [...start.network.learned('live').parameters, 'class_embeddings'];
  const config = { ...scratchDefaults, batch };
  const stepper = await Stepper.open({
    forward,
    parameters,
    config,
    part,
    provider: 'cpu',
    averaging: 0.998,
  });
  const bound = bindDimensions(forward, { batch: part });
  const plain = await openSession(encodeModel(bound), 'cpu', { optimization: 'extended' });
  const length = 3 * size * size;
  const data = new Float32Array(part * length);
  const image = knownImage(size);
  for (let index = 0; index < part; index++)
    data.set(
      image.map((value) => value + 0.1 * index),
      index * length,
    );
  const views = { data, dims: [part, 3, size, size] };
  const labels = Array.from({ length: part }, (_, index) => index % manifest.classes.length);
  const side = trainingSide(size);
  const square = Uint8Array.from({ length: 3 * side * side }, (_, index) => (index * 7919) % 256);
  const random = randomFor(1, 'round');
  const target = { data: new Float32Array(length), at: 0, size, mean, std };
  const times = { step: [] as number[], forward: [] as number[], augment: [] as number[] };
  for (let run = 0; run <= runs; run++) {
    const parts = Array.from(
      { length: batch / part },
      () => () => Promise.resolve({ feeds: { views }, labels }),
    );
    const once = {
      forward: (await timed(() => plain.run({ views }))) * (batch / part),
      step: await timed(() => stepper.step(parts, 1e-4)),
      augment: await timed(() => {
        for (let index = 0; index < batch; index++) {
          renderView(square, side, drawView(random, config.augmentation), target);
        }
      }),
    };
    // The first run warms up and does not count.
    if (run === 0) continue;
    for (const name of ['step', 'forward', 'augment'] as const) times[name].push(once[name]);
  }
  await plain.release();
  await stepper.release();
  return {
    model: manifest.id,
    batch,
    part,
    step: median(times.step),
    forward: median(times.forward),
    ratio: median(times.step.map((value, run) => value / times.forward[run]!)),
    augment: median(times.augment),
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
}

const figures = await measure(JSON.parse(process.argv[2] ?? '') as TowerTask);
process.send?.(figures, () => {
  process.disconnect();
});
