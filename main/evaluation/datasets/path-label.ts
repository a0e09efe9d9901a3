// A table of image and label, and optionally the lesion: the simplest way to describe one's own images. Paths are
// relative to the folder of the images and never leave it.
import { DermOrbitError } from '../../contract/errors.ts';
import { peekHeader, readTable } from '../csv.ts';
import { assemble, orderClasses } from './assemble.ts';
import { cellOf, columnOf, describeColumns } from './columns.ts';
import { indexImages, pathInside } from './images.ts';
import { LabelRows } from './label-rows.ts';
import type { DatasetFormat } from './labelled-set.ts';
import { lesionFinder } from './lesions.ts';
import { ProblemList } from './problems.ts';

export const pathLabel: DatasetFormat = {
  id: 'path-label',
  title: 'CSV of image,label',

  async match({ labels }) {
    if (labels === null) return false;
    const header = (await peekHeader(labels)) ?? [];
    return columnOf(header, 'image') >= 0 && columnOf(header, 'label') >= 0;
  },

  async open({ images, labels, lesions }, signal) {
    if (labels === null) throw new DermOrbitError('DATASET_NOT_FOUND', 'No CSV of labels was given.');
    const table = await readTable(labels);
    const [image, label, lesion] = (['image', 'label', 'lesion'] as const).map((role) =>
      columnOf(table.header, role),
    ) as [number, number, number];
    if (image < 0 || label < 0) throw new DermOrbitError('CSV_COLUMN_MISSING', describeColumns(table));
    const problems = new ProblemList();
    const used = new Set([image, label, lesion]);
    problems.add('CSV_COLUMN_EXTRA', ...table.header.filter((_, column) => !used.has(column)));

    const found = new LabelRows<string>(problems);
    for (const { line, fields } of table.rows) {
      const path = fields[image]!.trim();
      const id = pathInside(path);
      const name = fields[label]!.trim();
      if (path === '') problems.add('IMAGE_NAME_MISSING', `line ${line}`);
      else if (id === null) problems.add('IMAGE_OUTSIDE_FOLDER', `${path} (line ${line})`);
      else if (name === '') problems.add('LABEL_MISSING', `${id} (line ${line})`);
      else found.add({ id, label: name, lesion: cellOf(fields[lesion]) });
    }
    const rows = found.finish();
    // Groupings of their own are asked first: they were given on purpose.
    const lesionOf = await lesionFinder(lesions, problems);
    const { classes, indexOf } = orderClasses(
      rows.map((row) => row.label),
      problems,
    );
    return assemble({
      format: this.id,
      classes,
      labels: rows.map(({ id, label: name, lesion: own }) => ({
        id,
        label: indexOf.get(name)!,
        lesion: lesionOf(id) ?? own,
      })),
      images: await indexImages(images, signal),
      idsArePaths: true,
      problems,
    });
  },
};
