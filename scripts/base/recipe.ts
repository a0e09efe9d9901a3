// The settings of the bundled model's recipe.
import type {
  Augmentation,
  FinetuneConfig,
  PrefinetuneConfig,
  ScratchConfig,
} from '../../main/contract/training.ts';

/** Side of the model's input in pixels. */
export const inputSize = 160;

/** Turns by any angle, mirrors, colours: what does not change what a lesion is. */
const changes = {
  turns: 'free',
  ...{ mirrors: true, brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 10 },
} as const;

const common = {
  loss: 'updated',
  optimizer: 'adamw',
  schedule: 'cosine',
  balance: 'none',
  ...{ momentum: 0.9, nesterov: false, seed: 1, patience: null, labelSmoothing: 0.05, logitAdjustment: 1 },
} as const;

const upright = {
  method: 'vanilla',
  level: 'feature',
  group: 'c4',
  inverse: 'on',
  head: 'orbit',
  initial: 'fresh',
  network: 'frozen',
  dropout: 0,
} as const;

/**
 * From a pretrained network: everything learns, with live batch norm. Small pictures cost a third of whole ones and teach
 * most; some pictures are seen on a disc, as the turn test and free angles show them.
 */
export const pretrainedTower: FinetuneConfig = {
  ...common,
  ...upright,
  classEmbeddings: 'fresh',
  batchNorm: 'live',
  smallerFirst: [
    { size: 96, rounds: 6 },
    { size: 128, rounds: 10 },
  ],
  ...{ learningRate: 7e-4, warmup: 150, weightDecay: 0.03, clip: 5, rounds: 24, iterations: null, batch: 32 },
  ...{ averaging: 0.997, augmentation: { ...changes, crop: [0.62, 1.05], shift: 0.05, masked: 0.15 } },
};

const scratchAugmentation: Augmentation = { ...changes, crop: [0.75, 1.15], shift: 0.08, masked: 0 };

/** From random weights: a CLIP-style ResNet. Only the last passes, at small rates, see whole pictures. */
export const scratchTower: ScratchConfig = {
  ...common,
  architecture: { layers: [2, 2, 2, 2], width: 32, size: inputSize, embedding: 256 },
  smallerFirst: [
    { size: 64, rounds: 18 },
    { size: 96, rounds: 14 },
    { size: 128, rounds: 16 },
  ],
  ...{ learningRate: 2e-3, warmup: 200, weightDecay: 0.1, clip: 1, rounds: 60, iterations: null, batch: 64 },
  ...{ averaging: 0.998, augmentation: scratchAugmentation },
};

/**
 * The same weights learn a little more through the orbit of every image: a pool that never saw combined maps reads them
 * less well than single ones. The mean of the cells, which is linear, has no need of it.
 */
export const scratchOrbit: FinetuneConfig = {
  ...common,
  ...upright,
  method: 'equitune',
  classEmbeddings: 'trainable',
  batchNorm: 'frozen',
  ...{ smallerFirst: [], learningRate: 1e-4, warmup: 25, weightDecay: 0.1, clip: 1 },
  ...{ rounds: 5, iterations: 50, batch: 32, averaging: 0.98, augmentation: scratchAugmentation },
};

/** A weight network on the frozen tower. */
export const network = (method: PrefinetuneConfig['method']): PrefinetuneConfig => ({
  method,
  ...{ level: 'feature', group: 'c4', inverse: 'on', head: 'orbit', initial: 'fresh', loss: 'updated' },
  ...{ optimizer: 'adamw', momentum: 0.9, nesterov: false, weightDecay: 0, clip: 1 },
  ...{ learningRate: 1e-3, warmup: 0, schedule: 'cosine', rounds: 8, iterations: 50, batch: 32 },
  ...{ balance: 'oversample', turns: true, dropout: 0, seed: 1, patience: null },
});
