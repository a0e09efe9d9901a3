// The recipe of the bundled model: from the training images of ISIC 2018 Task 3 to models/dermorbit-base, in resumable
// pieces. An image tower is finetuned from a pretrained network (--start NAME, or a file), or trained from scratch and then
// finetuned through the orbits of the images (--start scratch, which made the model in the repository); then come its lambda
// net and its attention nets. One lesion-grouped part of the training images chooses
// every best round; the validation images are read once, at the very end. docs/TRAINING.md, "The bundled model".
// usage: npm run train:base -- [--start scratch|objectron|nsfwjs|nsfwjs-mid|FILE.json] [--data DIR] [--work DIR] [--out DIR] [--hours 2] [--provider auto] [--rounds N]
import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isicClasses } from '../main/contract/settings.ts';
import type { TrainingEvent } from '../main/contract/training-events.ts';
import type { PrefinetuneConfig, ScratchConfig, TrainingConfig } from '../main/contract/training.ts';
import { showTraining } from '../main/cli/show-training.ts';
import { dataFolder, installationFolder } from '../main/engine/folders.ts';
import { parseProvider } from '../main/engine/providers.ts';
import type { ModelPackage } from '../main/engine/store/package.ts';
import { ModelStore } from '../main/engine/store/store.ts';
import type { DataChoice } from '../main/training/data/training-data.ts';
import { finetune } from '../main/training/finetune.ts';
import { prefinetune } from '../main/training/prefinetune.ts';
import type { TrainOptions } from '../main/training/request.ts';
import { installTrained } from '../main/training/run/install.ts';
import { trainFromScratch } from '../main/training/scratch.ts';
import { baseCard, measureBase, metricsOf } from './base/card.ts';
import { inputSize, network, pretrainedTower, scratchOrbit, scratchTower } from './base/recipe.ts';
import { startPackage } from './base/start-package.ts';
import { startNamed } from './base/starts.ts';

const root = installationFolder();
const { values: options } = parseArgs({
  options: {
    start: { type: 'string', default: 'scratch' },
    data: { type: 'string', default: join(root, '..', 'shared', 'isic2018') },
    work: { type: 'string', default: join(dataFolder(), 'train-base') },
    out: { type: 'string', default: join(root, 'models', 'dermorbit-base') },
    hours: { type: 'string', default: '2' },
    rounds: { type: 'string' },
    provider: { type: 'string', default: 'auto' },
  },
});
const data = resolve(options.data);
const work = resolve(options.work);
const out = resolve(options.out);
const provider = parseProvider(options.provider);

const csv = (name: string) => join(data, `ISIC2018_Task3_${name}.csv`);
const training: DataChoice = {
  training: {
    images: join(data, 'ISIC2018_Task3_Training_Input'),
    labels: csv('Training_GroundTruth'),
    lesions: csv('Training_LesionGroupings'),
  },
  // A part of the training images, by lesions, chooses the best round; the validation images choose nothing.
  validation: null,
  validationShare: 0.08,
  limit: null,
  allowMissingClasses: false,
};
const validation = {
  images: join(data, 'ISIC2018_Task3_Validation_Input'),
  labels: csv('Validation_GroundTruth'),
  lesions: csv('Validation_LesionGroupings'),
};

/** One piece of the work, under the name that its model has in the working folder. */
interface Piece {
  readonly id: string;
  readonly config: TrainingConfig;
  readonly run: (store: ModelStore, run: Common, options: TrainOptions) => Promise<ModelPackage>;
}

interface Common {
  readonly provider: typeof provider;
  readonly data: DataChoice;
  readonly out: string;
  readonly run: string;
  readonly resume: true;
}

const start = startNamed(options.start);
const tower = {
  ...(start ? pretrainedTower : scratchTower),
  ...(options.rounds === undefined ? {} : { rounds: Number(options.rounds) }),
};
const orbit = start ? null : scratchOrbit;
const last = orbit ? 'base-orbit' : 'base-tower';

