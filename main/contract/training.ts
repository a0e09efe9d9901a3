// What a training run is told and what it tells while it works, as plain data: configuration, events, round figures.
// Definitions of the terms: docs/METHODS.md, "Training". Depends on the other files of the contract.
import { z } from 'zod';
import type { ErrorRecord } from './errors.ts';
import type { Problem } from './evaluation.ts';
import { groupNameSchema, headSchema, inverseSchema, levelSchema } from './settings.ts';

export const trainableMethodSchema = z.enum(['lambda', 'attention']);
export type TrainableMethod = z.infer<typeof trainableMethodSchema>;

export const lossSchema = z.enum(['updated', 'original']);
export const optimizerSchema = z.enum(['sgd', 'adamw']);
export const scheduleSchema = z.enum(['constant', 'cosine', 'linear']);
export const balanceSchema = z.enum(['none', 'oversample', 'undersample']);
export const initialWeightsSchema = z.enum(['fresh', 'model']);

const share = z.number().min(0).max(1);

/** Everything a pre-finetuning depends on, beside the model and the data: every field decided. */
export const prefinetuneConfigSchema = z.strictObject({
  method: trainableMethodSchema,
  level: levelSchema,
  group: groupNameSchema,
  inverse: inverseSchema,
  head: headSchema,
  /** Random weights, or those that the model brings. */
  initial: initialWeightsSchema,
  loss: lossSchema,
  optimizer: optimizerSchema,
  momentum: share,
  nesterov: z.boolean(),
  weightDecay: z.number().min(0),
  /** Bound of the gradient's norm over all parameters; null: none. */
  clip: z.number().positive().nullable(),
  learningRate: z.number().positive(),
  schedule: scheduleSchema,
  rounds: z.int().min(1).max(100_000),
  /** Steps of one round. */
  iterations: z.int().min(1).max(1_000_000),
  batch: z.int().min(1).max(4096),
  balance: balanceSchema,
  /** Whether images are turned by random elements of the group: their cached orbits are permuted. */
  turns: z.boolean(),
  /** Share of units of the embedding-level lambda net that are silenced while training. */
  dropout: z.number().min(0).max(0.95),
  seed: z.int().min(0).max(0x7fffffff),
  /** Rounds without a better validation figure after which training ends; null: never. */
  patience: z.int().min(1).nullable(),
});
export type PrefinetuneConfig = z.infer<typeof prefinetuneConfigSchema>;

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
  seconds: z.number(),
});
export type RoundFigures = z.infer<typeof roundFiguresSchema>;

/** An image that could not be used. */
export interface SkippedImage {
  readonly id: string;
  readonly error: ErrorRecord;
}

/** What a run says while it works. */
export type TrainingEvent =
  | {
      readonly kind: 'data';
      readonly classes: readonly string[];
      /** Images by class. */
      readonly training: readonly number[];
      readonly validation: readonly number[];
      readonly problems: readonly Problem[];
    }
  | { readonly kind: 'reading'; readonly done: number; readonly total: number }
  | {
      readonly kind: 'cache';
      readonly done: number;
      readonly total: number;
      readonly bytes: number;
      readonly path: string;
    }
  | { readonly kind: 'skipped'; readonly images: readonly SkippedImage[] }
  | {
      readonly kind: 'step';
      readonly round: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly balancedAccuracy: number | null;
      readonly secondsLeft: number;
    }
  | { readonly kind: 'round'; readonly figures: RoundFigures; readonly best: boolean }
  | { readonly kind: 'stopped-early'; readonly round: number; readonly patience: number }
  | {
      readonly kind: 'done';
      readonly model: string;
      readonly folder: string;
      readonly run: string;
      readonly results: readonly ResultRow[];
    };

/** One line of the comparison with the starting model, on the same validation images. */
export interface ResultRow {
  readonly name: string;
  readonly balancedAccuracy: number;
  readonly top1: number;
  readonly recalls: readonly (number | null)[];
}
