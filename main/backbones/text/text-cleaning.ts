// What CLIP does to a text before it splits it into tokens: repairs characters, resolves HTML entities, folds white
// space, lower-cases. Reference: basic_clean and whitespace_clean of OpenAI's simple_tokenizer.py, which call ftfy's
// fix_text and Python's html.unescape. Of ftfy, this has what changes well-encoded text: curly quotes, ligatures,
// full-width forms, control characters, terminal colours, NFC. It does NOT undo mis-decoded text ("Ã©" for "é").
// HTML entities are resolved by the rules of HTML 5, which html.unescape follows too.
import { decodeHTML, decodeHTMLStrict } from 'entities';

/** Latin ligatures and the letters they stand for. */
const ligatures: ReadonlyMap<string, string> = new Map([
  ['ﬀ', 'ff'],
  ['ﬁ', 'fi'],
  ['ﬂ', 'fl'],
  ['ﬃ', 'ffi'],
  ['ﬄ', 'ffl'],
  ['ﬅ', 'ſt'],
  ['ﬆ', 'st'],
  ['Ĳ', 'IJ'],
  ['ĳ', 'ij'],
  ['ŉ', 'ʼn'],
  ['Ǆ', 'DŽ'],
  ['ǅ', 'Dž'],
  ['ǆ', 'dž'],
  ['Ǉ', 'LJ'],
  ['ǈ', 'Lj'],
  ['ǉ', 'lj'],
  ['Ǌ', 'NJ'],
  ['ǋ', 'Nj'],
  ['ǌ', 'nj'],
  ['Ǳ', 'DZ'],
  ['ǲ', 'Dz'],
  ['ǳ', 'dz'],
]);

interface Repair {
  readonly pattern: RegExp;
  readonly replacement: string | ((found: string) => string);
}

/** The repairs, in the order in which they are made. */
const repairs: readonly Repair[] = [
  // Terminal colours
  { pattern: /\u001b\[[0-9;]*[A-Za-z]/g, replacement: '' },
  { pattern: /[ﬀ-ﬆĲĳŉǄ-ǌǱ-ǳ]/g, replacement: (found) => ligatures.get(found) ?? found },
  // Full-width Latin and half-width Katakana, as in East Asian typing
  { pattern: /[\u3000\uff01-\uffef]/g, replacement: (found) => found.normalize('NFKC') },
  { pattern: /[\u02bc\u2018-\u201b]/g, replacement: "'" },
  { pattern: /[\u201c-\u201f]/g, replacement: '"' },
  { pattern: /\r\n|[\r\u2028\u2029\u0085]/g, replacement: '\n' },
  // Control characters and marks without a glyph that only mislead
  { pattern: /[\u0000-\u0008\u000b\u000e-\u001f\u007f\u206a-\u206f\ufeff\ufff9-\ufffb]/g, replacement: '' },
  // Halves of a surrogate pair that stand alone
  { pattern: /\p{Surrogate}/gu, replacement: '\ufffd' },
];

/** The text as CLIP's tokenizer splits it: repaired, entities resolved, one space between words, lower case. */
export function cleanText(text: string): string {
  const repaired = repairs.reduce(
    (current, { pattern, replacement }) =>
      typeof replacement === 'string'
        ? current.replace(pattern, replacement)
        : current.replace(pattern, replacement),
    // Like ftfy, which takes entities for text where there are tags.
    text.includes('<') ? text : unescapeNested(text),
  );
  return decodeHTML(decodeHTML(repaired.normalize('NFC')))
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

/** "&amp;lt;" -> "<": as deep as it goes, which is not deep, since each step makes the text shorter. */
function unescapeNested(text: string): string {
  let current = text;
  for (let next = decodeHTMLStrict(current); next !== current; next = decodeHTMLStrict(current))
    current = next;
  return current;
}
