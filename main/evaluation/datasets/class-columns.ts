// A table with a column per class and 1 in the column of an image's class: ISIC 2019, and tables like ISIC 2018's with
// other columns, in another order or with the classes' full names. ISIC 2019 has actinic keratosis (AK) for AKIEC and
// the classes SCC and UNK beyond the seven. Source: challenge.isic-archive.com, "ISIC 2019".
import { diagnosisOf } from '../../contract/diagnoses.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { isicClasses } from '../../contract/settings.ts';
import { imageIdOf, numberOf, peekHeader, readTable } from '../csv.ts';
import { assemble } from './assemble.ts';
import { cellOf, columnKey, columnOf } from './columns.ts';
import { indexImages } from './images.ts';
import { LabelRows } from './label-rows.ts';
import type { DatasetFormat } from './labelled-set.ts';
import { lesionFinder } from './lesions.ts';
import { ProblemList, type ProblemCode } from './problems.ts';

/** Columns of classes that are none of the seven, by the code they get. No class is made of "unknown". */
const furtherClasses: Readonly<Record<string, string | null>> = {
  scc: 'SCC',
  squamous_cell_carcinoma: 'SCC',
  unk: null,
  unknown: null,
};

interface ClassColumn {
  readonly place: number;
  readonly name: string;
  /** Null: of no class. */
  readonly code: string | null;
}

function classColumnsOf(header: readonly string[]): ClassColumn[] {
  return header.flatMap((name, place) => {
    const code = diagnosisOf(name)?.code ?? furtherClasses[columnKey(name)];
    return code === undefined ? [] : [{ place, name, code }];
  });
}

export const classColumns: DatasetFormat = {
  id: 'class-columns',
  title: 'A column per class (ISIC 2019)',

  async match({ labels }) {
    if (labels === null) return false;
    const header = (await peekHeader(labels)) ?? [];
    const known = classColumnsOf(header).filter(({ code }) => code !== null);
    return columnOf(header, 'image') >= 0 && columnOf(header, 'label') < 0 && known.length >= 2;
  },

  async open({ images, labels, lesions }, signal) {
    if (labels === null) throw new DermOrbitError('DATASET_NOT_FOUND', 'No table of labels was given.');
    const { header, rows, decimalComma } = await readTable(labels);
    const columns = classColumnsOf(header);
    const [image, lesion] = [columnOf(header, 'image'), columnOf(header, 'lesion')];
    const further = columns.map(({ code }) => code).filter((code) => code !== null);
    const classes = [...new Set([...isicClasses, ...further])];
    const problems = new ProblemList();
    const used = new Set([image, lesion, ...columns.map(({ place }) => place)]);
    problems.add('CSV_COLUMN_EXTRA', ...header.filter((_, place) => !used.has(place)));
    problems.add(
      'CLASS_SYNONYM',
      ...columns
        .filter(({ name, code }) => code !== null && name.toUpperCase() !== code)
        .map(({ name, code }) => `${name} as ${code!}`),
    );
    const found = new LabelRows<string>(problems);
    for (const { line, fields } of rows) {
      const id = imageIdOf(fields[image]!.trim());
      const subject = [id, `(line ${line})`].filter(Boolean).join(' ');
      const values = columns.map(({ place }) => numberIn(fields[place]!, decimalComma === true));
      const positive = columns.filter((_, index) => values[index] === 1);
      const code = positive[0]?.code;
      const problem = id === '' ? 'IMAGE_NAME_MISSING' : problemOf(values);
      if (problem !== null) problems.add(problem, subject);
      else if (code == null) problems.add('CLASS_UNKNOWN', `${subject}: ${positive[0]!.name}`);
      else found.add({ id, label: code, lesion: cellOf(fields[lesion]) });
    }
    const labelled = found.finish();
    const lesionOf = await lesionFinder(lesions, problems);
    return assemble({
      format: this.id,
      classes,
      labels: labelled.map(({ id, label, lesion: own }) => ({
        id,
        label: classes.indexOf(label),
        lesion: lesionOf(id) ?? own,
      })),
      images: await indexImages(images, signal),
      idsArePaths: false,
      problems,
    });
  },
};

function numberIn(field: string, decimalComma: boolean): number | null | undefined {
  return numberOf(decimalComma ? field.replace(',', '.') : field);
}

/** What is wrong with the values of one row; null if exactly one is 1 and the others 0 or nothing. */
function problemOf(values: readonly (number | null | undefined)[]): ProblemCode | null {
  if (values.some((value) => value !== 0 && value !== 1 && value !== null)) return 'LABEL_VALUE';
  const positives = values.filter((value) => value === 1).length;
  return positives > 1 ? 'LABEL_SEVERAL' : positives === 0 ? 'LABEL_MISSING' : null;
}
