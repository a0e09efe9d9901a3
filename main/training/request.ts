// What a pre-finetuning is asked for, and what it knows once its data lie in the cache.
import type { Problem } from '../contract/problem.ts';
import type { Recipe, TrainTask } from '../contract/jobs.ts';
import type { ProviderChoice } from '../contract/settings.ts';
import type { SkippedImage } from '../contract/training-events.ts';
import type { PrefinetuneConfig } from '../contract/training.ts';
import type { LoadedModel } from '../engine/model.ts';
import type { ModelPackage } from '../engine/store/package.ts';
import type { CachedSet } from './cache/sets.ts';
import type { TrainedNet } from './graphs/weight-nets.ts';
import type { DataChoice, HashedItem, OpenedData } from './data/training-data.ts';

export interface PrefinetuneRequest {
  readonly model: ModelPackage;
  readonly provider: ProviderChoice;
  readonly config: PrefinetuneConfig;
  readonly data: DataChoice;
  /** Id of the finished model. */
  readonly out: string;
  /** Folder of the run. */
  readonly run: string;
  /** File of the orbit cache; null: the one of this model and group in the folder for application data. */
  readonly cache: string | null;
  readonly resume: boolean;
}

/** A request as its run folder keeps it. */
export function taskOf(
  recipe: Recipe,
  { data, provider, out }: Pick<PrefinetuneRequest, 'data' | 'provider' | 'out'>,
): TrainTask {
  return { recipe, data, provider, out };
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
