import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksOf, spansOf } from './card.ts';

describe('blocksOf', () => {
  it('reads what model cards are made of', () => {
    const card = [
      '---',
      'license: apache-2.0',
      '---',
      '# A model',
      'First line',
      'goes **on**.',
      '',
      '- one `code`',
      '- two,',
      '  continued',
      '',
      '| a | b |',
      '|---|--:|',
      '| 1 | 2 |',
      '```',
      'npm start',
      '```',
    ].join('\n');
    expect(blocksOf(card)).toEqual([
      { kind: 'heading', level: 1, spans: [{ kind: 'text', text: 'A model' }] },
      {
        kind: 'paragraph',
        spans: [
          { kind: 'text', text: 'First line goes ' },
          { kind: 'strong', text: 'on' },
          { kind: 'text', text: '.' },
        ],
      },
      {
        kind: 'list',
        items: [
          [
            { kind: 'text', text: 'one ' },
            { kind: 'code', text: 'code' },
          ],
          [{ kind: 'text', text: 'two, continued' }],
        ],
      },
      {
        kind: 'table',
        rows: [
          [[{ kind: 'text', text: 'a' }], [{ kind: 'text', text: 'b' }]],
          [[{ kind: 'text', text: '1' }], [{ kind: 'text', text: '2' }]],
        ],
      },
      { kind: 'code', text: 'npm start' },
    ]);
  });

  it('keeps markup and links as text', () => {
    expect(spansOf('<img src=x onerror=alert(1)>')).toEqual([
      { kind: 'text', text: '<img src=x onerror=alert(1)>' },
    ]);
    expect(spansOf('[here](javascript:alert)')).toEqual([{ kind: 'text', text: 'here (javascript:alert)' }]);
  });

  it('reads what CommonMark allows: nesting, quotes, escapes, underscores', () => {
    expect(blocksOf('* a\n  * b _c_\n\n> **d `e`** \\*f\\*\n\n1. g')).toEqual([
      {
        kind: 'list',
        items: [
          [{ kind: 'text', text: 'a' }],
          [
            { kind: 'text', text: 'b ' },
            { kind: 'emphasis', text: 'c' },
          ],
        ],
      },
      {
        kind: 'paragraph',
        spans: [
          { kind: 'strong', text: 'd e' },
          { kind: 'text', text: ' *f*' },
        ],
      },
      { kind: 'list', items: [[{ kind: 'text', text: 'g' }]] },
    ]);
  });

  it('comes to an end with any text', () => {
    const scraps = fc.constantFrom('# ', '- ', '| ', '```', '\n', '\r\n', '  ', 'a', '**', '---', '1. ');
    fc.assert(
      fc.property(fc.array(scraps, { maxLength: 40 }), (parts) => {
        expect(Array.isArray(blocksOf(parts.join('')))).toBe(true);
      }),
    );
  });
});
