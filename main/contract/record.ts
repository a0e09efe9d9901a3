// The prediction record: made in one place (main/engine), shown by every surface (window, CLI, CSV, history).
import { z } from 'zod';
import { predictionSetSchema, priorSchema } from './calibration.ts';
import { evidenceKindSchema } from './backbone.ts';
import { errorRecordSchema } from './error-record.ts';
import { noteCodeSchema } from './notes.ts';
import {
  groupNameSchema,
  headSchema,
  inverseSchema,
  levelSchema,
  methodSchema,
  providerSchema,
  scorerSchema,
  scoreSchema,
} from './settings.ts';

const perClass = z.record(z.string(), z.number());

/** What one orientation of the image says by itself: M2(f_g) T, with the model's own logit rule. */
export const orientationSchema = z.object({
  /** Index of the group element g. */
  element: z.int().nonnegative(),
  /** Counter-clockwise turn in degrees, applied after the mirror. */
  turn: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]),
  /** Whether the image is mirrored left to right first. */
  mirror: z.boolean(),
  /** The weight that the method gives this orientation. */
  weight: z.number(),
  /** Null where this orientation was not asked: canonical's image scorer chooses before the image tower runs. */
  probabilities: perClass.nullable(),
  logits: perClass.nullable(),
});
export type Orientation = z.infer<typeof orientationSchema>;

/** One prediction for one image. */
export const classificationSchema = z.object({
  image: z.object({
    path: z.string(),
    /** Of the file's bytes. */
    sha256: z.string(),
    /** Pixels after EXIF orientation, before resize and crop. */
    width: z.int().positive(),
    height: z.int().positive(),
  }),
  model: z.object({ id: z.string(), sha256: z.string() }),
  group: groupNameSchema,
  method: methodSchema,
  level: levelSchema,
  inverse: inverseSchema,
  head: headSchema,
  scorer: scorerSchema.optional(),
  score: scoreSchema.optional(),
  /** The provider that really computed the prediction. */
  provider: providerSchema,
  probabilities: perClass,
  /** Null where the method averages probabilities (tta, embedding level). */
  logits: perClass.nullable(),
  /** The prior behind the probabilities; absent where they are the model's own. */
  prior: priorSchema.optional(),
  /** Id of the calibration behind them; null where only a prior was chosen. */
  calibration: z.string().nullable().optional(),
  /** Classes that the diagnosis is among; absent where the model was not calibrated. */
  set: predictionSetSchema.optional(),
  /** Sum of the probabilities of MEL, BCC and AKIEC; null if the model knows none of them. */
  malignant: z.number().nullable(),
  orientations: z.array(orientationSchema),
  /** equiattention only: A, n rows of n columns, each row sums to 1. */
  attention: z.array(z.array(z.number())).nullable(),
  /** Share of the orientations whose own top class is the result's; null where not every one was asked. */
  stability: z.number().nullable(),
  milliseconds: z.number(),
  /** Of DermOrbit. */
  version: z.string(),
  /** What is worth saying of the picture or its file (main/contract/notes.ts); absent where there is nothing. */
  notes: z.array(noteCodeSchema).optional(),
});
export type Classification = z.infer<typeof classificationSchema>;

/** A file that could not be classified, in its place among the records. */
export const failureSchema = z.object({ image: z.object({ path: z.string() }), error: errorRecordSchema });
export type Failure = z.infer<typeof failureSchema>;

/** What a classification of one file comes to. */
export type ClassificationRecord = Classification | Failure;

export function isFailure(record: ClassificationRecord): record is Failure {
  return 'error' in record;
}

/** Class codes by falling probability. */
export function rankClasses(
  probabilities: Readonly<Record<string, number>>,
): { code: string; probability: number }[] {
  return Object.entries(probabilities)
    .map(([code, probability]) => ({ code, probability }))
    .sort((a, b) => b.probability - a.probability);
}

/**
 * Where a combined feature map speaks for each class, in the frame of the cropped input image.
 * For every class k: sum of `cells[k]` + `constant[k]` = `logits[k]` (exact up to rounding).
 */
export const evidenceSchema = z.object({
  /**
   * exact: the logit, split over the cells. leave-one-out: by how much it falls without the cell, which adds up to
   * nothing of its own; `constant` is what that leaves of the logit.
   */
  kind: evidenceKindSchema,
  classes: z.array(z.string()),
  /** Rows and columns of the map (square). */
  size: z.int().positive(),
  /** [K][size * size], row-major: what each cell of the image adds to the class logit. */
  cells: z.array(z.array(z.number())),
  /** [K]: biases and positional terms, which belong to no place of the image. */
  constant: z.array(z.number()),
  logits: z.array(z.number()),
});
export type Evidence = z.infer<typeof evidenceSchema>;
