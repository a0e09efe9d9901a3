// The ground-truth CSV of ISIC 2018 Task 3: one row per image, 1.0 in the column of its class and 0.0 in the
// others, optional weights. Rows that say something else are listed, not guessed. Depends on contract.
import { DermOrbitError } from '../../contract/errors.ts';
import { isicClasses } from '../../contract/settings.ts';
import { imageIdOf, listed, numberOf, quoted, type CsvRow, type CsvTable } from '../csv.ts';
import { ProblemList, type ProblemCode } from './problems.ts';

const weightColumns = ['score_weight', 'validation_weight'] as const;

/** The official scorer gives this image of the test set no weight, in every truth file. */
const unscoredImage = 'ISIC_0035068';

/** One valid row of a ground truth. */
interface TruthRow {
  readonly id: string;
  readonly line: number;
  /** Index into `isicClasses`. */
  readonly label: number;
  /** Weight of the image in every figure but `validation`. */
  readonly scoreWeight: number;
  /** Weight of the image in the figure `validation`. */
  readonly validationWeight: number;
}

/** The valid rows of a ground-truth file, and the others as problems. */
interface GroundTruth {
  readonly rows: readonly TruthRow[];
  readonly problems: ProblemList;
}

const wantedColumns: readonly string[] = ['image', ...isicClasses];
const allowedColumns: ReadonlySet<string> = new Set([...wantedColumns, ...weightColumns]);

/**
 * Whether a header has the columns of a ground truth and no others, in whatever order: wrong orders deserve a message
 * of their own.
 */
export function isTruthHeader(header: readonly string[]): boolean {
  return (
    wantedColumns.every((column) => header.includes(column)) &&
    header.every((column) => allowedColumns.has(column))
  );
}

/**
 * Reads a ground truth.
 * @throws DermOrbitError CSV_COLUMN_MISSING, CSV_COLUMN_EXTRA, CSV_COLUMN_ORDER: the header is not exactly
 *   `image,MEL,NV,BCC,AKIEC,BKL,DF,VASC`, then optionally `score_weight`, `validation_weight`
 */
export function readGroundTruth(table: CsvTable): GroundTruth {
  checkHeader(table);
  const problems = new ProblemList();
  const rows = new Map<string, TruthRow>();
  const conflicts = new Set<string>();
  const columnOf = (name: string) => table.header.indexOf(name);
  const [score, validation] = [columnOf('score_weight'), columnOf('validation_weight')];
  for (const row of table.rows) {
    const parsed = readRow(withPoints(row, table), score, validation);
    if (typeof parsed === 'string') {
      problems.add(parsed, [row.fields[0], `(line ${row.line})`].filter(Boolean).join(' '));
      continue;
    }
    const earlier = rows.get(parsed.id);
    if (!earlier) rows.set(parsed.id, parsed);
    else if (earlier.label === parsed.label) problems.add('IMAGE_DUPLICATE', parsed.id);
    else conflicts.add(parsed.id);
  }
  for (const id of conflicts) rows.delete(id);
  problems.add('LABEL_CONFLICT', ...conflicts);
  return { rows: [...rows.values()], problems };
}

/** A row whose numbers have points, as they are read. */
function withPoints(row: CsvRow, { decimalComma }: CsvTable): CsvRow {
  const [name, ...values] = row.fields;
  if (!decimalComma || name === undefined) return row;
  return { ...row, fields: [name, ...values.map((value) => value.replace(',', '.'))] };
}

function readRow(row: CsvRow, score: number, validation: number): TruthRow | ProblemCode {
  const id = imageIdOf(row.fields[0] ?? '');
  if (id === '') return 'IMAGE_NAME_MISSING';
  const values = isicClasses.map((_, index) => numberOf(row.fields[1 + index] ?? ''));
  if (values.some((value) => value !== 0 && value !== 1 && value !== null)) return 'LABEL_VALUE';
  const positives = values.filter((value) => value === 1).length;
  if (positives > 1) return 'LABEL_SEVERAL';
  if (positives === 0 || values.includes(null)) return 'LABEL_MISSING';
  const weights = [score, validation].map((column) => (column < 0 ? 1 : numberOf(row.fields[column] ?? '')));
  const [scoreWeight, validationWeight] = weights;
  if (!isWeight(scoreWeight) || !isWeight(validationWeight)) return 'WEIGHT_INVALID';
  const unscored = id === unscoredImage;
  return {
    id,
    line: row.line,
    label: values.indexOf(1),
    scoreWeight: unscored ? 0 : scoreWeight,
    validationWeight: unscored ? 0 : validationWeight,
  };
}

function isWeight(value: number | null | undefined): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

function checkHeader({ header, name }: CsvTable): void {
  const missing = wantedColumns.filter((column) => !header.includes(column));
  if (missing.length > 0) {
    const message = `${name} lacks ${listed(missing, 8)}; it has ${listed(header.map(quoted), 10)}.`;
    throw new DermOrbitError('CSV_COLUMN_MISSING', message);
  }
  const extra = header.filter((column) => !allowedColumns.has(column));
  if (extra.length > 0) {
    const message = `${name} has columns that a ground truth has not: ${listed(extra.map(quoted))}.`;
    throw new DermOrbitError('CSV_COLUMN_EXTRA', message);
  }
  const ordered = [...wantedColumns, ...weightColumns.filter((column) => header.includes(column))];
  if (ordered.some((column, index) => header[index] !== column)) {
    throw new DermOrbitError('CSV_COLUMN_ORDER', `The columns of ${name} are ${header.join(',')}.`);
  }
}
