// The types of evaluation.ts as schemas: an evaluation crosses process borders and is read back from disk, where it
// may have been damaged. Depends on the other files of the contract.
import { z } from 'zod';
import { errorTexts, type ErrorCode } from './errors.ts';
import type { Evaluation, Problem } from './evaluation.ts';
import { providerSchema, settingsSchema } from './settings.ts';

const number = z.number();
const figure = z.number().nullable();
const count = z.int().nonnegative();
const text = z.string();
const texts = z.array(text);

const codes = Object.keys(errorTexts) as [ErrorCode, ...ErrorCode[]];

export const problemSchema: z.ZodType<Problem> = z.object({
  code: z.enum(codes),
  message: text,
  subjects: texts,
  excluded: z.boolean(),
});

const intervalSchema = z.object({
  name: text,
  value: figure,
  low: figure,
  high: figure,
  definedShare: number,
});
const intervals = z.array(intervalSchema);

const robustnessSchema = z.object({
  transformations: texts,
  shares: intervals,
  /** Added after the first version: absent in older files. */
  malignantShares: intervals.nullable().default(null),
  flippedImages: count,
  boundWithoutFlips: figure,
  flippedIds: texts,
});

const comparisonSchema = z.object({
  against: text,
  differences: z.array(intervalSchema.extend({ p: figure })),
  mcnemar: z.object({
    bothRight: number,
    onlyFirstRight: number,
    onlySecondRight: number,
    bothWrong: number,
    exact: number,
    midP: number,
  }),
});

const pointSchema = z.object({
  threshold: figure,
  sensitivity: number,
  specificity: number,
  precision: figure,
});
const atBoth = z.object({ '90': pointSchema.nullable(), '95': pointSchema.nullable() });

const curveSchema = z.object({
  code: text,
  points: z.array(pointSchema),
  operating: z.object({ atSpecificity: atBoth, atSensitivity: atBoth }),
});

const reliabilitySchema = z.object({
  bins: z.array(z.object({ from: number, to: number, weight: number, confidence: figure, accuracy: figure })),
  expectedError: figure,
  maximumError: figure,
});

const calibrationSchema = z.object({ ece: figure, brier: figure, logLoss: figure });
const temperatureSchema = z.object({
  temperature: number,
  atBound: z.boolean(),
  fittedOn: count,
  reportedOn: count,
  before: calibrationSchema,
  after: calibrationSchema,
});

const boxSchema = z.object({
  minimum: number,
  lowerQuartile: number,
  median: number,
  upperQuartile: number,
  maximum: number,
  lowerWhisker: number,
  upperWhisker: number,
  outliers: count,
});

const weightSummarySchema = z.object({
  images: count,
  orientations: z.array(
    z.object({
      orientation: text,
      mean: number,
      deviation: figure,
      box: boxSchema,
      histogram: z.array(number),
      largestShare: number,
    }),
  ),
  notUprightShare: number,
  tiedShare: number,
  entropy: figure,
  meanLargest: number,
});

const weightReportSchema = z.object({
  edges: z.array(number),
  all: weightSummarySchema,
  byClass: z.record(text, weightSummarySchema),
  right: weightSummarySchema.nullable(),
  wrong: weightSummarySchema.nullable(),
});

const rowSchema = z.object({
  id: text,
  model: text,
  settings: settingsSchema,
  figures: intervals,
  official: z.record(text, z.record(text, figure)),
  robustness: robustnessSchema.nullable(),
  turnCheck: z.object({ images: count, largestDifference: figure, changedAnswers: count }).nullable(),
  freeAngles: robustnessSchema.nullable(),
  comparison: comparisonSchema.nullable(),
  confusion: z.array(z.array(number)),
  curves: z.array(curveSchema),
  reliability: reliabilitySchema,
  temperature: temperatureSchema.nullable(),
  weights: weightReportSchema.nullable(),
  weightFigures: intervals,
  worst: z.array(z.object({ id: text, label: text, answer: text.nullable(), probability: number })),
});

const modelSchema = z.object({
  id: text,
  name: text,
  sha256: text,
  architecture: text,
  provider: providerSchema,
  classes: texts,
  names: texts,
  images: count,
  lesions: count,
  imagesPerClass: z.array(count),
  problems: z.array(problemSchema),
  rows: z.array(rowSchema),
});

export const turnedSchema = z.enum(['none', 'random', 'all']);

export const evaluationSchema: z.ZodType<Evaluation> = z.object({
  schema: z.literal(1),
  dermorbit: text,
  versions: z.record(text, text),
  made: text,
  dataset: z.object({ images: text, labels: text.nullable(), format: text, sha256: text }),
  turned: turnedSchema,
  angles: z.array(number),
  seed: number,
  bootstrap: z.object({ resamples: number, seed: number, confidence: number }),
  seconds: number,
  resumedImages: count,
  models: z.array(modelSchema),
});
