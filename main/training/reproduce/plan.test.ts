// What a reproduction will do, from its rows: steps, settings of the papers, time.
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../evaluation/testing/sets.ts';
import { fineLabels } from '../../evaluation/datasets/cifar100-labels.ts';
import { secondsLeft, foresee } from './outlook.ts';
import { planSteps, rowsOf, type ReproductionChoice } from './plan.ts';
import { publishedTop1 } from './published.ts';
import { shortened } from './recipes.ts';
import { constantAnswerNote } from './result.ts';
import { cifarTemplates, importCommand, modelDifferences } from './starting-model.ts';
import { expectedSeconds, secondsOfRest } from './time.ts';

const choice = (changes: Partial<ReproductionChoice> = {}): ReproductionChoice => ({
  dataset: 'isic',
  rows: rowsOf('isic', null),
  onlyPrefinetune: false,
  scale: 1,
  seed: 1,
  ...changes,
});
const stepOf = (id: string, of = choice()) => planSteps(of).find((step) => step.id === id);

describe('the steps', () => {
  it('measure first, then pre-finetune and finetune row by row, each from the one before', () => {
    const steps = planSteps(choice());
    expect(steps.map(({ id }) => id)).toEqual([
      'repro-isic-start',
      ...['original', 'updated', 'lambda', 'attention'].flatMap((name) => [
        `repro-isic-c4-${name}-pre`,
        `repro-isic-c4-${name}-fine`,
      ]),
    ]);
    const from = steps.map((step) => (step.kind === 'zero-shot' ? null : step.from));
    expect(from.slice(0, 4)).toEqual([
      null,
      'repro-isic-start',
      'repro-isic-c4-original-pre',
      'repro-isic-start',
    ]);
    expect(planSteps(choice({ onlyPrefinetune: true })).map(({ kind }) => kind)).not.toContain('finetune');
  });

  it('have the settings of the papers', () => {
    const common = { optimizer: 'sgd', momentum: 0.9, batch: 32, inverse: 'off', head: 'plain' };
    expect(stepOf('repro-isic-c4-original-pre')).toMatchObject({
      config: {
        ...common,
        ...{ method: 'lambda', level: 'embedding', loss: 'original', learningRate: 0.33 },
        ...{ rounds: 20, iterations: 100, initial: 'fresh', group: 'c4' },
      },
    });
    expect(stepOf('repro-isic-c4-original-fine')).toMatchObject({
      config: {
        ...common,
        ...{ level: 'embedding', loss: 'original', learningRate: 5e-6, network: 'frozen' },
        ...{ rounds: 8, iterations: 500, initial: 'model', classEmbeddings: 'frozen' },
      },
    });
    expect(stepOf('repro-isic-c4-updated-fine')).toMatchObject({
      config: { level: 'embedding', loss: 'updated', learningRate: 5e-8, network: 'trainable' },
    });
    expect(stepOf('repro-isic-c4-lambda-pre')).toMatchObject({
      config: { level: 'feature', loss: 'updated' },
    });
    expect(stepOf('repro-isic-c4-attention-pre')).toMatchObject({
      config: { ...common, method: 'attention', level: 'feature', learningRate: 0.01 },
    });
  });

  it('are shortened alike: fewer rounds, then shorter ones', () => {
    expect(shortened(20, 100, 1)).toEqual({ rounds: 20, iterations: 100 });
    expect(shortened(20, 100, 0.5)).toEqual({ rounds: 10, iterations: 100 });
    expect(shortened(8, 500, 0.01)).toEqual({ rounds: 1, iterations: 40 });
    expect(shortened(8, 500, 1e-9)).toEqual({ rounds: 1, iterations: 1 });
  });
});

describe('rows', () => {
  it('are named by recipe or by group and recipe, and keep the order of the papers', async () => {
    const ids = (list: string[]) => rowsOf('cifar100', list).map(({ group, recipe }) => `${group}-${recipe}`);
    expect(ids(['updated', 'c4-original'])).toEqual(['c4-original', 'c4-updated', 'c2-updated']);
    expect(rowsOf('cifar100', null)).toHaveLength(6);
    expect(await refusalOf(() => rowsOf('isic', ['c2-original', 'c4-original']))).toEqual({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('not "c2-original"') as string,
    });
  });

  it('have the published numbers as shares', () => {
    expect(publishedTop1('isic', { group: 'c4', recipe: 'original' }, 'fine')).toBeCloseTo(0.6373, 12);
    expect(publishedTop1('cifar100', { group: 'c2', recipe: 'updated' }, 'pre')).toBeCloseTo(0.3769, 12);
    expect(publishedTop1('isic', { group: 'c4', recipe: 'attention' }, 'pre')).toBeNull();
    expect(publishedTop1('cifar100', { group: 'c2', recipe: 'lambda' }, 'pre')).toBeNull();
  });
});

