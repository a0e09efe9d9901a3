// What a training run is told, and the figures it keeps, as plain data (what it says meanwhile: training-events.ts).
// Definitions of the terms: docs/METHODS.md, "Training". Depends on the other files of the contract.
import { z } from 'zod';
import { groupNameSchema, headSchema, inverseSchema, levelSchema } from './settings.ts';

export const trainableMethodSchema = z.enum(['lambda', 'attention']);
export type TrainableMethod = z.infer<typeof trainableMethodSchema>;

export const lossSchema = z.enum(['updated', 'original']);
export const optimizerSchema = z.enum(['sgd', 'adamw']);
export const scheduleSchema = z.enum(['constant', 'cosine', 'linear']);
export const balanceSchema = z.enum(['none', 'oversample', 'undersample']);
export const initialWeightsSchema = z.enum(['fresh', 'model']);

const share = z.number().min(0).max(1);

/** What every kind of training decides: loss, optimizer, schedule, sampling, end. */
const commonFields = {
  loss: lossSchema,
  optimizer: optimizerSchema,
  momentum: share,
  nesterov: z.boolean(),
  weightDecay: z.number().min(0),
  /** Bound of the gradient's norm over all parameters; null: none. */
  clip: z.number().positive().nullable(),
  learningRate: z.number().positive(),
  /** Steps over which the learning rate rises from 0 before its schedule begins. */
  warmup: z.int().min(0).max(1_000_000),
  schedule: scheduleSchema,
  rounds: z.int().min(1).max(100_000),
  batch: z.int().min(1).max(4096),
  balance: balanceSchema,
  seed: z.int().min(0).max(0x7fffffff),
  /** Rounds without a better validation figure after which training ends; null: never. */
  patience: z.int().min(1).nullable(),
} as const;
const steps = z.int().min(1).max(1_000_000);

/** Everything a pre-finetuning depends on, beside the model and the data: every field decided. */
export const prefinetuneConfigSchema = z.strictObject({
  method: trainableMethodSchema,
  level: levelSchema,
  group: groupNameSchema,
  inverse: inverseSchema,
  head: headSchema,
  /** Random weights, or those that the model brings. */
  initial: initialWeightsSchema,
  ...commonFields,
  /** Steps of one round. */
  iterations: steps,
  /** Whether images are turned by random elements of the group: their cached orbits are permuted. */
  turns: z.boolean(),
  /** Share of units of the embedding-level lambda net that are silenced while training. */
  dropout: z.number().min(0).max(0.95),
});
export type PrefinetuneConfig = z.infer<typeof prefinetuneConfigSchema>;

/** What all kinds of training have in common, with the length of a round decided. */
export type RoundsConfig = Pick<PrefinetuneConfig, keyof typeof commonFields | 'iterations'>;

const jitter = z.number().min(0).max(0.9);
const side = z.number().min(0.1).max(2);

/** Random changes of a training image. */
export const augmentationSchema = z.strictObject({
  /** None, by a quarter turn, or by any angle. */
  turns: z.enum(['none', 'quarter', 'free']),
  mirrors: z.boolean(),
  /** Smallest and largest side of the crop, as shares of the picture's short side; beyond the picture it is mirrored. */
  crop: z.tuple([side, side]).refine(([least, most]) => least <= most, 'the first is the smaller one'),
  /** Largest distance of the crop's centre from the picture's, along each axis, as a share of the short side. */
  shift: z.number().min(0).max(0.5),
  /** Largest relative change of each. */
  brightness: jitter,
  contrast: jitter,
  saturation: jitter,
  /** Largest turn of the colour circle, in degrees. */
  hue: z.number().min(0).max(180),
  /** Share of the pictures that are seen on a disc, as the turn test shows them: behind a mask in the colour of their rim. */
  masked: z.number().min(0).max(1).default(0),
});
export type Augmentation = z.infer<typeof augmentationSchema>;

/** What training of the image tower decides beyond that. */
const towerFields = {
  ...commonFields,
  /** Steps of one round; null: one pass over the training images. */
  iterations: steps.nullable(),
  /** Rounds that see smaller pictures first, which is faster: side in pixels and rounds; the other rounds see whole ones. */
  smallerFirst: z
    .array(z.strictObject({ size: z.int().min(32).max(1024).multipleOf(32), rounds: steps }))
    .default([]),
  augmentation: augmentationSchema,
  /** Share of the truth that is spread over all classes. */
  labelSmoothing: z.number().min(0).max(0.9),
  /**
   * tau of logit adjustment (Menon et al. 2021): tau log(share of the class) is added to the logits while training, so
   * that rare classes are not drowned; 0: none.
   */
  logitAdjustment: z.number().min(0).max(4),
  /** Share of the running average of the weights that a step keeps; the average is what is kept. Null: none. */
  averaging: z.number().min(0).max(0.99999).nullable(),
} as const;

export const finetunedMethodSchema = z.enum(['vanilla', 'equitune', 'lambda', 'attention']);
export const batchNormSchema = z.enum(['frozen', 'live']);
export const partSchema = z.enum(['trainable', 'frozen']);
/** Fresh: learned from nothing, for other classes than those of the model. */
export const classEmbeddingsSchema = z.enum(['trainable', 'frozen', 'fresh']);

/** Everything a finetuning depends on, beside the model and the data. */
export const finetuneConfigSchema = z.strictObject({
  method: finetunedMethodSchema,
  /** Embedding: lambda only. */
  level: levelSchema,
  group: groupNameSchema,
  inverse: inverseSchema,
  head: headSchema,
  /** Of the weight network: random weights, or those that the model brings. */
  initial: initialWeightsSchema,
  /** Whether the weight network learns, too. */
  network: partSchema,
  /** Share of units of the embedding-level lambda net that are silenced while it learns. */
  dropout: z.number().min(0).max(0.95),
  classEmbeddings: classEmbeddingsSchema,
  /** Frozen: scales, shifts and statistics stay as they are. Live: all of them learn. */
  batchNorm: batchNormSchema,
  ...towerFields,
});
export type FinetuneConfig = z.infer<typeof finetuneConfigSchema>;

const count = z.int().min(1).max(64);

/** Everything a training from scratch depends on, beside the data. */
export const scratchConfigSchema = z.strictObject({
  /** Of a CLIP modified ResNet (Radford et al. 2021). */
  architecture: z.strictObject({
    layers: z.tuple([count, count, count, count]),
    /** Even: the pool has width / 2 heads. */
    width: z.int().min(2).max(256).multipleOf(2),
    /** Side of the input in pixels; the tower halves it five times. */
    size: z.int().min(64).max(1024).multipleOf(32),
    embedding: z.int().min(1).max(4096),
  }),
  ...towerFields,
});
export type ScratchConfig = z.infer<typeof scratchConfigSchema>;

/** A configuration of any kind. */
export type TrainingConfig = PrefinetuneConfig | FinetuneConfig | ScratchConfig;

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
