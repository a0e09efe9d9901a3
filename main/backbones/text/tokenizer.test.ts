import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../testing/safetensors.ts';
import { goldenPath } from '../../testing/shared.ts';
import { cleanText } from './text-cleaning.ts';
import { END_TOKEN, START_TOKEN, tokenize } from './tokenizer.ts';

/** Tokens between start and end. */
function tokensOf(text: string): number[] {
  const tokens = [...tokenize([text])];
  expect(tokens[0]).toBe(START_TOKEN);
  return tokens.slice(1, tokens.lastIndexOf(END_TOKEN));
}

/** Made with OpenAI's algorithm in Python, with ftfy 6.3.1 and the regex module, on the same merges. */
const reference: readonly (readonly [text: string, tokens: readonly number[]])[] = [
  ['a photo of a melanoma', [320, 1125, 539, 320, 40862]],
  ['a photo of a Melanoma skin lesion.', [320, 1125, 539, 320, 40862, 3575, 534, 1015, 269]],
  ['×', [16165]],
  ['nævus 3×4mm', [77, 42495, 85, 718, 274, 16165, 275, 2848]],
  ['👍🏽 great', [43722, 830]],
  ['皮肤镜图像', [163, 248, 106, 164, 224, 97, 165, 243, 250, 39027, 122, 161, 225, 493]],
  ['café naïve über', [15304, 1097, 35689, 563, 6522, 1516]],
  ["it's don't 1234 !!! ...", [585, 568, 847, 713, 272, 273, 274, 275, 995, 678]],
  ['x'.repeat(30), [32035, 32035, 32035, 32035, 32035, 32035, 5675, 22819]],
  ['__proto__ constructor', [3838, 44958, 3838, 13321, 1208]],
  ['½ ² ٣', [33613, 41175, 149, 352]],
  ['', []],
];

describe('tokenize', () => {
  it.each(reference)('%j', (text, tokens) => {
    expect(tokensOf(text)).toEqual(tokens);
  });

  it('pads with zeros to the context length', () => {
    expect([...tokenize(['a', ''], 5)]).toEqual([
      START_TOKEN,
      320,
      END_TOKEN,
      0,
      0,
      START_TOKEN,
      END_TOKEN,
      0,
      0,
      0,
    ]);
    expect(tokenize(['a', 'b', 'c'])).toHaveLength(3 * 77);
  });

  it('cuts what is too long and keeps the end token', () => {
    const tokens = tokenize(['a '.repeat(200)]);
    expect(tokens).toHaveLength(77);
    expect([tokens[0], tokens[1], tokens[75], tokens[76]]).toEqual([START_TOKEN, 320, 320, END_TOKEN]);
  });

  it('gives the golden tokens', () => {
    const { data } = readSafetensors(goldenPath('expected.safetensors')).get('tokens')!;
    expect([...tokenize(['a photo of a cat'])]).toEqual([...data.subarray(0, 77)]);
  });
});

describe('cleanText', () => {
  it.each([
    ['  Two\t words\r\n', 'two words'],
    ['a &amp; b &lt;3 &eacute; &#233; &#xE9; &times;', 'a & b <3 é é é ×'],
    ['&amp;amp;lt; &nosuch; & &;', '< &nosuch; & &;'],
    // As html.unescape of Python: what is no character becomes the mark for that; &#128; is Windows' euro sign.
    ['&#0; &#x110000; &#55296; &#128;', '\ufffd \ufffd \ufffd €'],
    ['&copy 2026 &Sigma;&rarr;', '© 2026 σ→'],
    ['&yuml;&nbsp;&szlig;', 'ÿ ß'],
    ['“it’s” ‘so’', "\"it's\" 'so'"],
    ['oﬃce ﬁne', 'office fine'],
    ['Ｆｕｌｌ　ｗｉｄｔｈ', 'full width'],
    ['e\u0301clair', 'éclair'],
    ['\u001b[31mred\u001b[0m b\u0000c', 'red bc'],
    ['\ufeffmark \ud800', 'mark \ufffd'],
  ])('%j -> %j', (text, expected) => {
    expect(cleanText(text)).toBe(expected);
  });
});
