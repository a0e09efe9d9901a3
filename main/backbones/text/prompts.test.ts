import { describe, expect, it } from 'vitest';
import { isicClasses } from '../../contract/settings.ts';
import { expandPrompts, parsePrompts, referencePrompts } from './prompts.ts';

describe('expandPrompts', () => {
  it('puts the name of each class into each template', () => {
    const prompts = expandPrompts(referencePrompts, isicClasses);
    expect(prompts).toHaveLength(7);
    expect(prompts[2]).toEqual([
      'a photo of a Basal Cell Carcinoma skin lesion.',
      'a close-up photo of a Basal Cell Carcinoma lesion.',
      'a dermoscopic image of a Basal Cell Carcinoma.',
      'an image showing a Basal Cell Carcinoma.',
      'an example of a Basal Cell Carcinoma.',
    ]);
  });

  it('takes names literally and every place of a template', () => {
    const prompts = { names: { A: '$& {} $1' }, templates: ['{} or {}'] };
    expect(expandPrompts(prompts, ['A'])).toEqual([['$& {} $1 or $& {} $1']]);
  });

  it.each(['MEL2', '__proto__', 'constructor'])('refuses the class %s, which has no name', (code) => {
    expect(() => expandPrompts(referencePrompts, ['MEL', code])).toThrow(
      expect.objectContaining({
        code: 'PROMPTS_INVALID',
        message: expect.stringContaining(code) as unknown,
      }) as Error,
    );
  });
});

describe('parsePrompts', () => {
  it('reads a prompt file, with a byte order mark too', () => {
    const file = { names: { A: 'apple' }, templates: ['a {}'] };
    expect(parsePrompts(`\uFEFF${JSON.stringify(file)}`)).toEqual(file);
    expect(parsePrompts(JSON.stringify(referencePrompts))).toEqual(referencePrompts);
  });

  it.each([
    ['{', /not JSON/],
    ['[]', /expected object/],
    ['{"names": {"A": "a"}}', /templates/],
    ['{"names": {"A": "a"}, "templates": []}', /templates/],
    ['{"names": {"A": "a"}, "templates": ["no place"]}', /templates\.0: a template needs \{\}/],
    ['{"names": {"A": " "}, "templates": ["{}"]}', /names\.A/],
    ['{"names": {"A": 1}, "templates": ["{}"]}', /names\.A/],
    ['{"names": {"A": "a"}, "templates": ["{}"], "more": 1}', /more/],
  ])('refuses %s', (json, message) => {
    expect(() => parsePrompts(json)).toThrow(
      expect.objectContaining({
        code: 'PROMPTS_INVALID',
        message: expect.stringMatching(message) as unknown,
      }) as Error,
    );
  });
});
