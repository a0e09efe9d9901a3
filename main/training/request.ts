// What a run is asked for, and what a pre-finetuning knows once its data lie in the cache.
import type { Problem } from '../contract/problem.ts';
import type { TrainTask } from '../contract/jobs.ts';
import type { ProviderChoice } from '../contract/settings.ts';
import type { SkippedImage, TrainingEvent } from '../contract/training-events.ts';
import type { PrefinetuneConfig } from '../contract/training.ts';
import type { LoadedModel } from '../engine/model.ts';
import type { ModelPackage } from '../engine/store/package.ts';
import type { CachedSet } from './cache/sets.ts';
import type { TrainedNet } from './graphs/weight-nets.ts';
import type { DataChoice, HashedItem, OpenedData } from './data/training-data.ts';

/** How a run is watched and stopped. */
export interface TrainOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TrainingEvent) => void) | undefined;
}

/** What every run is asked for, beside what it trains. */
export interface RunRequest {
  readonly provider: ProviderChoice;
  readonly data: DataChoice;
  /** Id of the finished model. */
  readonly out: string;
  /** Folder of the run. */
  readonly run: string;
  /** Orbit cache (a file) or pixel caches (a folder); null: those in the folder for application data. */
  readonly cache: string | null;
  readonly resume: boolean;
}

export interface PrefinetuneRequest extends RunRequest {
  readonly model: ModelPackage;
  readonly config: PrefinetuneConfig;
}

/** Cached images that are known by name, too. */
export interface NamedSet extends CachedSet {
  readonly images: readonly HashedItem[];
}

export interface Prepared {
  readonly training: NamedSet;
  readonly validation: NamedSet;
  readonly skipped: readonly SkippedImage[];
}

export interface TrainInput extends Prepared {
  readonly task: TrainTask;
  readonly data: OpenedData;
  readonly model: LoadedModel;
  readonly net: TrainedNet;
  readonly problems: readonly Problem[];
}

/** Hashes over the images of each side. */
export interface DataHashes {
  readonly training: string;
  readonly validation: string;
}
