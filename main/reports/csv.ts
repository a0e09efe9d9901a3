// Prediction records as CSV (RFC 4180): one row per image, one table for any mix of models and settings.
import { stringify } from 'csv-stringify/sync';
import { isFailure, rankClasses, type ClassificationRecord } from '../contract/record.ts';
import { classNames } from '../contract/settings.ts';

type Cell = string | number | null;

/** Columns that every row has, beside one `p_CODE` and one `logit_CODE` per class. */
const leadingColumns = [
  'path',
  'top_class',
  'top_class_name',
  'top_probability',
  'malignant',
  'stability',
  'set',
] as const;
const trailingColumns = [
  'model',
  'model_sha256',
  'group',
  'method',
  'level',
  'inverse',
  'head',
  'scorer',
  'score',
  'provider',
  'image_sha256',
  'width',
  'height',
  'milliseconds',
  'prior',
  'calibration',
  'version',
  'error_code',
  'error_title',
  'error_message',
] as const;

/** Who reads a table: any program, or Excel, which takes text for the code page of the country unless a mark says UTF-8. */
export type CsvReader = 'any' | 'excel';

/** U+FEFF, the mark that Excel knows UTF-8 by. */
const byteOrderMark = '\ufeff';

/**
 * The table as text, with a header row; cells that do not apply are empty. Text that a spreadsheet would run as
 * a formula (it begins with = + - @, tab or return) gets an apostrophe in front: a file name is hostile input.
 */
export function recordsToCsv(records: readonly ClassificationRecord[], reader: CsvReader = 'any'): string {
  const codes = classCodesOf(records);
  const columns = [
    ...leadingColumns,
    ...codes.map((code) => `p_${code}`),
    ...codes.map((code) => `logit_${code}`),
    ...trailingColumns,
  ];
  const rows = records.map((record) => {
    const cells = cellsOf(record);
    return columns.map((column) => cells[column] ?? null);
  });
  const text = csvText([columns, ...rows]);
  return reader === 'excel' ? byteOrderMark + text : text;
}

/** Rows as CSV; text that a spreadsheet would run as a formula gets an apostrophe in front. */
export function csvText(rows: readonly (readonly Cell[])[]): string {
  return stringify(
    rows.map((row) => row.map(guarded)),
    { record_delimiter: '\r\n' },
  );
}

/** Class codes of all records, in order of first appearance. */
function classCodesOf(records: readonly ClassificationRecord[]): string[] {
  const codes = new Set<string>();
  for (const record of records) {
    if (!isFailure(record)) for (const code of Object.keys(record.probabilities)) codes.add(code);
  }
  return [...codes];
}

function cellsOf(record: ClassificationRecord): Record<string, Cell> {
  if (isFailure(record)) {
    const { code, title, message } = record.error;
    return { path: record.image.path, error_code: code, error_title: title, error_message: message };
  }
  const top = rankClasses(record.probabilities)[0];
  const cells: Record<string, Cell> = {
    path: record.image.path,
    top_class: top?.code ?? null,
    top_class_name: top === undefined ? null : (classNames[top.code] ?? top.code),
    top_probability: top?.probability ?? null,
    malignant: record.malignant,
    stability: record.stability,
    set: record.set ? record.set.classes.join(' ') : null,
    model: record.model.id,
    model_sha256: record.model.sha256,
    group: record.group,
    method: record.method,
    level: record.level,
    inverse: record.inverse,
    head: record.head,
    scorer: record.scorer ?? null,
    score: record.score ?? null,
    provider: record.provider,
    image_sha256: record.image.sha256,
    width: record.image.width,
    height: record.image.height,
    milliseconds: record.milliseconds,
    prior: record.prior?.name ?? null,
    calibration: record.calibration ?? null,
    version: record.version,
  };
  for (const [code, probability] of Object.entries(record.probabilities)) cells[`p_${code}`] = probability;
  for (const [code, logit] of Object.entries(record.logits ?? {})) cells[`logit_${code}`] = logit;
  return cells;
}

/** Numbers are ours and stay numbers; text may have been chosen by someone else. */
function guarded(cell: Cell): Cell {
  return typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}
