// Every malformation of prediction and truth files that was ever met, with the code and the exact message a
// person gets. A new bad file becomes a new line here.
import { describe, expect, it } from 'vitest';
import { parseCsv } from './csv.ts';
import { scoreFiles } from './scoring/score-files.ts';
import { refusalOf } from './testing/sets.ts';

const classes = 'MEL,NV,BCC,AKIEC,BKL,DF,VASC';
const truthText = [
  `image,${classes}`,
  'ISIC_0000123,1.0,0.0,0.0,0.0,0.0,0.0,0.0',
  'ISIC_0000124,0.0,1.0,0.0,0.0,0.0,0.0,0.0',
  'ISIC_0000125,0.0,0.0,1.0,0.0,0.0,0.0,0.0',
].join('\n');
const header = `image,${classes}`;
const rowA = 'ISIC_0000123,0.7,0.3,0.0,0.0,0.0,0.0,0.0';
const rowB = 'ISIC_0000124,0.2,0.8,0.0,0.0,0.0,0.0,0.0';
const rowC = 'ISIC_0000125,0.1,0.0,0.9,0.0,0.0,0.0,0.0';

const bytesOf = (content: string | Uint8Array) =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;
const score = (predictions: string | Uint8Array, truth: string | Uint8Array = truthText) =>
  scoreFiles(parseCsv(bytesOf(truth), 'truth.csv'), parseCsv(bytesOf(predictions), 'predictions.csv'));

const lines = (...rows: string[]) => rows.join('\n');
/** The usual file with its second row replaced. */
const withRow = (row: string) => lines(header, rowA, row, rowC);

