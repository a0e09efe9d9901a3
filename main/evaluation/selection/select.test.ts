import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageGroup, ImageSelection } from '../../contract/evaluated-images.ts';
import type { WeightSummary } from '../../contract/figures.ts';
import { asMalignant } from '../robustness/malignancy.ts';
import { summariseWeights } from '../weights/weights.ts';
import type { StoredAnswers } from '../run/answers.ts';
import { selectImages } from './select.ts';

// Six images of three classes; NV and BKL are benign. `weight` is that of the upright one of two orientations.
const classes = ['MEL', 'NV', 'BKL'];
const rows: { label: string; probabilities: number[]; views: (string | null)[]; weight: number }[] = [
  { label: 'MEL', probabilities: [0.9, 0.06, 0.04], views: ['MEL', 'MEL'], weight: 0.25 },
  { label: 'MEL', probabilities: [0.6, 0.3, 0.1], views: ['MEL', 'NV'], weight: 0.3 },
  { label: 'NV', probabilities: [0.1, 0.3, 0.6], views: ['BKL', 'NV'], weight: 1 },
  { label: 'NV', probabilities: [0.7, 0.2, 0.1], views: ['MEL', 'MEL'], weight: 0.5 },
  { label: 'BKL', probabilities: [0.4, 0.2, 0.4], views: [null, 'BKL'], weight: 0.75 },
  { label: 'BKL', probabilities: [0.1, 0.2, 0.7], views: ['BKL', 'BKL'], weight: 0.15 },
];
const indexOf = (code: string | null) => (code === null ? -1 : classes.indexOf(code));
const all: StoredAnswers = {
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
    freeAngles: {
      transformations: ['0° (masked)', '30°', '60°'],
      answers: [
        Int16Array.of(0, 0, 1, 0, 2, 2),
        Int16Array.of(0, 1, 1, 0, 2, 2),
        Int16Array.of(0, 1, 1, 2, -1, 2),
      ],
    },
    weights: {
      orientations: ['0°', '180°'],
      weights: Float64Array.from(rows.flatMap(({ weight }) => [weight, 1 - weight])),
    },
  },
};
const select = (selection: ImageSelection, limit = 100) =>
  selectImages(all, selection, limit, (path) => `id-${path}`);