const pieces: readonly Piece[] = [
  {
    id: 'base-tower',
    config: tower,
    run: async (store, common, follower) => {
      const cache = join(work, 'caches');
      if (!start || 'architecture' in tower) {
        const config = tower as ScratchConfig;
        return trainFromScratch(store, { ...common, classes: isicClasses, config, cache }, follower);
      }
      const pretrained = await start.read(inputSize);
      const model = await startPackage(store, 'base-start', pretrained, { size: inputSize, seed: 1 });
      return finetune(store, { ...common, model, classes: isicClasses, config: tower, cache }, follower);
    },
  },
  ...(orbit
    ? [
        {
          id: 'base-orbit',
          config: orbit,
          run: async (store: ModelStore, common: Common, follower: TrainOptions) => {
            const model = await store.find('base-tower');
            return finetune(
              store,
              { ...common, model, config: orbit, cache: join(work, 'caches') },
              follower,
            );
          },
        },
      ]
    : []),
  networkPiece('lambda', last, 'base-lambda'),
  networkPiece('attention', 'base-lambda', 'base-attention'),
];

function networkPiece(method: PrefinetuneConfig['method'], from: string, id: string): Piece {
  const config = network(method);
  return {
    id,
    config,
    run: async (store, common, follower) => {
      const model = await store.find(from);
      const cache = join(work, 'caches', 'orbits.cache');
      return prefinetune(store, { ...common, model, config, cache }, follower);
    },
  };
}

/** Stops between two rounds, when another one would not fit into the time. */
function timer(hours: number): {
  signal: AbortSignal;
  watch: (event: TrainingEvent) => void;
  due: () => boolean;
} {
  const controller = new AbortController();
  const end = performance.now() + hours * 3_600_000;
  process.on('SIGINT', () => {
    controller.abort();
  });
  return {
    signal: controller.signal,
    watch: (event) => {
      if (event.kind !== 'round') return;
      if (performance.now() + event.figures.seconds * 1000 > end) controller.abort();
    },
    due: () => controller.signal.aborted,
  };
}

/** The new package takes the old one's place in one step. */
async function replaceFolder(from: string, target: string): Promise<void> {
  const [fresh, old] = ['new', 'old'].map((name) =>
    join(dirname(target), `.tmp-${basename(target)}-${name}`),
  );
  await rm(fresh!, { recursive: true, force: true });
  await cp(from, fresh!, { recursive: true });
  await rm(old!, { recursive: true, force: true });
  if (existsSync(target)) await rename(target, old!);
  await rename(fresh!, target);
  await rm(old!, { recursive: true, force: true });
}

async function main(): Promise<void> {
  if (!existsSync(validation.images)) {
    throw new Error(`${data} does not hold the images of ISIC 2018 Task 3; name their folder with --data.`);
  }
  await mkdir(work, { recursive: true });
  const store = new ModelStore({ bundled: join(work, 'none'), imported: join(work, 'models') });
  const { signal, watch, due } = timer(Number(options.hours));
  for (const { id, config, run } of pieces) {
    if (existsSync(join(work, 'models', id))) continue;
    console.log(`\n${id}`);
    const display = showTraining(config, false);
    try {
      const common = {
        provider,
        data: training,
        out: id,
        run: join(work, 'runs', id),
        resume: true,
      } as const;
      await run(store, common, {
        signal,
        onEvent: (event) => {
          display.show(event);
          watch(event);
        },
      });
    } catch (error) {
      if (!due()) throw error;
      console.log('Time is up, or Ctrl-C. The same command goes on with the last finished round.');
      return;
    } finally {
      display.stop();
    }
  }
  const base = await store.find('base-attention');
  const measured = await measureBase(base, validation, provider, join(work, 'measured'), signal);
  const finished = new ModelStore({ bundled: join(work, 'none'), imported: join(work, 'finished') });
  const id = basename(out);
  await rm(join(work, 'finished', id), { recursive: true, force: true });
  const card = baseCard({
    tower,
    orbit,
    start: start?.provenance ?? null,
    networks: [network('lambda'), network('attention')],
    base,
    measured,
  });
  const made = await installTrained(finished, {
    id,
    base,
    name: 'DermOrbit base',
    description: `${start ? `A ${base.manifest.architecture.name}, pretrained elsewhere (the card says where), that DermOrbit finetuned` : 'A CLIP-style ResNet that DermOrbit trained from scratch'} on ISIC 2018 Task 3, with class embeddings, a lambda net and attention nets for c4.`,
    license: 'CC BY-NC 4.0 (training images); non-commercial research use only',
    files: { card: new TextEncoder().encode(card) },
    metrics: metricsOf(measured),
  });
  await replaceFolder(made.folder, out);
  console.log(`\n${card}\nWritten: ${out}`);
}

await main();
