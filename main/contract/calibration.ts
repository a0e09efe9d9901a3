// What a manifest says of how far a model's numbers may be believed: how logits become probabilities, how large a class's
// probability has to be to stand in a prediction set. Definitions: docs/METHODS.md, "Probabilities that mean something".
import { z } from 'zod';

/** How common the classes are taken to be: all alike, as among the training images, or as in one's own clinic. */
const priorNameSchema = z.enum(['balanced', 'training', 'custom']);

/** A prior as a person chooses it; a custom one is shares by class code. */
export const priorChoiceSchema = z.union([
  z.enum(['balanced', 'training']),
  z.record(z.string(), z.number()),
]);
export type PriorChoice = z.infer<typeof priorChoiceSchema>;

/** Levels of prediction sets, in percent. */
export const setLevels = [80, 90, 95] as const;
export type SetLevel = (typeof setLevels)[number];

/** The level of the sets in records. */
export const defaultSetLevel: SetLevel = 90;

const share = z.number().min(0).max(1);

/** A prior as it was used: shares by class code, which sum to 1. */
export const priorSchema = z.strictObject({ name: priorNameSchema, shares: z.record(z.string(), share) });
export type Prior = z.infer<typeof priorSchema>;

/** The classes that a diagnosis is among, at a level; empty: the picture fits none of them. */
export const predictionSetSchema = z.strictObject({
  level: z.union([z.literal(80), z.literal(90), z.literal(95)]),
  classes: z.array(z.string()),
});
export type PredictionSet = z.infer<typeof predictionSetSchema>;

/** Of one method: softmax((z + bias) / temperature + log prior), and the thresholds of its prediction sets. */
export const methodCalibrationSchema = z.strictObject({
  temperature: z.number().positive(),
  /** [K], in the order of the classes. */
  bias: z.array(z.number()),
  /**
   * By level in percent: the smallest probability, with the balanced prior, that a class needs to stand in the set, [K].
   * 0 where there were too few held-back images of the class to promise anything without it.
   */
  thresholds: z.strictObject({ 80: z.array(share), 90: z.array(share), 95: z.array(share) }),
});
export type MethodCalibration = z.infer<typeof methodCalibrationSchema>;

/** Fitted on labelled images that chose nothing else. */
export const calibrationSchema = z.strictObject({
  /** First 16 digits of the SHA-256 of everything that was fitted. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  /** Held-back images by class, [K]. */
  images: z.array(z.int().min(0)),
  /** Shares of the training images, [K]. */
  trainingShares: z.array(share),
  /** By method and level, such as "lambda/feature". */
  methods: z.record(z.string(), methodCalibrationSchema),
});
export type Calibration = z.infer<typeof calibrationSchema>;
