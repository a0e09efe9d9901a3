// HAM10000: its metadata CSV names the diagnosis and the lesion of every image; the images lie in one or two
// folders. Source: Tschandl, Rosendahl and Kittler 2018, Sci. Data 5, 180161 (doi 10.7910/DVN/DBW86T).
import { DermOrbitError } from '../../contract/errors.ts';
import { isicClasses } from '../../contract/settings.ts';
import { imageIdOf, peekHeader, readCsv } from '../csv.ts';
import { assemble } from './assemble.ts';
import { indexImages } from './images.ts';
import type { DatasetFormat } from './labelled-set.ts';
import { lesionFinder } from './lesions.ts';
import { ProblemList } from './problems.ts';

const columns = ['lesion_id', 'image_id', 'dx'] as const;

export const ham10000: DatasetFormat = {
  id: 'ham10000',
  title: 'HAM10000 metadata',

  async match({ labels }) {
    if (labels === null) return false;
    const header = (await peekHeader(labels)) ?? [];
    return columns.every((column) => header.includes(column));
  },

  async open({ images, labels, lesions }, signal) {
    if (labels === null) throw new DermOrbitError('DATASET_NOT_FOUND', 'No metadata CSV was given.');
    const table = await readCsv(labels);
    const [lesionColumn, imageColumn, classColumn] = columns.map((column) => {
      const index = table.header.indexOf(column);
      if (index < 0) throw new DermOrbitError('CSV_COLUMN_MISSING', `${table.name} lacks ${column}.`);
      return index;
    });
    const problems = new ProblemList();
    const rows = new Map<string, { id: string; label: number; lesion: string | null }>();
    const conflicts = new Set<string>();
    for (const { line, fields } of table.rows) {
      const id = imageIdOf(fields[imageColumn!]!);
      const diagnosis = fields[classColumn!]!;
      const label = isicClasses.findIndex((code) => code === diagnosis.toUpperCase());
      const lesion = fields[lesionColumn!]!;
      const earlier = rows.get(id);
      if (id === '') problems.add('IMAGE_NAME_MISSING', `line ${line}`);
      else if (diagnosis === '') problems.add('LABEL_MISSING', `${id} (line ${line})`);
      else if (label < 0) problems.add('CLASS_UNKNOWN', `${id} (line ${line}): ${diagnosis}`);
      else if (!earlier) rows.set(id, { id, label, lesion: lesion === '' ? null : lesion });
      else if (earlier.label === label) problems.add('IMAGE_DUPLICATE', id);
      else conflicts.add(id);
    }
    for (const id of conflicts) rows.delete(id);
    problems.add('LABEL_CONFLICT', ...conflicts);
    const lesionOf = await lesionFinder(lesions, problems);
    return assemble({
      format: this.id,
      classes: isicClasses,
      labels: [...rows.values()].map((row) => ({ ...row, lesion: lesionOf(row.id) ?? row.lesion })),
      images: await indexImages(images, signal),
      idsArePaths: false,
      problems,
    });
  },
};
