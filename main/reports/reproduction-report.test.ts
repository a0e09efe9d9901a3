import { expect, it } from 'vitest';
import type { Measurement, Reproduction } from '../contract/reproduction.ts';
import { prefinetuneDefaults } from '../contract/training-defaults.ts';
import { reproductionReport } from './reproduction-report.ts';

const hostile = '<img src=x onerror="alert(1)">&\'';
const figure = (name: string, value: number) => ({
  name,
  value,
  low: value - 0.1,
  high: value + 0.1,
  definedShare: 1,
});
const measurement = (method: 'vanilla' | 'lambda', flipRate: number): Measurement => ({
  settings: { group: 'c4', method, level: 'embedding', inverse: 'off', head: 'plain' },
  top1: figure('top1', 0.2),
  balancedAccuracy: figure('balancedAccuracy', 0.25),
  flipRate: figure('flipped', flipRate),
  boundWithoutFlips: flipRate === 0 ? 0.021 : null,
  turnCheck: { images: 16, largestDifference: 2e-8, changedAnswers: 0 },
});
const stage = { model: hostile, sha256: 'ab', config: prefinetuneDefaults, seconds: 120, failure: null };

const reproduction: Reproduction = {
  schema: 1,
  dermorbit: '0.0.0',
  versions: { node: '24' },
  made: '2026-01-02T03:04:05.000Z',
  dataset: 'isic',
  title: 'ISIC 2018 Task 3',
  source: 'The papers',
  model: { id: 'rn50', name: hostile, architecture: 'RN50', sha256: 'cd', checkpointSha256: null },
  data: {
    ...{ training: hostile, validation: '/v', limit: 5, images: 193, lesions: 145, sha256: 'ef' },
    ...{ classes: ['MEL', 'NV'], imagesPerClass: [70, 123] },
  },
  ...{ provider: 'cpu', seed: 1, scale: 0.5, onlyPrefinetune: false },
  zeroShot: [measurement('vanilla', 0.3)],
  rows: [
    {
      ...{ id: 'c4-original', group: 'c4', recipe: 'original', title: 'original' },
      stages: [
        { ...stage, stage: 'pre', published: 0.1503, measured: measurement('lambda', 0) },
        {
          ...stage,
          stage: 'fine',
          published: null,
          measured: null,
          sha256: null,
          failure: `diverged ${hostile}`,
        },
      ],
    },
  ],
  notes: ['Always answering nevus scores 63.73 %'],
  differences: ['A trial', hostile],
};

it('sets published beside measured numbers, with notes, differences, settings and hashes', () => {
  const page = reproductionReport(reproduction);
  expect(page).toContain(
    '<td>15.03 %</td><td>20.0 % <span class="interval">10.0 to 30.0</span></td><td>+5.0</td>',
  );
  expect(page).toContain('0 flips');
  expect(page).toContain('&le; 2.1 %');
  for (const words of [
    'not published',
    'diverged',
    '63.73 %',
    'A trial',
    '50 % of the published',
    'learningRate',
    '2.0e-8',
  ]) {
    expect(page).toContain(words);
  }
});

it('is self-contained and escapes whatever comes from outside', () => {
  const page = reproductionReport(reproduction);
  expect(page).not.toContain('<img');
  expect(page).not.toMatch(/<script|https?:|url\(/);
});
