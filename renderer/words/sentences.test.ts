import { describe, expect, it } from 'vitest';
import { disagreeing, disagreementWords, recordWords, restsOn, stabilityWords } from './sentences.ts';
import { recordOf } from './testing.ts';

describe('restsOn', () => {
  it('says when all orientations agree', () => {
    expect(restsOn(recordOf('NV', ['NV', 'NV', 'NV', 'NV']))).toEqual({
      footing: 'firm',
      sentence: 'Same answer in all 4 orientations.',
    });
  });

  it('says when the plain model would change its answer', () => {
    const { footing, sentence } = restsOn(recordOf('NV', ['NV', 'MEL', 'NV', 'NV']));
    expect(footing).toBe('split');
    expect(sentence).toContain('plain model would change its answer when the picture is turned');
    expect(sentence).toContain('3 of 4');
    expect(sentence).toContain('The combined answer stays.');
  });

  it('does not promise invariance for settings that have none', () => {
    const { sentence } = restsOn(recordOf('NV', ['NV', 'MEL', 'NV', 'NV'], { head: 'plain' }));
    expect(sentence).toContain('these settings may too');
    expect(sentence).not.toContain('stays');
  });

  it('says when orientations agree among themselves but not with the combined answer', () => {
    const { footing, sentence } = restsOn(recordOf('NV', ['MEL', 'MEL', 'MEL', 'MEL']));
    expect(footing).toBe('split');
    expect(sentence).toContain('Melanoma by themselves');
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
    expect(disagreementWords(record)).toBe('Melanoma at 90°; Basal cell carcinoma at 270°');
    expect(disagreementWords(recordOf('NV', ['NV', 'MEL', 'MEL', 'MEL']))).toBe(
      'Melanoma at 90°, 180° and 270°',
    );
    expect(disagreementWords(recordOf('NV', ['NV', 'NV']))).toBeNull();
  });
  it('are part of what is read out', () => {
    expect(recordWords(record)).toBe('Nevus 70%, malignant 30%, same answer in 2 of 4 orientations');
  });
});