const refusedPredictions: readonly (readonly [string, string | Uint8Array, string, string])[] = [
  ['an empty file', '', 'CSV_EMPTY', 'predictions.csv holds 0 bytes.'],
  ['blank lines only', '\n\r\n\n', 'CSV_EMPTY', 'predictions.csv holds no rows.'],
  [
    'UTF-16',
    new Uint8Array([0xff, 0xfe, 0x69, 0, 0x6d, 0]),
    'CSV_ENCODING',
    'predictions.csv is not valid UTF-8.',
  ],
  [
    'UTF-16 without its mark',
    new Uint8Array([0x69, 0, 0x6d, 0]),
    'CSV_ENCODING',
    'predictions.csv holds zero bytes.',
  ],
  ['Latin-1', new Uint8Array([0x69, 0xe9, 0x2c]), 'CSV_ENCODING', 'predictions.csv is not valid UTF-8.'],
  [
    'semicolons',
    lines(header, rowA).replaceAll(',', ';'),
    'CSV_DELIMITER',
    'predictions.csv separates its columns by semicolons.',
  ],
  [
    'tabs',
    lines(header, rowA).replaceAll(',', '\t'),
    'CSV_DELIMITER',
    'predictions.csv separates its columns by tabs.',
  ],
  [
    'no header',
    lines(rowA, rowB, rowC),
    'CSV_COLUMN_DUPLICATE',
    'predictions.csv has more than one column "0.0".',
  ],
  [
    'no column image',
    lines(classes, '1.0,0.0,0.0,0.0,0.0,0.0,0.0'),
    'CSV_COLUMN_MISSING',
    'predictions.csv: the header lacks image.',
  ],
  [
    'a column image in capitals',
    lines(`IMAGE,${classes}`, rowA),
    'CSV_COLUMN_MISSING',
    'predictions.csv: the header lacks image.',
  ],
  [
    'missing columns',
    lines('image,MEL,BCC,AKIEC,BKL,DF', 'ISIC_0000123,1.0,0.0,0.0,0.0,0.0'),
    'CSV_COLUMN_MISSING',
    'predictions.csv: the header lacks NV, VASC.',
  ],
  [
    'misnamed columns',
    lines('image,MEL,FOO,BCC,AKIEC,BKL,BAZ,VASC', rowA),
    'CSV_COLUMN_MISSING',
    'predictions.csv: the header lacks NV, DF.',
  ],
  [
    'spaces in the header',
    lines(header.replaceAll(',', ', '), rowA),
    'CSV_COLUMN_MISSING',
    'predictions.csv: the header lacks MEL, NV, BCC and 4 more.',
  ],
  [
    'extra columns',
    lines('image,MEL,FOO,NV,BCC,AKIEC,BKL,DF,BAZ,VASC', `${rowA},0.0,0.0`),
    'CSV_COLUMN_EXTRA',
    'predictions.csv: the header has columns that are no class: "FOO", "BAZ".',
  ],
  [
    'a comma after the header',
    lines(`${header},`, rowA),
    'CSV_COLUMN_EXTRA',
    'predictions.csv: the header has columns that are no class: (without a name).',
  ],
  [
    'a column twice',
    lines(`${header},MEL`, rowA),
    'CSV_COLUMN_DUPLICATE',
    'predictions.csv has more than one column "MEL".',
  ],
  [
    'weights among the predictions',
    lines(`${header},score_weight`, `${rowA},1.0`),
    'CSV_COLUMN_EXTRA',
    'predictions.csv: the header has columns that are no class: "score_weight".',
  ],
  [
    'a duplicate image',
    lines(header, rowA, rowA, rowB, rowC),
    'IMAGE_DUPLICATE',
    'predictions.csv: more than one row for ISIC_0000123.',
  ],
  [
    'a duplicate by its suffix',
    lines(header, rowA, rowA.replace(',', '.jpg,'), rowB, rowC),
    'IMAGE_DUPLICATE',
    'predictions.csv: more than one row for ISIC_0000123.',
  ],
  [
    'an image without a name',
    withRow(',0.2,0.8,0.0,0.0,0.0,0.0,0.0'),
    'IMAGE_NAME_MISSING',
    'predictions.csv: no image is named in line 3.',
  ],
  [
    'missing images',
    lines(header, rowA),
    'PREDICTION_MISSING',
    'predictions.csv: no row for ISIC_0000124, ISIC_0000125.',
  ],
  [
    'a header alone',
    header,
    'PREDICTION_MISSING',
    'predictions.csv: no row for ISIC_0000123, ISIC_0000124, ISIC_0000125.',
  ],
  [
    'a .png suffix',
    withRow(rowB.replace(',', '.png,')),
    'PREDICTION_MISSING',
    'predictions.csv: no row for ISIC_0000124.',
  ],
  [
    'a space after the name',
    withRow(rowB.replace(',', ' ,')),
    'PREDICTION_MISSING',
    'predictions.csv: no row for ISIC_0000124.',
  ],
  [
    'extra images',
    lines(header, rowA, rowB, rowC, rowA.replace('123', '126'), rowA.replace('123', '127')),
    'PREDICTION_EXTRA',
    'predictions.csv: the truth does not have ISIC_0000126, ISIC_0000127.',
  ],
  [
    'an empty value',
    withRow('ISIC_0000124,0.0,,0.0,0.0,0.0,0.0,0.0'),
    'VALUE_MISSING',
    'predictions.csv: a value is missing for ISIC_0000124.',
  ],
  [
    'a short row',
    withRow('ISIC_0000124,0.0,0.0,1.0,0.0,0.0,0.0'),
    'VALUE_MISSING',
    'predictions.csv: a value is missing for ISIC_0000124.',
  ],
  [
    'NaN',
    withRow('ISIC_0000124,NaN,0.0,0.0,0.0,0.0,0.0,0.0'),
    'VALUE_MISSING',
    'predictions.csv: a value is missing for ISIC_0000124.',
  ],
  [
    'NA',
    withRow('ISIC_0000124,NA,0.0,0.0,0.0,0.0,0.0,0.0'),
    'VALUE_MISSING',
    'predictions.csv: a value is missing for ISIC_0000124.',
  ],
  [
    'a word',
    withRow("ISIC_0000124,0.0,1.0,0.0,0.0,0.0,0.0,'BAD'"),
    'VALUE_NOT_NUMBER',
    'predictions.csv: a value is not a number for ISIC_0000124.',
  ],
  [
    'a truth value',
    withRow('ISIC_0000124,True,0.0,0.0,0.0,0.0,0.0,0.0'),
    'VALUE_NOT_NUMBER',
    'predictions.csv: a value is not a number for ISIC_0000124.',
  ],
  [
    'a decimal comma',
    withRow('ISIC_0000124,"0,5",0.5,0.0,0.0,0.0,0.0,0.0'),
    'VALUE_NOT_NUMBER',
    'predictions.csv: a value is not a number for ISIC_0000124.',
  ],
  [
    'a hexadecimal number',
    withRow('ISIC_0000124,0x1,0.0,0.0,0.0,0.0,0.0,0.0'),
    'VALUE_NOT_NUMBER',
    'predictions.csv: a value is not a number for ISIC_0000124.',
  ],
  [
    'per cent',
    withRow('ISIC_0000124,50%,0.0,0.0,0.0,0.0,0.0,0.0'),
    'VALUE_NOT_NUMBER',
    'predictions.csv: a value is not a number for ISIC_0000124.',
  ],
  [
    'a value above 1',
    withRow('ISIC_0000124,100.0,0.0,0.0,0.0,0.0,0.0,0.0'),
    'VALUE_OUT_OF_RANGE',
    'predictions.csv: a value is not within 0 and 1 for ISIC_0000124.',
  ],
  [
    'a value barely above 1',
    withRow('ISIC_0000124,1.0000001,0.0,0.0,0.0,0.0,0.0,0.0'),
    'VALUE_OUT_OF_RANGE',
    'predictions.csv: a value is not within 0 and 1 for ISIC_0000124.',
  ],
  [
    'a value below 0',
    withRow('ISIC_0000124,-1e-9,0.0,0.0,0.0,0.0,0.0,0.0'),
    'VALUE_OUT_OF_RANGE',
    'predictions.csv: a value is not within 0 and 1 for ISIC_0000124.',
  ],
  [
    'infinity',
    withRow('ISIC_0000124,inf,0.0,0.0,0.0,0.0,0.0,0.0'),
    'VALUE_OUT_OF_RANGE',
    'predictions.csv: a value is not within 0 and 1 for ISIC_0000124.',
  ],
  [
    'a long row',
    withRow(`${rowB},0.5`),
    'CSV_ROW_LENGTH',
    'predictions.csv, line 3: 9 values for 8 columns.',
  ],
  [
    'a quotation mark never closed',
    withRow('"ISIC_0000124,0.2,0.8,0.0,0.0,0.0,0.0,0.0'),
    'CSV_SYNTAX',
    'predictions.csv, line 4: a quotation mark is never closed.',
  ],
  [
    'text after a quotation',
    withRow('"ISIC_0000124"x,0.2,0.8,0.0,0.0,0.0,0.0,0.0'),
    'CSV_SYNTAX',
    'predictions.csv, line 3: text follows a closing quotation mark.',
  ],
  [
    'a quotation inside a field',
    withRow('ISIC_"0000124",0.2,0.8,0.0,0.0,0.0,0.0,0.0'),
    'CSV_SYNTAX',
    'predictions.csv, line 3: a quotation mark stands inside a field.',
  ],
  [
    'a huge line',
    withRow(`${'x'.repeat(70_000)},0.2`),
    'CSV_TOO_LARGE',
    'predictions.csv: a row is longer than 65536 characters.',
  ],
];

