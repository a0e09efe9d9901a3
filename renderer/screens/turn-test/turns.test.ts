import { describe, expect, it } from 'vitest';
import type { TurnTestPoint } from '../../../main/contract/engine.ts';
import { flips, nearestPoint, range, turnSentence } from './turns.ts';

const answer = (top: string, malignant: number | null): TurnTestPoint['plain'] => ({
  probabilities: { [top]: 0.6, OTHER: 0.4 },
  malignant,
});
const points: TurnTestPoint[] = ['NV', 'NV', 'MEL', 'MEL'].map((top, index) => ({
  angle: index * 90,
  plain: answer(top, 0.2 + index / 10),
  equivariant: answer('NV', 0.3),
}));

describe('flips', () => {
  it('finds every change of the answer, around the whole circle', () => {
    expect(flips(points, 'plain', true)).toEqual([
      { angle: 0, from: 'MEL', to: 'NV' },
      { angle: 180, from: 'NV', to: 'MEL' },
    ]);
  });
  it('does not close a circle that is not whole yet', () => {
    expect(flips(points.slice(0, 3), 'plain', false)).toEqual([{ angle: 180, from: 'NV', to: 'MEL' }]);
  });
  it('finds none where nothing changes, and none among few points', () => {
    expect(flips(points, 'equivariant', true)).toEqual([]);
    expect(flips(points.slice(0, 1), 'plain', true)).toEqual([]);
    expect(flips([], 'plain', true)).toEqual([]);
  });
});

describe('words on a turn test', () => {
  it('says how often, what, and how far', () => {
    expect(turnSentence(points, 'plain', true)).toBe(
      'Changes its answer 2 times: Nevus, Melanoma. Malignant between 20% and 50%.',
    );
    expect(turnSentence(points, 'equivariant', true)).toBe(
      'Answers Nevus at every angle. Malignant stays at 30%.',
    );
    expect(turnSentence([], 'plain', false)).toBe('Not measured yet.');
  });
  it('leaves out what a model does not know', () => {
    expect(range([null, null])).toBeNull();
    const unknowing = points.map((point) => ({ ...point, equivariant: answer('X', null) }));
    expect(turnSentence(unknowing, 'equivariant', true)).toBe('Answers X at every angle.');
  });
});

describe('nearestPoint', () => {
  it('is the measured angle nearest to the cursor', () => {
    expect(nearestPoint(points, 130)?.angle).toBe(90);
    expect(nearestPoint([], 130)).toBeNull();
  });
});
