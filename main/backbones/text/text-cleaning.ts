// What CLIP does to a text before it splits it into tokens: repairs characters, resolves HTML entities, folds white
// space, lower-cases. Reference: basic_clean and whitespace_clean of OpenAI's simple_tokenizer.py, which call ftfy's
// fix_text and Python's html.unescape. Of ftfy, this has what changes well-encoded text: curly quotes, ligatures,
// full-width forms, control characters, terminal colours, NFC. It does NOT undo mis-decoded text ("Ã©" for "é").
// Of HTML, numeric entities, the named entities of Latin-1 and those of common typography are known, with their
// semicolon; browsers' special treatment of forbidden code points (&#128; for the euro sign) is not.

/** Names of U+00A0 to U+00FF, in order (HTML 4.01, section 24.2). */
const latin1Names = (
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute ' +
  'micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig ' +
  'Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash ' +
  'Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ' +
  'ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc ' +
  'uuml yacute thorn yuml'
).split(' ');

const entities: ReadonlyMap<string, string> = new Map([
  ...latin1Names.map((name, index): [string, string] => [name, String.fromCodePoint(0xa0 + index)]),
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['lsquo', '‘'],
  ['rsquo', '’'],
  ['ldquo', '“'],
  ['rdquo', '”'],
  ['ndash', '–'],
  ['mdash', '—'],
  ['hellip', '…'],
  ['bull', '•'],
  ['trade', '™'],
  ['le', '≤'],
  ['ge', '≥'],
  ['mu', 'μ'],
]);

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
  return unescapeHtml(unescapeHtml(repaired.normalize('NFC')))
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

/** "&amp;lt;" -> "<": as deep as it goes, which is not deep, since each step makes the text shorter. */
function unescapeNested(text: string): string {
  let current = text;
  for (let next = unescapeHtml(current); next !== current; next = unescapeHtml(current)) current = next;
  return current;
}

/** HTML entities -> characters; unknown ones stay as they are. */
function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w+));/g, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return entities.get(name) ?? whole;
    const code = typeof decimal === 'string' ? Number(decimal) : parseInt(String(hex), 16);
    const character = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return character ? String.fromCodePoint(code) : whole;
  });
}