const acceptedPredictions: readonly (readonly [string, string])[] = [
  [
    'rows and columns in another order',
    lines(
      'NV,BCC,BKL,DF,AKIEC,MEL,VASC,image',
      '0.0,0.9,0.0,0.0,0.0,0.1,0.0,ISIC_0000125',
      '0.3,0.0,0.0,0.0,0.0,0.7,0.0,ISIC_0000123',
      '0.8,0.0,0.0,0.0,0.0,0.2,0.0,ISIC_0000124',
    ),
  ],
  ['.jpg and .JPG suffixes', lines(header, rowA.replace(',', '.jpg,'), rowB.replace(',', '.JPG,'), rowC)],
  ['a byte order mark', `\ufeff${lines(header, rowA, rowB, rowC)}`],
  ['CRLF', lines(header, rowA, rowB, rowC, '').replaceAll('\n', '\r\n')],
  ['CR', lines(header, rowA, rowB, rowC).replaceAll('\n', '\r')],
  ['mixed line endings', `${header}\n${rowA}\r\n${rowB}\n${rowC}\r\n`],
  ['blank lines', lines(header, '', rowA, rowB, '', rowC, '', '')],
  ['quoted fields', lines(header, '"ISIC_0000123","0.7","0.3",0.0,0.0,0.0,0.0,0.0', rowB, rowC)],
  ['a comma after every row', lines(header, `${rowA},`, `${rowB},`, `${rowC},`)],
  ['exponents, signs and bare points', lines(header, 'ISIC_0000123,7e-1,+.3,0.,0,-0.0,0e5,0.0', rowB, rowC)],
  ['spaces around numbers', lines(header, rowA.replaceAll(',', ', '), rowB, rowC)],
];

