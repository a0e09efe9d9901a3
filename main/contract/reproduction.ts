// Reproducing the papers' tables: which rows there are, what was published, what was measured, as plain data. Depends on the
// other files of the contract.
import { z } from 'zod';
import type { ErrorRecord } from './error-record.ts';
import { intervalSchema } from './figures.ts';
import type { Problem } from './problem.ts';
import { turnCheckSchema } from './evaluation.ts';
import type { GroupName } from '../groups/groups.ts';
import { groupNameSchema, settingsSchema, type Provider } from './settings.ts';
import type { TrainingEvent } from './training-events.ts';
import type { FinetuneConfig, PrefinetuneConfig } from './training.ts';

export const reproducedSetSchema = z.enum(['isic', 'cifar100']);
export type ReproducedSet = z.infer<typeof reproducedSetSchema>;

/** The papers' rows; what each means stands in main/training/reproduce/recipes.ts. */
export const recipeNameSchema = z.enum(['original', 'updated', 'lambda', 'attention']);
export type RecipeName = z.infer<typeof recipeNameSchema>;

/** The two numbers of a row: after pre-finetuning, and after finetuning what came of it. */
export const stageSchema = z.enum(['pre', 'fine']);
export type Stage = z.infer<typeof stageSchema>;

/** A row by group and recipe, e.g. `c4-original`. */
export interface RowName {
  readonly group: GroupName;
  readonly recipe: RecipeName;
}
export const rowId = ({ group, recipe }: RowName) => `${group}-${recipe}`;

const share = z.number().nullable();

/** One way of predicting, measured on images that are each turned by one random element of the group. */
export const measurementSchema = z.object({
  settings: settingsSchema,
  top1: intervalSchema,
  balancedAccuracy: intervalSchema,
  /** Share of images whose answer that turn changes. */
  flipRate: intervalSchema,
  /** Largest flip rate that no flip at all leaves plausible; null where there are flips. */
  boundWithoutFlips: share,
  turnCheck: turnCheckSchema.nullable(),
});
export type Measurement = z.infer<typeof measurementSchema>;

/** What was measured with one model; kept in the work folder, so that nothing is measured twice. */
export const measuredModelSchema = z.object({
  model: z.string(),
  sha256: z.string(),
  images: z.int(),
  lesions: z.int(),
  classes: z.array(z.string()),
  imagesPerClass: z.array(z.int()),
  /** Of ids, labels, lesions and file hashes of the images. */
  dataSha256: z.string(),
  groups: z.array(groupNameSchema),
  rows: z.array(measurementSchema),
});
export type MeasuredModel = z.infer<typeof measuredModelSchema>;

/** One of the two numbers of a row. */
export interface ReproducedStage {
  readonly stage: Stage;
  /** Top-1 as a share; null: not published. */
  readonly published: number | null;
  /** Null: not asked for. */
  readonly measured: Measurement | null;
  /** Why there is no measurement although it was asked for. */
  readonly failure: string | null;
  readonly model: string;
  readonly sha256: string | null;
  readonly config: PrefinetuneConfig | FinetuneConfig;
  /** Training and measuring, over all starts; null: not known. */
  readonly seconds: number | null;
}

export interface ReproducedRow extends RowName {
  readonly id: string;
  readonly title: string;
  readonly stages: readonly ReproducedStage[];
}

/** A finished reproduction: settings, hashes, versions and results, enough to repeat it. */
export interface Reproduction {
  readonly schema: 1;
  readonly dermorbit: string;
  readonly versions: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly made: string;
  readonly dataset: ReproducedSet;
  readonly title: string;
  /** Where the published numbers stand. */
  readonly source: string;
  readonly model: {
    readonly id: string;
    readonly name: string;
    readonly architecture: string;
    readonly sha256: string;
    readonly checkpointSha256: string | null;
  };
  readonly data: {
    readonly training: string;
    readonly validation: string;
    readonly limit: number | null;
    readonly images: number;
    readonly lesions: number;
    readonly classes: readonly string[];
    readonly imagesPerClass: readonly number[];
    readonly sha256: string;
  };
  readonly provider: Provider;
  readonly seed: number;
  /** Share of the papers' number of steps; 1: all of them. */
  readonly scale: number;
  readonly onlyPrefinetune: boolean;
  /** The model as it came, before any training. */
  readonly zeroShot: readonly Measurement[];
  readonly rows: readonly ReproducedRow[];
  /** What a person must know to read the table. */
  readonly notes: readonly string[];
  /** In what this differs from what was published; those of this run first. */
  readonly differences: readonly string[];
}

/** What will be done, and how long it will probably take. */
export interface ReproductionOutlook {
  readonly steps: readonly { readonly id: string; readonly title: string; readonly done: boolean }[];
  readonly images: { readonly training: number; readonly validation: number };
  /** Of all that is left. */
  readonly seconds: number;
  /** Bytes of the caches when all is done. */
  readonly cacheBytes: number;
  /** Seconds that the image tower took for one view, as timed. */
  readonly secondsPerView: number;
  readonly provider: Provider;
  readonly differences: readonly string[];
  readonly problems: readonly Problem[];
}

export type ReproductionEvent =
  | { readonly kind: 'outlook'; readonly outlook: ReproductionOutlook }
  | {
      readonly kind: 'step';
      readonly id: string;
      readonly title: string;
      readonly number: number;
      readonly of: number;
      /** Of this step and all behind it. */
      readonly secondsLeft: number;
      /** Null where nothing is trained. */
      readonly config: PrefinetuneConfig | FinetuneConfig | null;
    }
  | { readonly kind: 'training'; readonly event: TrainingEvent }
  | {
      readonly kind: 'measuring';
      readonly model: string;
      readonly done: number;
      readonly total: number;
    }
  | { readonly kind: 'measured'; readonly model: string; readonly rows: readonly Measurement[] }
  /** A row that cannot be had; the others go on. */
  | { readonly kind: 'failed'; readonly id: string; readonly error: ErrorRecord };
