// A training run of an image tower from folder to installed model: data, pictures, run folder, stages, finish. Finetuning
// and training from scratch call it with what they start from.
import type { TowerTask } from './task.ts';
import { asDermOrbitError } from '../../contract/errors.ts';
import { dataFolder } from '../../engine/folders.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import type { ModelStore } from '../../engine/store/store.ts';
import { cachesFolder } from '../cache/caches.ts';
import { requireClasses, type HashedData, type HashedItem } from '../data/training-data.ts';
import { requireValidation } from '../data/describe.ts';
import { groups } from '../../groups/groups.ts';
import { randomFor, shuffled } from '../random.ts';
import type { RunRequest, TrainOptions } from '../request.ts';
import { beginRun, hashRun, openFolder } from '../run/begin.ts';
import { finishTower } from './finish-tower.ts';
import { openSquares, pictureParts, trainingSide } from './squares.ts';
import type { StartingPoint } from './starting-point.ts';
import { trainTower, type TowerSets } from './train-tower.ts';

/**
 * @throws DermOrbitError with the codes of data sets, images, models, caches and training; CANCELLED. What was cached and
 *   checkpointed stays, so that `resume` goes on with it.
 */
export async function runTower(
  store: ModelStore,
  request: RunRequest,
  task: TowerTask,
  { signal, onEvent }: TrainOptions = {},
): Promise<ModelPackage> {
  const { recipe, base } = task;
  const { config } = recipe;
  const { classes } = task.plan;
  const { task: asked, data } = await beginRun(store, request, recipe, classes, { signal, onEvent });
  try {
    const hashed = await hashRun(data, { signal, onEvent });
    const readable = await readableImages(request, task, hashed, { signal, onEvent });
    const { training, validation, skipped } = readable;
    requireClasses(training, classes, request.data.allowMissingClasses);
    requireValidation(validation);
    const iterations = config.iterations ?? Math.max(1, Math.floor(training.length / config.batch));
    const start = await startOf(request, task, training, { signal, onEvent });
    const plan = { ...task.plan, start, config: { ...config, iterations } };
    const problems = [...data.problems, ...hashed.problems];
    const { lesionsKnown } = data;
    const { folder, checkpoint, hashes, identity } = await openFolder(request, {
      ...{ task: asked, config: plan.config, base, classes, lesionsKnown, problems, skipped },
      ...{ training, validation },
    });
    const sets: TowerSets = {
      training,
      validation,
      pictures: (size) => openPictures(request, size, readable, { signal, onEvent }),
    };
    const last = await trainTower(plan, sets, {
      identity,
      checkpoint,
      save: (one) => folder.save(one),
      signal,
      onEvent,
    });
    return await finishTower(
      store,
      { request, task, plan, last, folder, hashes, training, validation, problems, skipped, data },
      { signal, onEvent },
    );
  } catch (error) {
    throw asDermOrbitError(error);
  }
}

/** Images that batch norm is calibrated on, and how many at once. */
const calibration = { images: 256, batch: 32 } as const;

/** Live batch norm needs statistics, which a package does not hold. */
async function startOf(
  request: RunRequest,
  { base, recipe: { config }, plan }: TowerTask,
  training: readonly HashedItem[],
  options: TrainOptions,
): Promise<StartingPoint> {
  const { start, batchNorm, input, provider } = plan;
  if (!base || batchNorm === 'frozen') return start;
  const { size } = start.network;
  const random = randomFor(config.seed, 'calibration');
  const chosen = shuffled(random, [...training.keys()]).slice(0, calibration.images);
  const pictures = await openPictures(request, size, { training, validation: [] }, options);
  try {
    const parts = pictureParts(
      {
        cache: pictures.training,
        images: training,
        augmentation: config.augmentation,
        rule: { ...input, size, group: groups.c1 },
        part: calibration.batch,
        dropout: 0,
      },
      chosen,
      random,
    );
    return { ...start, network: await start.network.calibrated(parts, provider) };
  } finally {
    await pictures.close();
  }
}

const cacheFolder = ({ cache }: RunRequest) => cache ?? cachesFolder(dataFolder());

/** Decodes every image once, at the final size, so that what cannot be used is known before the first step. */
async function readableImages(
  request: RunRequest,
  task: TowerTask,
  hashed: HashedData,
  options: TrainOptions,
): Promise<Pick<HashedData, 'training' | 'validation' | 'skipped'>> {
  const pictures = await openPictures(request, task.plan.start.network.size, hashed, options);
  // By their bytes: an image of one side may have the name of one of the other.
  const training = hashed.training.filter(({ sha256 }) => pictures.training.has(sha256));
  const validation = hashed.validation.filter(({ sha256 }) => pictures.validation.has(sha256));
  await pictures.close();
  const skipped = [...hashed.skipped, ...pictures.skipped];
  if (skipped.length > 0) options.onEvent?.({ kind: 'skipped', images: skipped });
  return { training, validation, skipped };
}

/** The pictures for one input size: training ones larger, to be cropped; validation ones as inference sees them. */
async function openPictures(
  request: RunRequest,
  size: number,
  { training, validation }: Pick<HashedData, 'training' | 'validation'>,
  { signal, onEvent }: TrainOptions,
) {
  const folder = cacheFolder(request);
  const fill = (side: number, items: readonly HashedItem[]) =>
    openSquares(folder, side, items, {
      signal,
      onImage: (done, total) => {
        onEvent?.({ kind: 'cache', done, total, bytes: total * 3 * side * side, path: folder });
      },
    });
  const validating = await fill(size, validation);
  try {
    const learning = await fill(trainingSide(size), training);
    return {
      training: learning.cache,
      validation: validating.cache,
      skipped: [...learning.skipped, ...validating.skipped],
      close: async () => {
        await learning.cache.close();
        await validating.cache.close();
      },
    };
  } catch (error) {
    await validating.cache.close();
    throw error;
  }
}
