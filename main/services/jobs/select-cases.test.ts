import { describe, expect, it } from 'vitest';
import type { CaseSelection } from '../../contract/cases.ts';
import { selectCases, type AllCases } from './select-cases.ts';

// Six images of three classes; NV and BKL are benign.
const classes = ['MEL', 'NV', 'BKL'];
const rows: { label: string; probabilities: number[]; views: (string | null)[] }[] = [
  { label: 'MEL', probabilities: [0.9, 0.06, 0.04], views: ['MEL', 'MEL'] },
  { label: 'MEL', probabilities: [0.6, 0.3, 0.1], views: ['MEL', 'NV'] },
  { label: 'NV', probabilities: [0.1, 0.3, 0.6], views: ['BKL', 'NV'] },
  { label: 'NV', probabilities: [0.7, 0.2, 0.1], views: ['MEL', 'MEL'] },
  { label: 'BKL', probabilities: [0.4, 0.2, 0.4], views: [null, 'BKL'] },
  { label: 'BKL', probabilities: [0.1, 0.2, 0.7], views: ['BKL', 'BKL'] },
];
const indexOf = (code: string | null) => (code === null ? -1 : classes.indexOf(code));
const all: AllCases = {
  classes,
  images: rows.map(({ label }, place) => ({
    id: `${place}`,
    path: place === 5 ? null : `/data/${place}.jpg`,
    label: indexOf(label),
  })),
  row: {
    id: 'c2-vanilla',
    probabilities: Float64Array.from(rows.flatMap(({ probabilities }) => probabilities)),
    transformations: ['0°', '180°'],
    answers: [0, 1].map((view) => Int16Array.from(rows, ({ views }) => indexOf(views[view] ?? null))),
  },
};
const select = (selection: CaseSelection, limit = 100) =>
  selectCases(all, selection, limit, (path) => `id-${path}`);
const names = (selection: CaseSelection) => select(selection).cases.map(({ name }) => name);

describe('the images behind a figure', () => {
  it('are those of a cell, ties being undecided, the least probable first', () => {
    expect(names({ kind: 'cell', label: 'MEL', answer: 'MEL' })).toEqual(['1', '0']);
    expect(names({ kind: 'cell', label: 'NV', answer: 'MEL' })).toEqual(['3']);
    expect(names({ kind: 'cell', label: 'BKL', answer: null })).toEqual(['4']);
    expect(names({ kind: 'wrong' })).toEqual(['3', '2', '4']);
    // Wrong ones first, then right ones.
    expect(names({ kind: 'all' })).toEqual(['3', '2', '4', '1', '5', '0']);
  });

  it('are what a threshold gets wrong, the furthest from it first', () => {
    // Called MEL from 0.65 on: one melanoma is missed, one nevus is called one.
    const { cases } = select({ kind: 'threshold', code: 'MEL', threshold: 0.65 });
    expect(cases.map(({ name, score }) => [name, score])).toEqual([
      ['3', 0.7],
      ['1', 0.6],
    ]);
    expect(names({ kind: 'threshold', code: 'MEL', threshold: 0.7 })).toEqual(['3', '1']);
    // Nothing called positive: every melanoma is missed.
    expect(names({ kind: 'threshold', code: 'MEL', threshold: null })).toEqual(['1', '0']);
  });

  it('are those of a bin, its upper end included', () => {
    expect(names({ kind: 'confidence', from: 0.6, to: 0.7 })).toEqual(['3', '5']);
    expect(names({ kind: 'confidence', from: 0.5, to: 0.6 })).toEqual(['2', '1']);
  });

  it('are those whose answer turning changes, or moves across the border of malignancy', () => {
    expect(names({ kind: 'robustness', which: 'consistentlyRight' })).toEqual(['5', '0']);
    expect(names({ kind: 'robustness', which: 'rightToWrong' })).toEqual(['1']);
    expect(names({ kind: 'robustness', which: 'wrongToRight' })).toEqual(['2', '4']);
    expect(names({ kind: 'robustness', which: 'consistentlyWrong' })).toEqual(['3']);
    expect(names({ kind: 'flipped' })).toEqual(['2', '4', '1']);
    // From benign to benign is no crossing; undecided is a side of its own.
    expect(names({ kind: 'malignancyFlipped' })).toEqual(['4', '1']);
  });

  it('come with what is needed to show them, as many as asked for', () => {
    const { total, cases } = select({ kind: 'wrong' }, 1);
    expect(total).toBe(3);
    expect(cases).toEqual([
      {
        name: '3',
        image: 'id-/data/3.jpg',
        label: 'NV',
        answer: 'MEL',
        confidence: 0.7,
        probability: 0.2,
        score: null,
        views: [
          { transformation: '0°', answer: 'MEL' },
          { transformation: '180°', answer: 'MEL' },
        ],
      },
    ]);
    expect(select({ kind: 'cell', label: 'BKL', answer: 'BKL' }).cases[0]?.image).toBeNull();
  });
});