const refusedTruths: readonly (readonly [string, string, string, string])[] = [
  ['no rows', header, 'DATASET_EMPTY', 'truth.csv names no image.'],
  [
    'a missing class',
    truthText.replaceAll(/,[^,\n]*$/gm, ''),
    'CSV_COLUMN_MISSING',
    'truth.csv lacks VASC; it has "image", "MEL", "NV", "BCC", "AKIEC", "BKL", "DF".',
  ],
  [
    'an unknown class',
    truthText.replace(',VASC', ',VASC,SCC'),
    'CSV_COLUMN_EXTRA',
    'truth.csv has columns that a ground truth has not: "SCC".',
  ],
  [
    'another order',
    truthText.replace('MEL,NV', 'NV,MEL'),
    'CSV_COLUMN_ORDER',
    'The columns of truth.csv are image,NV,MEL,BCC,AKIEC,BKL,DF,VASC.',
  ],
  [
    'no class',
    truthText.replace('1.0', '0.0'),
    'LABEL_MISSING',
    'truth.csv: 1 row names no class: ISIC_0000123 (line 2).',
  ],
  [
    'an empty value',
    truthText.replace('1.0', ''),
    'LABEL_MISSING',
    'truth.csv: 1 row names no class: ISIC_0000123 (line 2).',
  ],
  [
    'two classes',
    truthText.replace('0000124,0.0', '0000124,1.0'),
    'LABEL_SEVERAL',
    'truth.csv: 1 row names more than one class: ISIC_0000124 (line 3).',
  ],
  [
    'half a class',
    truthText.replace('1.0', '0.5'),
    'LABEL_VALUE',
    'truth.csv: 1 row has labels other than 0 and 1: ISIC_0000123 (line 2).',
  ],
  [
    'a word',
    truthText.replace('1.0', 'yes'),
    'LABEL_VALUE',
    'truth.csv: 1 row has labels other than 0 and 1: ISIC_0000123 (line 2).',
  ],
  [
    'an image twice, alike',
    lines(truthText, 'ISIC_0000123,1.0,0.0,0.0,0.0,0.0,0.0,0.0'),
    'IMAGE_DUPLICATE',
    'truth.csv: 1 image is labelled twice, alike: ISIC_0000123.',
  ],
  [
    'an image twice, not alike',
    lines(truthText, 'ISIC_0000123,0.0,1.0,0.0,0.0,0.0,0.0,0.0'),
    'LABEL_CONFLICT',
    'truth.csv: 1 image has contradicting labels: ISIC_0000123.',
  ],
  [
    'no image name',
    truthText.replace('ISIC_0000124', ''),
    'IMAGE_NAME_MISSING',
    'truth.csv: 1 row names no image: (line 3).',
  ],
  [
    'a negative weight',
    lines(`${header},score_weight,validation_weight`, 'ISIC_0000123,1.0,0.0,0.0,0.0,0.0,0.0,0.0,-1,1'),
    'WEIGHT_INVALID',
    'truth.csv: 1 row has an invalid weight: ISIC_0000123 (line 2).',
  ],
  [
    'an infinite weight',
    lines(`${header},score_weight`, 'ISIC_0000123,1.0,0.0,0.0,0.0,0.0,0.0,0.0,inf'),
    'WEIGHT_INVALID',
    'truth.csv: 1 row has an invalid weight: ISIC_0000123 (line 2).',
  ],
];

describe('predictions are refused with', () => {
  it.each(refusedPredictions)('%s', async (_, predictions, code, message) => {
    expect(await refusalOf(() => score(predictions))).toEqual({ code, message });
  });
});

describe('predictions are accepted with', () => {
  const usual = score(lines(header, rowA, rowB, rowC));
  it.each(acceptedPredictions)('%s', (_, predictions) => {
    expect(score(predictions)).toEqual(usual);
  });
});

describe('a truth is refused with', () => {
  it.each(refusedTruths)('%s', async (_, truth, code, message) => {
    expect(await refusalOf(() => score(lines(header, rowA, rowB, rowC), truth))).toEqual({ code, message });
  });
});

describe('weights of the truth', () => {
  const weighted = (rows: readonly string[]) => lines(`${header},score_weight,validation_weight`, ...rows);

  it('divide the figures into score and validation', () => {
    const { score: result, weights } = score(
      lines(header, rowA, rowB, rowC.replace('0.1,0.0,0.9', '0.9,0.0,0.1')),
      weighted([
        'ISIC_0000123,1.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0',
        'ISIC_0000124,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0',
        'ISIC_0000125,0.0,0.0,1.0,0.0,0.0,0.0,0.0,2.0,0.0',
      ]),
    );
    expect([...weights]).toEqual([1, 0, 2]);
    expect(result.overall.official).toBe(0.5);
    expect(result.validation.official).toBe(1);
    expect(result.per_category.accuracy.MEL!.value).toBeCloseTo(1 / 3, 12);
  });

  it('are 0 for the image that the official scorer leaves out', () => {
    const rename = (text: string) => text.replaceAll('ISIC_0000125', 'ISIC_0035068');
    expect([...score(rename(lines(header, rowA, rowB, rowC)), rename(truthText)).weights]).toEqual([1, 1, 0]);
  });
});
