// The images behind the figures of an evaluation: which of them a person can ask for, and what is said of each.
// Depends on the other files of the contract.
import { z } from 'zod';

/** Of one image: the answer to the view that was scored, and whether turns change it. */
export const evaluatedImageSchema = z.object({
  /** The id in the labelled set: a file name or a path inside the folder. */
  name: z.string(),
  /** By which its pictures can be had in this session; null where there is no image file. */
  image: z.string().nullable(),
  /** Class codes. */
  label: z.string(),
  /** Null: undecided. */
  answer: z.string().nullable(),
  /** Probability of the answer, and of the true class. */
  confidence: z.number(),
  probability: z.number(),
  /** Of the class that was asked for; null where none was. */
  score: z.number().nullable(),
  /**
   * Answers under each transformation, the picture as it is first; empty where nothing was turned. Where an angle was
   * asked for: of the masked picture as it is, then at the angles that change its answer.
   */
  views: z.array(z.object({ transformation: z.string(), answer: z.string().nullable() })),
  /** Of the picture as it is, the upright orientation first; empty where every image has the same or none are kept. */
  weights: z.array(z.object({ orientation: z.string(), weight: z.number() })),
});
export type EvaluatedImage = z.infer<typeof evaluatedImageSchema>;

/** The four kinds of images under transformations, as in main/evaluation/robustness. */
export const robustnessKindSchema = z.enum([
  'consistentlyRight',
  'consistentlyWrong',
  'rightToWrong',
  'wrongToRight',
]);
export type RobustnessKind = z.infer<typeof robustnessKindSchema>;

/** A group of images, as the weights of the orientations are summarised: by the answer or by true class. */
export const imageGroupSchema = z.discriminatedUnion('of', [
  z.object({ of: z.literal('all') }),
  z.object({ of: z.literal('right') }),
  /** Wrong or undecided. */
  z.object({ of: z.literal('wrong') }),
  z.object({ of: z.literal('class'), label: z.string() }),
]);
export type ImageGroup = z.infer<typeof imageGroupSchema>;

/** Which images: what was clicked. */
export const imageSelectionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('all') }),
  /** Wrong or undecided. */
  z.object({ kind: z.literal('wrong') }),
  /** A cell of the confusion matrix; answer null: undecided. */
  z.object({ kind: z.literal('cell'), label: z.string(), answer: z.string().nullable() }),
  /** A point of a curve: what the threshold gets wrong, false negatives and false positives. */
  z.object({ kind: z.literal('threshold'), code: z.string(), threshold: z.number().nullable() }),
  /** A bar of the reliability plot: largest probability in this range. */
  z.object({ kind: z.literal('confidence'), from: z.number(), to: z.number() }),
  z.object({ kind: z.literal('robustness'), which: robustnessKindSchema }),
  /** Some transformation changes the answer. */
  z.object({ kind: z.literal('flipped') }),
  /** Some transformation moves the answer across the border between malignant and benign. */
  z.object({ kind: z.literal('malignancyFlipped') }),
  /** A bar of a histogram of weights: `from` is in it, `to` is not; null: the last bar, which has no end. */
  z.object({
    kind: z.literal('weight'),
    orientation: z.string(),
    from: z.number(),
    to: z.number().nullable(),
    among: imageGroupSchema,
  }),
  /** Another orientation has a larger weight than the upright one. */
  z.object({ kind: z.literal('notUpright'), among: imageGroupSchema }),
  /** The answer to the masked picture changes at this free angle, by its name; null: at some angle. */
  z.object({ kind: z.literal('angle'), angle: z.string().nullable() }),
]);
export type ImageSelection = z.infer<typeof imageSelectionSchema>;
