// What the papers' rows are made of, as training configurations. Numbers: docs/METHODS.md, "Training". Where a setting is not
// in the papers, the choice stands among the differences below. Pure.
import type { RecipeName } from '../../contract/reproduction.ts';
import type { FinetuneConfig, PrefinetuneConfig, RoundsConfig } from '../../contract/training.ts';
import { finetuneDefaults, prefinetuneDefaults } from '../../contract/training-defaults.ts';
import { prefinetuneRates } from '../../contract/training-fields.ts';
import type { GroupName } from '../../groups/groups.ts';

interface Recipe {
  readonly title: string;
  readonly method: PrefinetuneConfig['method'] & FinetuneConfig['method'];
  readonly level: PrefinetuneConfig['level'];
  readonly loss: PrefinetuneConfig['loss'];
  /** Finetuning: whether the weight network learns, too, and how fast everything does. */
  readonly network: FinetuneConfig['network'];
  readonly finetuneRate: number;
}

/** Finetuning's learning rates go with whether the weight network learns (METHODS.md). */
const frozenNetwork = { network: 'frozen', finetuneRate: 5e-6 } as const;
const learningNetwork = { network: 'trainable', finetuneRate: 5e-8 } as const;

export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  original: { title: 'original', method: 'lambda', level: 'embedding', loss: 'original', ...frozenNetwork },
  updated: { title: 'updated', method: 'lambda', level: 'embedding', loss: 'updated', ...learningNetwork },
  lambda: {
    title: 'feature-level lambda',
    method: 'lambda',
    level: 'feature',
    loss: 'updated',
    ...learningNetwork,
  },
  attention: {
    title: 'equiattention',
    method: 'attention',
    level: 'feature',
    loss: 'updated',
    ...learningNetwork,
  },
};

/** As the published code computes: without the inverse, and with the plain head (METHODS.md, "inverse"). */
export const publishedCombination = { inverse: 'off', head: 'plain' } as const;

/**
 * The published numbers of rounds and steps, shortened.
 * @param scale share of the steps: rounds become fewer, and the last one left becomes shorter
 */
export function shortened(rounds: number, iterations: number, scale: number) {
  const kept = Math.max(1, Math.round(rounds * scale));
  const steps = Math.max(1, Math.round(rounds * iterations * scale));
  return { rounds: kept, iterations: Math.max(1, Math.round(steps / kept)) };
}

interface Run {
  readonly group: GroupName;
  readonly scale: number;
  readonly seed: number;
}

export function prefinetuneConfigOf(name: RecipeName, { group, scale, seed }: Run): PrefinetuneConfig {
  const { method, level, loss } = recipes[name];
  return {
    ...prefinetuneDefaults,
    ...publishedCombination,
    ...shortened(20, 100, scale),
    ...{ method, level, loss, group, seed },
    ...{ optimizer: 'sgd', momentum: 0.9, learningRate: prefinetuneRates.sgd[method], batch: 32 },
  };
}

/** Turns of the group change nothing where the answer is invariant, as it is without the inverse: nothing is augmented. */
const plainPictures: FinetuneConfig['augmentation'] = {
  turns: 'none',
  mirrors: false,
  crop: [1, 1],
  ...{ shift: 0, brightness: 0, contrast: 0, saturation: 0, hue: 0, masked: 0 },
};

export function finetuneConfigOf(
  name: RecipeName,
  { group, scale, seed }: Run,
): FinetuneConfig & Pick<RoundsConfig, 'iterations'> {
  const { method, level, loss, network, finetuneRate } = recipes[name];
  return {
    ...finetuneDefaults,
    ...publishedCombination,
    ...shortened(8, 500, scale),
    ...{ method, level, loss, group, seed, network },
    ...{ initial: 'model', classEmbeddings: 'frozen', batchNorm: 'frozen', augmentation: plainPictures },
    ...{ optimizer: 'sgd', momentum: 0.9, learningRate: finetuneRate, batch: 32 },
  };
}

/** In what every reproduction differs from the papers, known beforehand. */
export const knownDifferences: readonly string[] = [
  'The best round is chosen by balanced accuracy on the same images that the table reports; the published code chooses ' +
    'the weight network by top-1 on training images, and takes the last round of finetuning.',
  'Equiattention is pre-finetuned with SGD as the others are; a published version of the code uses Adam for it.',
  'While finetuning with the frozen lambda net (original), lambda sees the tower that learns; the first code shows it a ' +
    'frozen copy of the tower it started from.',
  'Batch norm keeps its scales, shifts and statistics while the tower learns; in the published code scales and shifts learn.',
  'Training computes in single precision and models are stored in half precision; the published code computes in half.',
  'Images are drawn at random from the whole set and each is turned by its own random element; the published code turns ' +
    'batches.',
];
