// What an evaluation finds, as plain data: it crosses process borders, is printed, reported and shown, and is read back
// from disk, where it may have been damaged. Depends on the other files of the contract.
import { z } from 'zod';
import { list } from './arrays.ts';
import {
  classCurveSchema,
  intervalSchema,
  mcNemarSchema,
  pairedDifferenceSchema,
  reliabilitySchema,
  temperatureReportSchema,
  weightReportSchema,
} from './figures.ts';
import { problemSchema } from './problem.ts';
import { providerSchema, settingsSchema } from './settings.ts';

const number = z.number();
const count = z.int().nonnegative();
const text = z.string();
const texts = list(text);
const intervals = list(intervalSchema);

/** Which views of an image are answered: as it is; that and a random element; every element of the group. */
export const turnedSchema = z.enum(['none', 'random', 'all']);
export type Turned = z.infer<typeof turnedSchema>;

/** Whether transformations change the answers of one row. */
const robustnessSchema = z.object({
  /** The first is the picture as it is. */
  transformations: texts,
  /** Shares with intervals over lesions, by name (docs/EVALUATION.md, "Robustness"). */
  shares: intervals,
  /**
   * The same shares of answers as malignant or benign, so that only those that cross the border count as changed
   * (classes `benign`, `malignant`); null where the model's classes are not divided so, and in files of the first
   * version.
   */
  malignantShares: intervals.nullable().default(null),
  flippedImages: count,
  /** Largest flip rate that no flip at all in this many lesions leaves plausible; null where there are flips. */
  boundWithoutFlips: number.nullable(),
  /** Ids of images whose answer changes, by falling number of changing transformations; at most 200. */
  flippedIds: texts,
});
export type RobustnessFigures = z.infer<typeof robustnessSchema>;

/** What really turning the pixels gave, against the permuted orbit from which the turned answers were computed. */
export const turnCheckSchema = z.object({
  /** Images that were turned, each by one random element. */
  images: count,
  /** Largest difference of a probability; null without images. */
  largestDifference: number.nullable(),
  /** Images whose answer was not the computed one. */
  changedAnswers: count,
});
export type TurnCheck = z.infer<typeof turnCheckSchema>;

/** A row against the vanilla row of the same model and group, on the same images; differences are row - vanilla. */
const comparisonSchema = z.object({
  against: text,
  differences: list(pairedDifferenceSchema),
  mcnemar: mcNemarSchema,
});
export type Comparison = z.infer<typeof comparisonSchema>;

/** A wrong or undecided answer. */
const wrongAnswerSchema = z.object({
  id: text,
  label: text,
  /** Null: undecided. */
  answer: text.nullable(),
  /** Probability of the true class. */
  probability: number,
});

/** One way of predicting, measured. */
const rowSchema = z.object({
  /** Unique in the evaluation; names files. */
  id: text,
  model: text,
  settings: settingsSchema,
  /** Every figure with its interval, by name (`balancedAccuracy`, `top1`, `auc/MEL`, `auc/macro`, ...). */
  figures: intervals,
  /** The official scorer's figures with its conventions; per class, then macro. */
  official: z.record(text, z.record(text, number.nullable())),
  /** Under the elements of the group; null where nothing was turned. */
  robustness: robustnessSchema.nullable(),
  turnCheck: turnCheckSchema.nullable(),
  /** Under free angles, against the picture masked to its inscribed circle; null where not asked for. */
  freeAngles: robustnessSchema.nullable(),
  /** Null for vanilla itself. */
  comparison: comparisonSchema.nullable(),
  /** Rows: true classes; columns: answers, the last one "undecided". */
  confusion: list(list(number)),
  /** Empty with more than 20 classes. */
  curves: list(classCurveSchema),
  reliability: reliabilitySchema,
  temperature: temperatureReportSchema.nullable(),
  /** Null where the weights are the same for every image. */
  weights: weightReportSchema.nullable(),
  /** Mean weights and the share whose largest weight is not the upright one, with intervals; empty as above. */
  weightFigures: intervals,
  /** The worst first, at most 50. */
  worst: list(wrongAnswerSchema),
});
export type EvaluationRow = z.infer<typeof rowSchema>;

/** One model on the images whose classes it knows. */
const modelSchema = z.object({
  id: text,
  name: text,
  sha256: text,
  architecture: text,
  provider: providerSchema,
  classes: texts,
  names: texts,
  /** Images that were measured, and the lesions they show. */
  images: count,
  lesions: count,
  imagesPerClass: list(count),
  problems: list(problemSchema),
  rows: list(rowSchema),
});
export type EvaluatedModel = z.infer<typeof modelSchema>;

/** A whole evaluation: settings, versions and results, enough to repeat it. */
export const evaluationSchema = z.object({
  schema: z.literal(1),
  dermorbit: text,
  versions: z.record(text, text),
  /** ISO 8601. */
  made: text,
  dataset: z.object({
    images: text,
    labels: text.nullable(),
    format: text,
    /** Of the ids, labels, lesions and file hashes of all measured images, in order. */
    sha256: text,
  }),
  turned: turnedSchema,
  /** Degrees; empty where no free angles were asked for. */
  angles: list(number),
  seed: number,
  bootstrap: z.object({ resamples: number, seed: number, confidence: number }),
  /** Wall time of the image part, and how many images were taken over from an earlier, interrupted run. */
  seconds: number,
  resumedImages: count,
  models: list(modelSchema),
});
export type Evaluation = z.infer<typeof evaluationSchema>;
