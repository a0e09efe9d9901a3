// What a training run is told, and the figures it keeps, as plain data (what it says meanwhile: training-events.ts).
// Definitions of the terms: docs/METHODS.md, "Training". Depends on the other files of the contract.
import { z } from 'zod';
import { schemaOf } from './controls.ts';
import { fieldsOf, type ConfigOf } from './training-config.ts';
import type { TrainKind } from './training-fields.ts';

/** The schema of a kind's configuration: every field of its rows decided, and nothing else. */
function configSchemaOf<Kind extends TrainKind>(kind: Kind): z.ZodType<ConfigOf<Kind>, ConfigOf<Kind>> {
  const shape: Record<string, z.ZodType> = {};
  const nested: Record<string, Record<string, z.ZodType>> = {};
  for (const { path, control, before } of fieldsOf(kind)) {
    const [name = '', inner] = path.split('.');
    const schema = before === undefined ? schemaOf(control) : schemaOf(control).default(before);
    if (inner === undefined) shape[name] = schema;
    else (nested[name] ??= {})[inner] = schema;
  }
  for (const [name, parts] of Object.entries(nested)) shape[name] = z.strictObject(parts);
  // The type comes from the same rows, which the type checker cannot follow through the loop; a test compares.
  return z.strictObject(shape) as unknown as z.ZodType<ConfigOf<Kind>, ConfigOf<Kind>>;
}

/** Everything that a training of a kind depends on, beside the model and the data. */
export const configSchemas: { readonly [Kind in TrainKind]: z.ZodType<ConfigOf<Kind>, ConfigOf<Kind>> } = {
  prefinetune: configSchemaOf('prefinetune'),
  finetune: configSchemaOf('finetune'),
  scratch: configSchemaOf('scratch'),
};
export type PrefinetuneConfig = ConfigOf<'prefinetune'>;
export type FinetuneConfig = ConfigOf<'finetune'>;
export type ScratchConfig = ConfigOf<'scratch'>;

/** A configuration of any kind. */
export type TrainingConfig = PrefinetuneConfig | FinetuneConfig | ScratchConfig;

/** What all kinds of training have in common, with the length of a round decided. */
export type RoundsConfig = Pick<
  PrefinetuneConfig,
  keyof PrefinetuneConfig & keyof FinetuneConfig & keyof ScratchConfig
>;

/** Random changes of a training image. */
export type Augmentation = ScratchConfig['augmentation'];

/** How the weights of the orientations are distributed over the validation images. */
export const weightHistogramSchema = z.strictObject({
  /**
   * [bins + 1] rising edges, fitted to the weights: multiples of their distance, a power of two, so that histograms of
   * several rounds can be counted into the same bins exactly.
   */
  edges: z.array(z.number()).min(2),
  /** [n, bins] number of images. */
  counts: z.array(z.array(z.int().min(0))),
  /** [n] sample standard deviations; null of fewer than two images. */
  deviations: z.array(z.number().nullable()),
});
export type WeightHistogram = z.infer<typeof weightHistogramSchema>;

/** Figures of one round; round 0 is the state before the first step. */
export const roundFiguresSchema = z.strictObject({
  round: z.int().min(0),
  /** Steps done since the start of the run. */
  steps: z.int().min(0),
  learningRate: z.number().nullable(),
  /** Means over the steps of the round. */
  loss: z.number().nullable(),
  gradientNorm: z.number().nullable(),
  /** Mean cross entropy of the answers on the validation images. */
  validationLoss: z.number(),
  balancedAccuracy: z.number(),
  top1: z.number(),
  /** Mean weight of each orientation over the validation images. */
  meanWeights: z.array(z.number()),
  /** Null where nothing is weighted, and of rounds of earlier versions. */
  weightHistogram: weightHistogramSchema.nullable().default(null),
  seconds: z.number(),
});
export type RoundFigures = z.infer<typeof roundFiguresSchema>;

/** One line of the comparison with the starting model, on the same validation images. */
export const resultRowSchema = z.strictObject({
  /** Model and method. */
  name: z.string(),
  /** Null where undefined. */
  balancedAccuracy: z.number().nullable(),
  /** 95 %, by bootstrap over lesions; null where not measured. */
  interval: z.tuple([z.number(), z.number()]).nullable(),
  top1: z.number().nullable(),
  recalls: z.array(z.number().nullable()),
  /** Share of images whose answer some element of the group changes; null where not measured. */
  flipRate: z.number().nullable(),
});
export type ResultRow = z.infer<typeof resultRowSchema>;

/** How a run ended: what is left of it when its checkpoint is no longer needed. */
export const runResultSchema = z.strictObject({
  /** Id of the model that was installed. */
  model: z.string(),
  /** ISO 8601. */
  finished: z.string(),
  results: z.array(resultRowSchema),
});
export type RunResult = z.infer<typeof runResultSchema>;
