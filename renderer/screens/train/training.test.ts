import { describe, expect, it } from 'vitest';
import type { CacheSummary } from '../../../main/contract/caches.ts';
import type { TrainingEvent } from '../../../main/contract/training-events.ts';
import type { RoundFigures } from '../../../main/contract/training.ts';
import { fieldsOf, valueAt } from '../../../main/contract/training-config.ts';
import { finetuneDefaults, trainingDefaults } from '../../../main/contract/training-defaults.ts';
import { trainKinds, type FieldTopic } from '../../../main/contract/training-fields.ts';
import { furtherTopics, optionsOf, shownFields, valueWords } from './training-fields.ts';
import {
  afterEvent,
  bestRound,
  cacheWords,
  duration,
  mergedFigures,
  orientationLabels,
  progressWords,
  roundSentence,
  startOfTraining,
} from './training.ts';

const figures = (round: number, balancedAccuracy: number, validationLoss = 1): RoundFigures => ({
  round,
  steps: round * 10,
  learningRate: null,
  loss: round === 0 ? null : 0.5,
  gradientNorm: null,
  validationLoss,
  balancedAccuracy,
  top1: 0.5,
  meanWeights: [],
  weightHistogram: null,
  seconds: 1,
});
const round = (number: number): TrainingEvent => ({
  kind: 'round',
  figures: figures(number, 0.5),
  best: false,
});
const step = (number: number): TrainingEvent => ({
  kind: 'step',
  round: 2,
  step: number,
  steps: 40,
  loss: 0.7,
  balancedAccuracy: null,
  secondsLeft: 60,
});

describe('a training, event by event', () => {
  it('is at what it said last, and keeps what lasts', () => {
    const error = { code: 'IMAGE_EMPTY', title: '', message: '', action: '' } as const;
    const events: TrainingEvent[] = [
      { kind: 'cache', done: 3, total: 9, bytes: 1, path: '' },
      { kind: 'skipped', images: [{ id: 'a', error }] },
      round(0),
      round(1),
      step(15),
    ];
    const progress = events.reduce(afterEvent, startOfTraining);
    expect(progress).toMatchObject({
      stage: 'steps',
      round: 2,
      done: 15,
      total: 40,
      secondsLeft: 60,
      loss: 0.7,
    });
    expect(progress.figures.map((one) => one.round)).toEqual([0, 1]);
    expect(progress.skipped.map(({ id }) => id)).toEqual(['a']);
    expect(progressWords(progress, 'prefinetune', 4)).toBe('Round 2 of 4, step 15 of 40');
    expect(progressWords(afterEvent(progress, step(40)), 'prefinetune', 4)).toBe('Finishing the model');
    const cached = afterEvent(startOfTraining, events[0]!);
    expect(progressWords(cached, 'prefinetune', 4)).toBe('Computing orientations: 3 of 9 images');
    expect(progressWords(cached, 'scratch', 4)).toBe('Decoding: 3 of 9 images');
  });

  it('takes rounds from the folder up to those that came since', () => {
    const before = [figures(0, 0.1), figures(1, 0.2), figures(2, 0.3)];
    const rounds = mergedFigures(before, [figures(2, 0.9), figures(3, 0.4)]);
    expect(rounds.map((one) => [one.round, one.balancedAccuracy])).toEqual([
      [0, 0.1],
      [1, 0.2],
      [2, 0.9],
      [3, 0.4],
    ]);
    expect(mergedFigures(before, [])).toEqual(before);
  });

  it('has its best round by accuracy, then by loss, and never before training', () => {
    const rounds = [
      figures(0, 0.9),
      figures(1, 0.5),
      figures(2, 0.6, 1),
      figures(3, 0.6, 0.8),
      figures(4, 0.6, 0.9),
    ];
    expect(bestRound(rounds)?.round).toBe(3);
    expect(bestRound(rounds, 4)?.round).toBe(4);
    expect(bestRound(rounds.slice(0, 1))).toBeNull();
    expect(roundSentence(rounds.slice(0, 4), 9, 3)).toBe(
      'Round 3 of 9: balanced accuracy 60.0%, the best so far.',
    );
    expect(roundSentence(rounds.slice(0, 1), 9, null)).toBe('Before training: balanced accuracy 90.0%.');
  });
});

it('names orientations in the order of the groups: turns, then mirrored turns', () => {
  const turned = ['0°', '90°', '180°', '270°'];
  expect(orientationLabels).toEqual({
    c1: ['0°'],
    c2: ['0°', '180°'],
    c4: turned,
    d1: ['0°', 'M 0°'],
    d4: [...turned, ...turned.map((turn) => `M ${turn}`)],
  });
});

it('promises no more time than is known', () => {
  expect([20, 600, 5400, 200_000].map(duration)).toEqual([
    'about a minute',
    'about 10 minutes',
    'about 1.5 hours',
    'about 2 days',
  ]);
});

describe('the fields of the form', () => {
  const topics: FieldTopic[] = ['first', ...furtherTopics.map(({ topic }) => topic)];

  it.each(trainKinds)('of %s are all there, each once, and each value has its words', (kind) => {
    const known = fieldsOf(kind).filter(({ path }) => path !== 'method');
    const sorted = topics.flatMap((topic) => known.filter((field) => field.topic === topic));
    expect(sorted.length).toBe(known.length);
    for (const field of fieldsOf(kind)) {
      expect(valueWords(field, valueAt(trainingDefaults[kind], field.path)), field.path).not.toMatch(
        /undefined|null|object/,
      );
      for (const { name } of optionsOf(field)) expect(name).not.toBe('');
    }
    const shown = topics.flatMap((topic) => shownFields(kind, topic, trainingDefaults[kind]));
    expect(new Set(shown.map(({ path }) => path)).size).toBe(shown.length);
  });

  it('are shown where they have an effect', () => {
    const shown = (config: object) =>
      topics
        .flatMap((topic) => shownFields('finetune', topic, { ...finetuneDefaults, ...config }))
        .map(({ path }) => path);
    expect(shown({ method: 'vanilla' })).not.toContain('group');
    expect(shown({ method: 'lambda' })).toEqual(
      expect.arrayContaining(['group', 'head', 'network', 'level']),
    );
    expect(shown({ method: 'lambda', level: 'embedding' })).not.toContain('head');
    expect(shown({ optimizer: 'adamw' })).not.toContain('momentum');
  });
});

it('caches are told by what they hold', () => {
  const cache = { name: 'x', bytes: 1, changed: '', inUse: false };
  const words = (holds: CacheSummary['holds']) => cacheWords({ ...cache, holds });
  expect(words({ content: 'features', model: 'base', group: 'd4', images: 1 })).toBe(
    'Feature maps, D4, base',
  );
  expect(words({ content: 'embeddings', model: 'base', group: 'c4', images: 1 })).toBe(
    'Embeddings, C4, base',
  );
  expect(words({ content: 'pixels', side: 160, images: 1 })).toBe('Decoded pictures, 160 px');
  expect(words(null)).toBe('Of another version');
});
