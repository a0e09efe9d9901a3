import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adviceOf,
  answerOf,
  answerTitle,
  certaintySentence,
  measuredOf,
  measuredSentence,
  setSentence,
  sidesWords,
} from './answer.ts';
import { recordOf } from './testing.ts';

const recordWith = (probabilities: Record<string, number>, malignant: number | null) => ({
  ...recordOf('NV', ['NV']),
  probabilities,
  malignant,
});

describe('an answer', () => {
  it('leads with malignant where the sum is, although the likeliest class is benign', () => {
    const answer = answerOf(recordWith({ BKL: 0.38, AKIEC: 0.32, MEL: 0.3 }, 0.62));
    expect(answer.side).toBe('malignant');
    expect(answerTitle(answer)).toBe('Benign keratosis or actinic keratosis');
    expect(answer.certainty).toBe('unsure');
    expect(certaintySentence(answer)).toContain('yet the malignant classes together are likelier');
    expect(adviceOf(answer)).toContain('Do not rely');
  });

  it('names one class where no other comes near', () => {
    const answer = answerOf(recordWith({ NV: 0.9, MEL: 0.06, BCC: 0.04 }, 0.1));
    expect(answer).toMatchObject({ side: 'benign', certainty: 'sure', doubts: [] });
    expect(answerTitle(answer)).toBe('Nevus');
    expect(answer.next?.code).toBe('MEL');
    expect(adviceOf(answer)).toBeNull();
  });

  it('calls neither side where the sum is in the middle', () => {
    expect(answerOf(recordWith({ NV: 0.5, MEL: 0.3, BCC: 0.2 }, 0.5)).side).toBe('undecided');
    expect(answerOf(recordWith({ NV: 0.7, MEL: 0.3 }, null)).side).toBeNull();
  });

  it('is never sure of what it doubts, and always says why', () => {
    fc.assert(
      fc.property(fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 1, max: 1000 }))), (parts) => {
        const sum = parts.reduce((total, one) => total + one, 0);
        const [NV, MEL, BCC] = parts.map((one) => one / sum) as [number, number, number];
        const { certainty, doubts } = answerOf(recordWith({ NV, MEL, BCC }, MEL + BCC));
        expect(certainty === 'unsure').toBe(doubts.length > 0);
      }),
    );
  });
});

describe('what was measured', () => {
  const metric = (name: string, value: number, note?: string) => ({
    ...{ name, value, dataset: 'a set', images: 193 },
    ...(note === undefined ? {} : { note }),
  });
  const record = recordOf('MEL', ['MEL', 'MEL', 'MEL', 'MEL']);

  it('is that of the class and of the settings in use', () => {
    const found = measuredOf(record, [
      metric('recall/MEL', 0.5, 'c4 vanilla, upright'),
      metric('recall/MEL', 0.714, 'c4 lambda, upright'),
      metric('recall/NV', 0.9, 'c4 lambda, upright'),
      metric('Balanced accuracy', 0.651, 'c4 lambda, upright'),
    ]);
    expect(found.recall).toBe('Recall of melanoma 71.4%, on 193 images (a set)');
    expect(measuredSentence(found)).toContain('Balanced accuracy 65.1%');
  });

  it('is said to be missing where it is', () => {
    expect(measuredSentence(measuredOf(record, []))).toContain('Not measured');
    const other = measuredOf(record, [metric('Balanced accuracy', 0.6, 'c4 vanilla, upright')]);
    expect(measuredSentence(other)).toContain('Not measured');
    const overall = measuredOf(record, [metric('Balanced accuracy', 0.6)]);
    expect(measuredSentence(overall)).toContain(
      'Recall of this class: not measured. Balanced accuracy 60.0%',
    );
  });
});

it('the likelier side is said first', () => {
  expect(sidesWords(0.57)).toBe('Malignant 57%, benign 43%');
  expect(sidesWords(0.2)).toBe('Benign 80%, malignant 20%');
});

describe('a prediction set', () => {
  const record = recordWith({ MEL: 0.5, NV: 0.3, DF: 0.2 }, 0.5);
  const among = (classes: string[]) => setSentence({ ...record, set: { level: 90, classes } });

  it('names its classes and what it promises', () => {
    expect(among(['MEL', 'NV'])).toBe(
      'Melanoma or nevus (of such pictures 90% are covered, class by class).',
    );
  });

  it('says in words that it is empty or full, and nothing without a calibration', () => {
    expect(among([])).toContain('None of the classes');
    expect(among(['MEL', 'NV', 'DF'])).toContain('Any of the classes');
    expect(setSentence(record)).toBeNull();
  });

  it('that is empty leaves no answer sure', () => {
    const sure = { ...recordWith({ MEL: 0.97, NV: 0.03 }, 0.97), set: { level: 90, classes: [] } } as const;
    const answer = answerOf({ ...sure, set: { level: 90, classes: [] } });
    expect(answer.certainty).toBe('unsure');
    expect(answer.doubts).toContain('The picture fits none of the classes.');
  });
});
