import { describe, expect, it } from 'vitest';
import type { WeightReport, WeightSummary } from '../../../main/contract/figures.ts';
import { barSelection, notUprightSelection, weightBins, weightGroups } from './weights.ts';

const summary = (...histograms: number[][]): WeightSummary =>
  ({
    orientations: histograms.map((histogram, index) => ({ orientation: `${index * 180}°`, histogram })),
  }) as unknown as WeightSummary;
const report: WeightReport = {
  edges: [0, 0.25, 0.5, 0.75, 1],
  all: summary([0, 2, 0, 1], [1, 0, 0, 2]),
  byClass: { MEL: summary([0, 1, 0, 0], [0, 0, 0, 1]), XX: summary([0, 1, 0, 1], [1, 0, 0, 1]) },
  right: null,
  wrong: summary([0, 2, 0, 1], [1, 0, 0, 2]),
};

describe('weights as they are drawn', () => {
  it('are of the groups that have images', () => {
    expect(weightGroups(report).map(({ id, name }) => [id, name])).toEqual([
      ['all', 'All images'],
      ['wrong', 'Wrong answers'],
      ['class/MEL', 'Melanoma'],
      ['class/XX', 'XX'],
    ]);
  });

  it('have bars where some orientation has images', () => {
    expect(weightBins(report.edges, report.all)).toEqual([
      { index: 0, from: 0, to: 0.25, images: [0, 1] },
      { index: 1, from: 0.25, to: 0.5, images: [2, 0] },
      { index: 3, from: 0.75, to: 1, images: [1, 2] },
    ]);
  });

  it('open the images of a bar in its group; the last bar has no end', () => {
    const [all, , melanoma] = weightGroups(report);
    const [, second, last] = weightBins(report.edges, report.all);
    expect(barSelection(second!, 3, '0°', all!)).toEqual({
      selection: { kind: 'weight', orientation: '0°', from: 0.25, to: 0.5, among: { of: 'all' } },
      words: 'Weight of 0° from 0.250 to 0.500',
    });
    expect(barSelection(last!, 3, '180°', melanoma!)).toEqual({
      selection: {
        kind: 'weight',
        orientation: '180°',
        from: 0.75,
        to: null,
        among: { of: 'class', label: 'MEL' },
      },
      words: 'Weight of 180° from 0.750 to 1.000, Melanoma',
    });
    expect(notUprightSelection(melanoma!)).toEqual({
      selection: { kind: 'notUpright', among: { of: 'class', label: 'MEL' } },
      words: 'Another orientation has the largest weight, Melanoma',
    });
  });
});