describe('time', () => {
  const images = { training: 10_000, validation: 200 };
  const [, original, originalFine, , , lambda] = planSteps(choice());

  it('of finetuning is what the tower takes for every view, five times', () => {
    const seconds = expectedSeconds(originalFine!, images, { view: 0.08 }, new Set());
    const steps = 8 * 500 * 32 * 4 * 0.08 * 5;
    expect(seconds / steps).toBeGreaterThan(1);
    expect(seconds / steps).toBeLessThan(1.4);
  });

  it('of an orbit cache counts once per group and level', () => {
    const cached = new Set<string>();
    const first = expectedSeconds(lambda!, images, { view: 0.08 }, cached);
    const again = expectedSeconds(lambda!, images, { view: 0.08 }, cached);
    expect(first - again).toBeCloseTo(10_200 * 4 * 0.08 * 1.1, 6);
    expect(expectedSeconds(original!, images, { view: 0.08 }, cached)).toBeGreaterThan(again / 10);
  });

  it('left is corrected by the steps of the same kind alone', () => {
    const left = [
      { kind: 'prefinetune', expected: 10 },
      { kind: 'finetune', expected: 100 },
    ] as const;
    expect(secondsOfRest(left, [])).toBe(110);
    expect(secondsOfRest(left, [{ kind: 'prefinetune', expected: 5, seconds: 10 }])).toBe(120);
  });

  it('left is that of the steps that are not done', () => {
    const steps = planSteps(choice());
    const all = foresee(steps, images, 0.08, () => ({ done: false, seconds: null }));
    const last = foresee(steps, images, 0.08, ({ id }) => ({
      done: !id.endsWith('attention-fine'),
      seconds: null,
    }));
    expect(secondsLeft(last)).toBeCloseTo(all.at(-1)!.expected, 6);
    expect(secondsLeft(all)).toBeGreaterThan(4 * secondsLeft(last) * 0.9);
  });
});

it('says what always answering nevus scores', () => {
  const measured = {
    ...{ model: 'm', sha256: '', lesions: 145, dataSha256: '', groups: [], rows: [] },
    images: 193,
    classes: ['MEL', 'NV', 'BCC', 'AKIEC', 'BKL', 'DF', 'VASC'],
    imagesPerClass: [21, 123, 15, 8, 22, 1, 3],
  };
  expect(constantAnswerNote(measured)).toContain(
    'Always answering nevus scores 63.73 % top-1 on these 193 images',
  );
  expect(constantAnswerNote(measured)).toContain('1/7 (14.3 %)');
});

it('knows how to import a checkpoint for CIFAR-100', () => {
  expect(new Set(cifarTemplates).size).toBe(18);
  expect(cifarTemplates).toContain('a photo of a {}.');
  expect(cifarTemplates).toContain('a low contrast photo of the {}.');
  expect(cifarTemplates).toContain('a photo of the big {}.');
  const names = fineLabels.map((label) => label.replaceAll('_', ' '));
  const { command, prompts } = importCommand('cifar100', { classes: fineLabels, names }, 'prompts.json');
  expect(command).toContain('--classes apple,aquarium_fish,baby,');
  expect(prompts?.names.aquarium_fish).toBe('aquarium fish');
});

it('tells CLIP RN50 from other towers by its numbers', () => {
  const file = { path: 'x', sha256: '', bytes: 1 };
  const rn50 = {
    architecture: { backbone: 'clip-resnet', name: 'any name', parameters: 1 },
    head: { kind: 'attention-pool', layers: [3, 4, 6, 3], width: 64, heads: 32 },
    input: { size: 224, mean: [0, 0, 0], std: [1, 1, 1] },
    embedding: 1024,
    files: { imageTower: file, head: file, classEmbeddings: file, textTower: file },
  } satisfies Parameters<typeof modelDifferences>[0]['manifest'];
  expect(modelDifferences({ manifest: rn50 })).toEqual([]);
  expect(modelDifferences({ manifest: { ...rn50, embedding: 512 } })).toHaveLength(1);
  const files = { ...rn50.files, textTower: undefined };
  expect(modelDifferences({ manifest: { ...rn50, files } })[0]).toContain('no text tower');
});
