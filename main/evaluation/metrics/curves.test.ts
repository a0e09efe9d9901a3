import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codes, tiedSets } from '../testing/sets.ts';
import { confusionMatrix, worstAnswers } from './confusion.ts';
import { curvePoints, operatingPoints } from './curves.ts';
import { areaUnderRoc, countRanked, rankedCounts } from './ranking.ts';
import { equalWeights, prepare } from './scored-set.ts';

const set = prepare({
  classes: codes(2),
  labels: Int32Array.of(0, 1, 0, 1),
  probabilities: Float64Array.of(0.9, 0.1, 0.6, 0.4, 0.5, 0.5, 0.2, 0.8),
});

describe('curves', () => {
  it('have one point per distinct probability', () => {
    expect(curvePoints(set, 0)).toEqual([
      { threshold: null, sensitivity: 0, specificity: 1, precision: null },
      { threshold: 0.9, sensitivity: 0.5, specificity: 1, precision: 1 },
      { threshold: 0.6, sensitivity: 0.5, specificity: 0.5, precision: 0.5 },
      { threshold: 0.5, sensitivity: 1, specificity: 0.5, precision: 2 / 3 },
      { threshold: 0.2, sensitivity: 1, specificity: 0, precision: 0.5 },
    ]);
  });

  it('enclose the area under the ROC curve and end in the corners', () => {
    fc.assert(
      fc.property(tiedSets, (tied) => {
        const prepared = prepare(tied);
        const points = curvePoints(prepared, 0);
        const counts = countRanked(
          prepared,
          0,
          equalWeights(prepared.imageCount),
          rankedCounts(prepared.imageCount),
        );
        if (Number.isNaN(areaUnderRoc(counts))) {
          expect(points).toEqual([]);
          return;
        }
        const area = points
          .slice(1)
          .reduce(
            (sum, to, index) =>
              sum +
              ((points[index]!.specificity - to.specificity) *
                (points[index]!.sensitivity + to.sensitivity)) /
                2,
            0,
          );
        expect(area).toBeCloseTo(areaUnderRoc(counts), 12);
        expect(points.at(-1)).toMatchObject({ sensitivity: 1, specificity: 0 });
      }),
    );
  });

  it('name the threshold of an operating point', () => {
    const points = operatingPoints(set, 0);
    expect(points.atSpecificity['90']).toMatchObject({ threshold: 0.9, sensitivity: 0.5 });
    expect(points.atSensitivity['95']).toMatchObject({ threshold: 0.5, specificity: 0.5 });
    const one = prepare({
      classes: codes(2),
      labels: Int32Array.of(0),
      probabilities: Float64Array.of(1, 0),
    });
    expect(operatingPoints(one, 0).atSpecificity['95']).toBeNull();
  });
});

describe('the confusion matrix', () => {
  it('keeps undecided answers apart and knows the images of every cell', () => {
    expect(confusionMatrix(set)).toEqual({
      classes: ['A', 'B'],
      counts: [
        [1, 0, 1],
        [1, 1, 0],
      ],
      images: [
        [[0], [], [2]],
        [[1], [3], []],
      ],
    });
  });

  it('holds every image once', () => {
    fc.assert(
      fc.property(tiedSets, (tied) => {
        const all = confusionMatrix(prepare(tied)).images.flat(2);
        expect(all.sort((a, b) => a - b)).toEqual(Array.from(tied.labels.keys()));
      }),
    );
  });

  it('lists the worst answers first', () => {
    expect(worstAnswers(set)).toEqual([1, 2]);
  });
});
