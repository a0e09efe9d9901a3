// How every run begins, whatever it trains: its name is free, what it is asked for is noted, its images are opened and
// hashed, and its folder is opened for exactly these images and settings.
import type { Recipe, TrainTask } from '../../contract/jobs.ts';
import type { Problem } from '../../contract/problem.ts';
import type { SkippedImage } from '../../contract/training-events.ts';
import type { TrainingConfig } from '../../contract/training.ts';
import type { ModelPackage } from '../../engine/store/package.ts';
import type { ModelStore } from '../../engine/store/store.ts';
import { version } from '../../engine/version.ts';
import type { TrainingCheckpoint } from '../checkpoint.ts';
import { announce, announceLeftOut, describeSide, hashOf } from '../data/describe.ts';
import {
  hashData,
  openTrainingData,
  type HashedData,
  type HashedItem,
  type OpenedData,
} from '../data/training-data.ts';
import type { DataHashes, RunRequest, TrainOptions } from '../request.ts';
import { RunFolder } from './run-folder.ts';

/**
 * Notes what is asked for and divides the images, before hours of work and not after.
 * @throws DermOrbitError MODEL_ID_INVALID, MODEL_EXISTS, RUN_EXISTS, and of data sets
 */
export async function beginRun(
  store: ModelStore,
  request: RunRequest,
  recipe: Recipe,
  classes: readonly string[],
  { signal, onEvent }: TrainOptions,
): Promise<{ task: TrainTask; data: OpenedData }> {
  await store.reserve(request.out);
  const { data: choice, provider, out } = request;
  const task = { recipe, data: choice, provider, out };
  await RunFolder.announce(request.run, request.resume, task);
  const data = await openTrainingData(choice, classes, recipe.config.seed, signal);
  announce(data, onEvent);
  return { task, data };
}

/** Reads every image once, for its hash; what is found out by it is told. */
export async function hashRun(data: OpenedData, { signal, onEvent }: TrainOptions): Promise<HashedData> {
  const hashed = await hashData(data, signal, (done, total) => {
    if (done % 50 === 0 || done === total) onEvent?.({ kind: 'reading', done, total });
  });
  announceLeftOut(hashed.problems, onEvent);
  return hashed;
}

/** What a run uses, once every image was read. */
export interface RunContent {
  readonly task: TrainTask;
  /** With the length of a round decided. */
  readonly config: TrainingConfig;
  /** The model that it starts from. */
  readonly base: ModelPackage | null;
  readonly classes: readonly string[];
  readonly lesionsKnown: boolean;
  readonly problems: readonly Problem[];
  readonly skipped: readonly SkippedImage[];
  readonly training: readonly HashedItem[];
  readonly validation: readonly HashedItem[];
}

export interface OpenedFolder {
  readonly folder: RunFolder;
  /** To go on from; null: from the start. */
  readonly checkpoint: TrainingCheckpoint | null;
  readonly hashes: DataHashes;
  /** Of the images, as checkpoints keep it. */
  readonly identity: string;
}

/** @throws DermOrbitError as {@link RunFolder.open} */
export async function openFolder(
  { run, resume }: RunRequest,
  { task, config, base, classes, lesionsKnown, problems, skipped, training, validation }: RunContent,
): Promise<OpenedFolder> {
  const hashes = { training: hashOf(training), validation: hashOf(validation) };
  const data = { trainingImages: hashes.training, validationImages: hashes.validation };
  const { folder, checkpoint } = await RunFolder.open(run, resume, {
    kind: task.recipe.kind,
    config,
    model: base && { id: base.manifest.id, sha256: base.sha256 },
    data,
    versions: { dermorbit: version },
  });
  await folder.writeRequest(task);
  await folder.writeData({
    lesionsKnown,
    problems,
    skipped,
    training: describeSide(training, classes, hashes.training),
    validation: describeSide(validation, classes, hashes.validation),
  });
  return { folder, checkpoint, hashes, identity: JSON.stringify(data) };
}
