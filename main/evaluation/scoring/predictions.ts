// The prediction CSV of the ISIC challenges, read by the official scorer's rules and written so that it
// accepts them: one row per image of the truth in any order, one column per class in any order, every value a
// number from 0 to 1. Source: isic-challenge-scoring. Stricter in one point: a value beyond the last column is
// an error, where the scorer drops it. Depends on contract and csv-stringify.
import { stringify } from 'csv-stringify/sync';
import { DermOrbitError } from '../../contract/errors.ts';
import { imageIdOf, listed, numberOf, quoted, type CsvTable } from '../csv.ts';

/**
 * Reads predictions in the order of the truth.
 * @param classes K class codes of the truth
 * @param ids N images of the truth
 * @returns [N, K] row-major
 * @throws DermOrbitError CSV_COLUMN_MISSING, IMAGE_NAME_MISSING, IMAGE_DUPLICATE, CSV_COLUMN_EXTRA,
 *   VALUE_MISSING, VALUE_NOT_NUMBER, VALUE_OUT_OF_RANGE, PREDICTION_MISSING, PREDICTION_EXTRA: the first that
 *   applies, in this order, with every image or column it concerns counted
 */
export function readPredictions(
  table: CsvTable,
  classes: readonly string[],
  ids: readonly string[],
): Float64Array {
  const { header, rows, name } = table;
  const refuse = (code: Parameters<typeof refusal>[0], subjects: readonly string[]) => {
    if (subjects.length > 0) throw new DermOrbitError(code, `${name}: ${refusal(code)} ${listed(subjects)}.`);
  };
  const imageColumn = header.indexOf('image');
  if (imageColumn < 0) refuse('CSV_COLUMN_MISSING', ['image']);
  const images = rows.map((row) => imageIdOf(row.fields[imageColumn]!));
  refuse(
    'IMAGE_NAME_MISSING',
    rows.flatMap(({ line }, index) => (images[index] === '' ? [String(line)] : [])),
  );
  const placeOf = new Map(images.map((image, place) => [image, place]));
  refuse('IMAGE_DUPLICATE', [...new Set(images.filter((image, place) => placeOf.get(image) !== place))]);
  refuse(
    'CSV_COLUMN_MISSING',
    classes.filter((code) => !header.includes(code)),
  );
  refuse(
    'CSV_COLUMN_EXTRA',
    header.filter((column) => column !== 'image' && !classes.includes(column)).map(quoted),
  );

  const columns = classes.map((code) => header.indexOf(code));
  const values = rows.map(({ fields }) => columns.map((column) => numberOf(fields[column]!)));
  const imagesWhere = (wrong: (value: number | null | undefined) => boolean) =>
    images.filter((_, place) => values[place]!.some(wrong));
  refuse(
    'VALUE_MISSING',
    imagesWhere((value) => value === null),
  );
  refuse(
    'VALUE_NOT_NUMBER',
    imagesWhere((value) => value === undefined),
  );
  refuse(
    'VALUE_OUT_OF_RANGE',
    imagesWhere((value) => value! < 0 || value! > 1),
  );

  const wanted = ids.map(imageIdOf);
  refuse(
    'PREDICTION_MISSING',
    wanted.filter((id) => !placeOf.has(id)),
  );
  const known = new Set(wanted);
  refuse(
    'PREDICTION_EXTRA',
    images.filter((image) => !known.has(image)),
  );
  return Float64Array.from(wanted.flatMap((id) => values[placeOf.get(id)!] as number[]));
}

/** How each refusal begins; the subjects follow. */
const refusals = {
  CSV_COLUMN_MISSING: 'the header lacks',
  IMAGE_NAME_MISSING: 'no image is named in line',
  IMAGE_DUPLICATE: 'more than one row for',
  CSV_COLUMN_EXTRA: 'the header has columns that are no class:',
  VALUE_MISSING: 'a value is missing for',
  VALUE_NOT_NUMBER: 'a value is not a number for',
  VALUE_OUT_OF_RANGE: 'a value is not within 0 and 1 for',
  PREDICTION_MISSING: 'no row for',
  PREDICTION_EXTRA: 'the truth does not have',
} as const;

function refusal(code: keyof typeof refusals): string {
  return refusals[code];
}

/** Probabilities that rounding carried out of [0, 1] by no more than this are set to its ends. */
const rounding = 1e-6;

/**
 * Writes predictions as a CSV that the official scorer accepts: every value with a decimal point (a column of
 * whole numbers alone is refused there) and at full precision, so that ties and scores survive.
 * @param probabilities [N, K]
 * @throws DermOrbitError VALUE_OUT_OF_RANGE if a value is no number from 0 to 1
 */
export function formatPredictions(
  ids: readonly string[],
  classes: readonly string[],
  probabilities: Float64Array,
): string {
  const rows = ids.map((id, row) => [
    id,
    ...classes.map((code, column) => {
      const value = probabilities[row * classes.length + column]!;
      if (!(value >= -rounding && value <= 1 + rounding)) {
        throw new DermOrbitError('VALUE_OUT_OF_RANGE', `The value of ${code} for ${id} is ${value}.`);
      }
      const text = String(Math.min(1, Math.max(0, value)));
      return /[.e]/.test(text) ? text : `${text}.0`;
    }),
  ]);
  return stringify([['image', ...classes], ...rows]);
}
