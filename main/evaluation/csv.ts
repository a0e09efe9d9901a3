// CSV files from outside as tables of strings: the only place of this room that parses CSV. The syntax is
// csv-parse's (RFC 4180); this file decides what is accepted around it and says what is wrong in which line.
// Accepted, as the official scorer does: a byte order mark, any line ending, quoted fields, blank lines, and
// empty fields beyond the header (a comma at the end of each line). Label tables (`readTable`) may also come in other
// encodings and with other separators. Depends on contract and csv-parse.
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { DermOrbitError } from '../contract/errors.ts';
import { decodeTable, layoutOf } from './table-text.ts';

/** Larger files are refused unread: 100,000 images of 100 classes need about 100 MB. */
const maximumBytes = 256 * 1024 * 1024;
/** Characters in one row. A hundred classes at full precision need 3,000. */
const maximumRowLength = 64 * 1024;
/** Columns of a table. Metadata of public sets have fewer than 100. */
const maximumColumns = 4096;
/** Fields of a table, rows times columns. 100,000 images of 100 classes have 10 million. */
const maximumFields = 20_000_000;

/** One row of a table; `fields` has exactly one entry per column, '' where the row was too short. */
export interface CsvRow {
  /** Line of the file where the row ends, counted from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** A parsed file: distinct column names and rows of that many fields. */
export interface CsvTable {
  /** File name, for messages. */
  readonly name: string;
  readonly header: readonly string[];
  readonly rows: readonly CsvRow[];
  /** Whether numbers may have a comma for a point: where commas do not separate the columns. */
  readonly decimalComma?: true;
}

/** Shows up to three of many things in a message: `a, b, c and 7 more`. */
export function listed(things: readonly string[], shown = 3): string {
  const text = things.slice(0, shown).join(', ');
  return things.length > shown ? `${text} and ${things.length - shown} more` : text;
}

/**
 * Parses the bytes of a CSV file.
 * @param name file name, for messages
 * @throws DermOrbitError CSV_EMPTY, CSV_ENCODING, CSV_DELIMITER, CSV_SYNTAX, CSV_TOO_LARGE, CSV_ROW_LENGTH,
 *   CSV_COLUMN_DUPLICATE
 */
export function parseCsv(bytes: Uint8Array, name: string): CsvTable {
  const records = parseRecords(decode(bytes, name), name, ',');
  return tableOf(records, name);
}

/**
 * Parses the bytes of a label table as people have them: UTF-8, UTF-16 or Windows-1252; commas, semicolons, tabs or
 * vertical bars between the columns; spaces around the names of columns.
 * @throws DermOrbitError as {@link parseCsv}, without CSV_DELIMITER
 */
export function parseTable(bytes: Uint8Array, name: string): CsvTable {
  const { rows, delimiter } = layoutOf(decodeTable(bytes, name));
  const [first, ...others] = parseRecords(rows, name, delimiter);
  const header = first?.record.map((column) => column.trim()) ?? [];
  // A separator at the end of the header begins a column without a name.
  while (header.length > 1 && header.at(-1) === '') header.pop();
  const records = first ? [{ ...first, record: header }, ...others] : [];
  return { ...tableOf(records, name), ...(delimiter === ',' ? {} : { decimalComma: true as const }) };
}

function tableOf(records: readonly InfoRecord[], name: string): CsvTable {
  const header = records[0]?.record;
  if (!header) throw new DermOrbitError('CSV_EMPTY', `${name} holds no rows.`);
  checkHeader(header, name);
  const rows = records.slice(1).map(({ record, info }): CsvRow => {
    const beyond = record.slice(header.length).filter((field) => field !== '');
    if (beyond.length > 0) {
      const message = `${name}, line ${info.lines}: ${record.length} values for ${header.length} columns.`;
      throw new DermOrbitError('CSV_ROW_LENGTH', message);
    }
    return { line: info.lines, fields: header.map((_, column) => record[column] ?? '') };
  });
  return { name, header, rows };
}

/**
 * Reads and parses a CSV file.
 * @throws DermOrbitError DATASET_NOT_FOUND if it cannot be read, and the codes of {@link parseCsv}
 */
export async function readCsv(path: string): Promise<CsvTable> {
  return parseCsv(await readFileHead(path, maximumBytes, true), basename(path));
}

/**
 * Reads and parses a label table.
 * @throws DermOrbitError DATASET_NOT_FOUND if it cannot be read, and the codes of {@link parseTable}
 */
export async function readTable(path: string): Promise<CsvTable> {
  return parseTable(await readFileHead(path, maximumBytes, true), basename(path));
}

/**
 * The column names of a label table, from its first 64 KiB; null if it cannot be read or has none. Decides which
 * format a file is without reading it all.
 */
export async function peekHeader(path: string): Promise<readonly string[] | null> {
  const name = basename(path);
  try {
    const head = await readFileHead(path, maximumRowLength, false);
    const { header } = layoutOf(decodeTable(head, name, true));
    return parseTable(new TextEncoder().encode(header), name).header;
  } catch (thrown) {
    if (thrown instanceof DermOrbitError) return null;
    throw thrown;
  }
}

async function readFileHead(path: string, limit: number, whole: boolean): Promise<Uint8Array> {
  const name = basename(path);
  try {
    const handle = await open(path, 'r');
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new DermOrbitError('DATASET_NOT_FOUND', `${name} is not a file.`);
      if (whole && stats.size > limit) {
        const megabytes = Math.round(stats.size / 1e6);
        throw new DermOrbitError('CSV_TOO_LARGE', `${name} has ${megabytes} MB; the limit is 268 MB.`);
      }
      if (whole) return await handle.readFile();
      const buffer = new Uint8Array(limit);
      const { bytesRead } = await handle.read(buffer, 0, limit, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (thrown instanceof DermOrbitError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new DermOrbitError('DATASET_NOT_FOUND', `${name} could not be read: ${reason}.`, { cause: thrown });
  }
}

function decode(bytes: Uint8Array, name: string): string {
  if (bytes.length === 0) throw new DermOrbitError('CSV_EMPTY', `${name} holds 0 bytes.`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // UTF-16 without its mark, and binary files, are valid UTF-8 with zero bytes.
    if (text.includes('\0')) throw new DermOrbitError('CSV_ENCODING', `${name} holds zero bytes.`);
    return text;
  } catch (thrown) {
    if (thrown instanceof DermOrbitError) throw thrown;
    throw new DermOrbitError('CSV_ENCODING', `${name} is not valid UTF-8.`, { cause: thrown });
  }
}

interface InfoRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function parseRecords(text: string, name: string, delimiter: string): readonly InfoRecord[] {
  // Short rows are filled up to the header's columns, so that a row of one letter may cost as much as the longest:
  // what is counted is what the table will hold, and while it is read.
  let fields = 0;
  let columns = 0;
  try {
    // With `info`, csv-parse gives objects; its types do not say so.
    return parse(text, {
      bom: true,
      delimiter,
      info: true,
      on_record: (row) => {
        const { length } = (row as unknown as InfoRecord).record;
        columns ||= length;
        fields += Math.max(length, columns);
        if (length > maximumColumns || fields > maximumFields) throw tooManyFields(name, length);
        return row;
      },
      max_record_size: maximumRowLength,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as readonly InfoRecord[];
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown;
    if (thrown.code === 'CSV_MAX_RECORD_SIZE') {
      const message = `${name}: a row is longer than ${maximumRowLength} characters.`;
      throw new DermOrbitError('CSV_TOO_LARGE', message, { cause: thrown });
    }
    const line = typeof thrown.lines === 'number' ? `, line ${thrown.lines}` : '';
    const what = syntaxTexts[thrown.code] ?? thrown.message;
    throw new DermOrbitError('CSV_SYNTAX', `${name}${line}: ${what}.`, { cause: thrown });
  }
}

function tooManyFields(name: string, columns: number): DermOrbitError {
  const what =
    columns > maximumColumns
      ? `a row has ${columns} columns; the limit is ${maximumColumns}`
      : `rows times columns are more than ${maximumFields}`;
  return new DermOrbitError('CSV_TOO_LARGE', `${name}: ${what}.`);
}

/** What csv-parse's codes mean, in a person's words. */
const syntaxTexts: Partial<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quotation mark is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'text follows a closing quotation mark',
  INVALID_OPENING_QUOTE: 'a quotation mark stands inside a field',
};

function checkHeader(header: readonly string[], name: string): void {
  const first = header[0] ?? '';
  if (header.length === 1 && /[;\t|]/.test(first)) {
    const separator = first.includes(';') ? 'semicolons' : first.includes('\t') ? 'tabs' : 'vertical bars';
    throw new DermOrbitError('CSV_DELIMITER', `${name} separates its columns by ${separator}.`);
  }
  const seen = new Set<string>();
  const twice = new Set(header.filter((column) => seen.has(column) || !seen.add(column)));
  if (twice.size > 0) {
    const message = `${name} has more than one column ${listed([...twice].map(quoted))}.`;
    throw new DermOrbitError('CSV_COLUMN_DUPLICATE', message);
  }
}

/** A column name as messages show it: spaces at its ends become visible. */
export function quoted(text: string): string {
  return text === '' ? '(without a name)' : `"${text}"`;
}

/** Words that pandas, and so the official scorer, reads as "no value". */
const missingWords = new Set([
  ...['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>'],
  ...['N/A', 'NA', 'NULL', 'NaN', 'None', 'n/a', 'nan', 'null'],
]);
const infinity = /^[+-]?inf(?:inity)?$/i;
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A field as a number: `null` where it says "no value", `undefined` where it is not a number. */
export function numberOf(field: string): number | null | undefined {
  const text = field.trim();
  if (missingWords.has(text)) return null;
  if (infinity.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  // + 0: a negative zero is a zero.
  return decimal.test(text) ? Number(text) + 0 : undefined;
}

/** An image name as the official scorer compares it: without a `.jpg` at its end. */
export function imageIdOf(field: string): string {
  return field.replace(/\.jpg$/i, '');
}
