// What a run of training says while it works. It crosses the border of the job process, and the page's. Depends on the
// other files of the contract.
import { z } from 'zod';
import { list } from './arrays.ts';
import { errorRecordSchema } from './error-record.ts';
import { problemSchema } from './problem.ts';
import { resultRowSchema, roundFiguresSchema } from './training.ts';

const count = z.int().nonnegative();

/** An image that could not be used. */
export const skippedImageSchema = z.object({ id: z.string(), error: errorRecordSchema });
export type SkippedImage = z.infer<typeof skippedImageSchema>;

/** How much of something that takes a while is done. */
const partDone = { done: count, total: count };

export const trainingEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('data'),
    classes: list(z.string()),
    /** Images by class. */
    training: list(count),
    validation: list(count),
    problems: list(problemSchema),
  }),
  /** Found while images were read. */
  z.object({ kind: z.literal('left-out'), problems: list(problemSchema) }),
  z.object({ kind: z.literal('reading'), ...partDone }),
  z.object({ kind: z.literal('cache'), ...partDone, bytes: count, path: z.string() }),
  z.object({ kind: z.literal('skipped'), images: list(skippedImageSchema) }),
  z.object({
    kind: z.literal('step'),
    round: count,
    step: count,
    steps: count,
    loss: z.number(),
    balancedAccuracy: z.number().nullable(),
    secondsLeft: z.number(),
  }),
  z.object({ kind: z.literal('round'), figures: roundFiguresSchema, best: z.boolean() }),
  /** The finished model answers the validation images, beside the one it started from. */
  z.object({ kind: z.literal('measuring'), model: z.string(), ...partDone }),
  z.object({ kind: z.literal('stopped-early'), round: count, patience: count }),
  z.object({
    kind: z.literal('done'),
    model: z.string(),
    folder: z.string(),
    run: z.string(),
    results: list(resultRowSchema),
  }),
]);
export type TrainingEvent = z.infer<typeof trainingEventSchema>;