const names = (selection: ImageSelection) => select(selection).images.map(({ name }) => name);

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
    const { images } = select({ kind: 'threshold', code: 'MEL', threshold: 0.65 });
    expect(images.map(({ name, score }) => [name, score])).toEqual([
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

  it('cross the border of malignancy by the rule of the robustness figures, however codes are written', () => {
    const lower = classes.map((code) => code.toLowerCase());
    const selected = selectImages({ ...all, classes: lower }, { kind: 'malignancyFlipped' }, 100, String);
    const counted = asMalignant({
      classes: lower,
      labels: Int32Array.from(all.images, ({ label }) => label),
      transformations: all.row.transformations,
      answers: all.row.answers.map((answers) => Int32Array.from(answers)),
    })!.answers;
    const crossing = [...all.images.keys()].filter((place) => counted[0]![place] !== counted[1]![place]);
    expect(selected.images.map(({ name }) => name)).toEqual(['4', '1']);
    expect(selected.total).toBe(crossing.length);
  });

  it('are those of a bar of weights, its lower end included, of the group that is drawn', () => {
    const bar = (from: number, to: number | null, among: ImageGroup = { of: 'all' }) =>
      names({ kind: 'weight', orientation: '0°', from, to, among });
    expect(bar(0.25, 0.5)).toEqual(['1', '0']);
    expect(bar(0.5, 0.75)).toEqual(['3']);
    // The last bar holds its upper end.
    expect(bar(0.75, null)).toEqual(['2', '4']);
    expect(bar(0.25, null, { of: 'right' })).toEqual(['1', '0']);
    expect(bar(0.25, null, { of: 'wrong' })).toEqual(['3', '2', '4']);
    expect(bar(0.25, null, { of: 'class', label: 'NV' })).toEqual(['3', '2']);
    expect(
      names({ kind: 'weight', orientation: '180°', from: 0.85, to: null, among: { of: 'all' } }),
    ).toEqual(['5']);
    expect(names({ kind: 'weight', orientation: '90°', from: 0, to: null, among: { of: 'all' } })).toEqual(
      [],
    );
  });

  it('are those in which another orientation counts more than the upright one; a tie does not', () => {
    expect(names({ kind: 'notUpright', among: { of: 'all' } })).toEqual(['1', '5', '0']);
    expect(names({ kind: 'notUpright', among: { of: 'class', label: 'BKL' } })).toEqual(['5']);
  });

  it('are those whose answer changes at a free angle, with the angles that change it', () => {
    expect(names({ kind: 'angle', angle: '30°' })).toEqual(['1']);
    expect(names({ kind: 'angle', angle: '60°' })).toEqual(['3', '4', '1']);
    expect(names({ kind: 'angle', angle: null })).toEqual(['3', '4', '1']);
    expect(names({ kind: 'angle', angle: '0° (masked)' })).toEqual([]);
    const { images } = select({ kind: 'angle', angle: '60°' });
    expect(images.map(({ views }) => views)).toEqual([
      [
        { transformation: '0° (masked)', answer: 'MEL' },
        { transformation: '60°', answer: 'BKL' },
      ],
      [
        { transformation: '0° (masked)', answer: 'BKL' },
        { transformation: '60°', answer: null },
      ],
      [
        { transformation: '0° (masked)', answer: 'MEL' },
        { transformation: '30°', answer: 'NV' },
        { transformation: '60°', answer: 'NV' },
      ],
    ]);
  });

  it('are as many as a bar of the summary says, wherever weights lie', () => {
    const classList = ['A', 'B'];
    const set = fc.array(fc.tuple(fc.integer({ min: -8, max: 48 }), fc.nat(1), fc.nat(1)), { minLength: 1 });
    fc.assert(
      fc.property(set, (list) => {
        // Multiples of a fortieth lie on edges of the bins, or next to them by rounding.
        const weights = {
          orientations: ['0°', '180°'],
          weights: Float64Array.from(list.flatMap(([part]) => [part / 40, 1 - part / 40])),
        };
        const truth = {
          classes: classList,
          labels: Int32Array.from(list, ([, label]) => label),
          answers: Int32Array.from(list, ([, , answer]) => answer),
        };
        const report = summariseWeights(weights, truth);
        const stored: StoredAnswers = {
          classes: classList,
          images: list.map(([, label], place) => ({ id: `${place}`, path: null, label })),
          row: {
            id: 'c2-lambda',
            probabilities: Float64Array.from(list.flatMap(([, , answer]) => [1 - answer, answer])),
            transformations: ['0°'],
            answers: [Int16Array.from(truth.answers)],
            freeAngles: null,
            weights,
          },
        };
        const total = (selection: ImageSelection) => selectImages(stored, selection, 1, String).total;
        const groups: [ImageGroup, WeightSummary | null | undefined][] = [
          [{ of: 'all' }, report.all],
          [{ of: 'right' }, report.right],
          [{ of: 'wrong' }, report.wrong],
          [{ of: 'class', label: 'B' }, report.byClass.B],
        ];
        const last = report.edges.length - 2;
        for (const [among, summary] of groups) {
          for (const { orientation, histogram } of summary?.orientations ?? []) {
            const found = histogram.map((_, bin) => {
              const to = bin === last ? null : report.edges[bin + 1]!;
              return total({ kind: 'weight', orientation, from: report.edges[bin]!, to, among });
            });
            expect(found).toEqual(histogram);
          }
          const apart = total({ kind: 'notUpright', among });
          expect(apart).toBe(Math.round((summary?.notUprightShare ?? 0) * (summary?.images ?? 0)));
        }
      }),
    );
  });

  it('are refused by weight or angle where none were kept', () => {
    const older: StoredAnswers = { ...all, row: { ...all.row, freeAngles: null, weights: null } };
    const ask = (selection: ImageSelection) => () => selectImages(older, selection, 10, String);
    const code = expect.objectContaining({ code: 'EVALUATION_OLDER' }) as Error;
    expect(ask({ kind: 'notUpright', among: { of: 'all' } })).toThrow(code);
    expect(ask({ kind: 'angle', angle: null })).toThrow(code);
    expect(ask({ kind: 'weight', orientation: '0°', from: 0, to: 1, among: { of: 'all' } })).toThrow(code);
    expect(ask({ kind: 'wrong' })().images[0]?.weights).toEqual([]);
  });

  it('come with what is needed to show them, as many as asked for', () => {
    const { total, images } = select({ kind: 'wrong' }, 1);
    expect(total).toBe(3);
    expect(images).toEqual([
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
        weights: [
          { orientation: '0°', weight: 0.5 },
          { orientation: '180°', weight: 0.5 },
        ],
      },
    ]);
    expect(select({ kind: 'cell', label: 'BKL', answer: 'BKL' }).images[0]?.image).toBeNull();
  });
});
