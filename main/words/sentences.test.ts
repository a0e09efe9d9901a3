import { describe, expect, it } from 'vitest';
import { disagreeing, disagreementWords, recordWords, restsOn, stabilityWords } from './sentences.ts';
import { recordOf } from './testing.ts';

describe('restsOn', () => {
  it('says when all orientations agree', () => {
    expect(restsOn(recordOf('NV', ['NV', 'NV', 'NV', 'NV']))).toEqual({
      footing: 'firm',
      sentence: 'All 4 orientations agree. That does not make the answer right.',
    });
  });

  it('says when an orientation dissents, and under which turns the answer stays', () => {
    const { footing, sentence } = restsOn(recordOf('NV', ['NV', 'MEL', 'NV', 'NV']));
    expect(footing).toBe('split');
    expect(sentence).toBe('3 of 4 orientations agree. The combined answer is the same at quarter turns.');
  });

  it('does not promise invariance for settings that have none', () => {
    const { sentence } = restsOn(recordOf('NV', ['NV', 'MEL', 'NV', 'NV'], { head: 'plain' }));
    expect(sentence).toContain('a turn can change the answer');
    expect(sentence).not.toContain('is the same');
  });

  it('says when orientations agree among themselves but not with the combined answer', () => {
    const { footing, sentence } = restsOn(recordOf('NV', ['MEL', 'MEL', 'MEL', 'MEL']));
    expect(footing).toBe('split');
    expect(sentence).toContain('melanoma by themselves');
  });

  it('claims nothing from one orientation', () => {
    expect(restsOn(recordOf('NV', ['NV'])).footing).toBe('untested');
    expect(stabilityWords(recordOf('NV', ['NV']))).toBe('one orientation only');
  });
});

describe('orientations that disagree', () => {
  const record = recordOf('NV', ['NV', 'MEL', 'NV', 'BCC']);
  it('are found and named', () => {
    expect([...disagreeing(record)]).toEqual([1, 3]);
    expect(disagreementWords(record)).toBe('At 90° alone: melanoma. At 270° alone: basal cell carcinoma.');
    expect(disagreementWords(recordOf('NV', ['NV', 'MEL', 'MEL', 'MEL']))).toBe(
      'At 90°, 180° and 270°: melanoma.',
    );
    expect(disagreementWords(recordOf('NV', ['NV', 'NV']))).toBeNull();
  });
  it('are part of what is read out', () => {
    expect(recordWords(record)).toBe('Nevus 70%, malignant 30%, same answer in 2 of 4 orientations');
  });
});
