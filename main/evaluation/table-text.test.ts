import { expect, it } from 'vitest';
import { parseTable, peekHeader } from './csv.ts';
import { refusalOf, temporaryFolder } from './testing/sets.ts';

const text = 'Bild;Läsion\nFußsohle.jpg;1,0\n';
const utf16 = (bigEndian: boolean, mark: boolean) => {
  const bytes = Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
};

it.each([
  ['UTF-8', Buffer.from(text)],
  ['UTF-8 with its mark', Buffer.from(`\ufeff${text}`)],
  ['Windows-1252', Buffer.from(text, 'latin1')],
  ['UTF-16 with its mark', utf16(false, true)],
  ['UTF-16, big-endian, with its mark', utf16(true, true)],
  ['UTF-16 without a mark', utf16(false, false)],
  ['UTF-16, big-endian, without a mark', utf16(true, false)],
  ['tabs', Buffer.from(text.replaceAll(';', '\t'))],
  ['vertical bars', Buffer.from(text.replaceAll(';', '|'))],
  ['semicolons at the end of each line', Buffer.from(text.replaceAll('\n', ';;\n'))],
  ['spaces in the header', Buffer.from(text.replace('Bild;', ' Bild ; '))],
  ['quotation marks', Buffer.from(text.replaceAll(/[^;\n]+/g, '"$&"'))],
  ['the line that tells Excel the separator', Buffer.from(`sep=;\r\n${text}`)],
  ['returns', Buffer.from(text.replaceAll('\n', '\r'))],
])('reads a table with %s', async (_, bytes) => {
  const { header, rows, decimalComma } = parseTable(bytes, 'a.csv');
  expect([header, rows.map(({ fields }) => fields), decimalComma]).toEqual([
    ['Bild', 'Läsion'],
    [['Fußsohle.jpg', '1,0']],
    true,
  ]);
  const folder = temporaryFolder({ 'a.csv': bytes });
  expect(await peekHeader(`${folder}/a.csv`)).toEqual(header);
});

it('knows a header whose file is longer than what is looked at, even if the cut falls inside a letter', async () => {
  const folder = temporaryFolder({ 'a.csv': `image;label\n${'ä'.repeat(33)}${'é;x\n'.repeat(30_000)}` });
  expect(await peekHeader(`${folder}/a.csv`)).toEqual(['image', 'label']);
});

it.each([
  ['an Excel workbook', Buffer.from('PK\x03\x04 and so on')],
  ['an old Excel workbook', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1])],
  ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])],
  ['zero bytes', Buffer.alloc(64)],
])('refuses %s as no text', async (_, bytes) => {
  expect((await refusalOf(() => parseTable(bytes, 'a.csv'))).code).toBe('CSV_ENCODING');
});

it('lets commas stand in the fields of other separators, and separators in quoted fields', () => {
  const table = parseTable(Buffer.from('image,label\n"a;b;c.jpg",x\n'), 'a.csv');
  expect([table.rows[0]!.fields, table.decimalComma]).toEqual([['a;b;c.jpg', 'x'], undefined]);
  expect(parseTable(Buffer.from('image\tlabel\na,b,c.jpg\tx\n'), 'a.csv').rows[0]!.fields[0]).toBe(
    'a,b,c.jpg',
  );
});
