// What a training is told where nobody says otherwise: one table, for the command line and for the app. Where the numbers
// come from: docs/TRAINING.md. Depends on the other files of the contract.
import type { FinetuneConfig, PrefinetuneConfig, ScratchConfig, TrainableMethod } from './training.ts';

/** Learning rates of pre-finetuning: the reference's (METHODS.md); AdamW's are the usual ones for so small a network. */
export const prefinetuneRates: Readonly<
  Record<PrefinetuneConfig['optimizer'], Readonly<Record<TrainableMethod, number>>>
> = {
  sgd: { lambda: 0.33, attention: 0.01 },
  adamw: { lambda: 1e-3, attention: 1e-3 },
};

/** The share of the training images that validates where no validation images are given. */
export const defaultValidationShare = 0.1;

/** Of every kind. */
const common = {
  loss: 'updated',
  momentum: 0.9,
  nesterov: false,
  balance: 'none',
  seed: 1,
  patience: null,
} as const;

const combination = { group: 'c4', inverse: 'on', head: 'orbit' } as const;

export const prefinetuneDefaults: PrefinetuneConfig = {
  ...common,
  ...combination,
  method: 'lambda',
  level: 'feature',
  initial: 'fresh',
  optimizer: 'sgd',
  learningRate: prefinetuneRates.sgd.lambda,
  weightDecay: 0,
  clip: null,
  warmup: 0,
  schedule: 'constant',
  rounds: 20,
  iterations: 100,
  batch: 32,
  turns: true,
  dropout: 0.5,
};

/** The learning rate is METHODS.md's for a network that learns with the rest. */
export const finetuneDefaults: FinetuneConfig = {
  ...common,
  ...combination,
  method: 'equitune',
  level: 'feature',
  initial: 'model',
  network: 'trainable',
  dropout: 0.5,
  classEmbeddings: 'trainable',
  batchNorm: 'frozen',
  smallerFirst: [],
  augmentation: {
    turns: 'quarter',
    mirrors: true,
    crop: [0.85, 1.05],
    shift: 0.05,
    brightness: 0.1,
    contrast: 0.1,
    saturation: 0.1,
    hue: 5,
    masked: 0,
  },
  labelSmoothing: 0,
  logitAdjustment: 0,
  averaging: null,
  optimizer: 'sgd',
  learningRate: 5e-6,
  weightDecay: 0,
  clip: null,
  warmup: 0,
  schedule: 'constant',
  rounds: 8,
  iterations: 500,
  batch: 32,
};

/** The learning rate is the usual one of AdamW from scratch. */
export const scratchDefaults: ScratchConfig = {
  ...common,
  architecture: { layers: [2, 2, 2, 2], width: 32, size: 128, embedding: 256 },
  smallerFirst: [],
  augmentation: {
    turns: 'free',
    mirrors: true,
    crop: [0.7, 1.05],
    shift: 0.08,
    brightness: 0.2,
    contrast: 0.2,
    saturation: 0.2,
    hue: 10,
    masked: 0,
  },
  labelSmoothing: 0.05,
  logitAdjustment: 1,
  averaging: 0.998,
  optimizer: 'adamw',
  learningRate: 2e-3,
  weightDecay: 0.05,
  clip: 1,
  warmup: 200,
  schedule: 'cosine',
  rounds: 30,
  iterations: null,
  batch: 64,
};
