// Tables as spreadsheets and archives save them, as text: which encoding, and what separates the columns. Only label
// tables are read so generously; files for the official scorer are read as strictly as it does. Pure.
import { DermOrbitError } from '../contract/errors.ts';

/** Files that people take for text tables, by how they begin. */
const lookalikes: readonly { readonly start: readonly number[]; readonly what: string }[] = [
  { start: [0x50, 0x4b, 0x03, 0x04], what: 'an Excel workbook or another archive' },
  { start: [0xd0, 0xcf, 0x11, 0xe0], what: 'an Excel workbook' },
];

/**
 * The text of a table in UTF-8, UTF-16 (with its mark or without) or, where it is neither, Windows-1252.
 * @param partial whether the bytes may end inside a character
 * @throws DermOrbitError CSV_EMPTY, CSV_ENCODING
 */
export function decodeTable(bytes: Uint8Array, name: string, partial = false): string {
  if (bytes.length === 0) throw new DermOrbitError('CSV_EMPTY', `${name} holds 0 bytes.`);
  const known = lookalikes.find(({ start }) => start.every((byte, index) => bytes[index] === byte));
  if (known) throw new DermOrbitError('CSV_ENCODING', `${name} is ${known.what}, not a text.`);
  const text = textOf(bytes, partial);
  // What no text has, and every binary file.
  if (/[\0-\x08\x0e-\x1f\ufffd]/.test(text))
    throw new DermOrbitError('CSV_ENCODING', `${name} is not a text.`);
  return text;
}

function textOf(bytes: Uint8Array, partial: boolean): string {
  const decode = (encoding: string, fatal = false) =>
    new TextDecoder(encoding, { fatal }).decode(bytes, { stream: partial });
  const wide = utf16Of(bytes);
  if (wide !== null) return decode(wide);
  try {
    return decode('utf-8', true);
  } catch {
    return decode('windows-1252');
  }
}

/** UTF-16 by its mark, or by the zero bytes that Latin letters leave in every second place. */
function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const head = bytes.subarray(0, 64);
  const zeros = (parity: number) => head.filter((byte, index) => byte === 0 && index % 2 === parity).length;
  const [even, odd] = [zeros(0), zeros(1)];
  if (even === odd || Math.max(even, odd) < head.length / 4) return null;
  return odd > even ? 'utf-16le' : 'utf-16be';
}

const delimiters = [',', ';', '\t', '|'] as const;
/** The line that tells Excel what separates the columns. */
const separatorLine = /^\ufeff?"?sep=(.)"?(?:\r\n|\n|\r|$)/i;

/** The rows of a table without a line `sep=`, its header line, and the character that separates its columns. */
export function layoutOf(text: string): {
  readonly rows: string;
  readonly header: string;
  readonly delimiter: string;
} {
  const told = separatorLine.exec(text);
  const rows = told ? text.slice(told[0].length) : text.replace(/^\ufeff/, '');
  const header = /^.*\S.*$/m.exec(rows.slice(0, 2 ** 17))?.[0] ?? '';
  const bare = header.replace(/"[^"]*"/g, '');
  const counts = delimiters.map((delimiter) => bare.split(delimiter).length);
  return { rows, header, delimiter: told?.[1] ?? delimiters[counts.indexOf(Math.max(...counts))]! };
}
