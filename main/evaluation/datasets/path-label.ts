// A CSV of path,label, and optionally the lesion: the simplest way to describe one's own images. Paths are
// relative to the folder of the images and never leave it.
import { DermOrbitError } from '../../contract/errors.ts';
import { peekHeader, readCsv } from '../csv.ts';
import { assemble, orderClasses } from './assemble.ts';
import { indexImages, pathInside } from './images.ts';
import type { DatasetFormat } from './labelled-set.ts';
import { lesionFinder } from './lesions.ts';
import { ProblemList } from './problems.ts';

/** Names of the columns, as people write them. */
const columnNames = {
  path: ['path', 'image', 'file', 'filename'],
  label: ['label', 'class'],
  lesion: ['lesion', 'lesion_id'],
} as const;

type Role = keyof typeof columnNames;

function columnOf(header: readonly string[], role: Role): number {
  const names: readonly string[] = columnNames[role];
  return header.findIndex((column) => names.includes(column.toLowerCase()));
}

export const pathLabel: DatasetFormat = {
  id: 'path-label',
  title: 'CSV of path,label',

  async match({ labels }) {
    if (labels === null) return false;
    const header = (await peekHeader(labels)) ?? [];
    return columnOf(header, 'path') >= 0 && columnOf(header, 'label') >= 0;
  },

  async open({ images, labels, lesions }, signal) {
    if (labels === null) throw new DermOrbitError('DATASET_NOT_FOUND', 'No CSV of labels was given.');
    const table = await readCsv(labels);
    const [path, label, lesion] = (['path', 'label', 'lesion'] as const).map((role) =>
      columnOf(table.header, role),
    ) as [number, number, number];
    if (path < 0 || label < 0) {
      const role = path < 0 ? 'path' : 'label';
      throw new DermOrbitError(
        'CSV_COLUMN_MISSING',
        `${table.name} has no column ${columnNames[role].join(', ')}.`,
      );
    }
    const problems = new ProblemList();
    const used = new Set([path, label, lesion]);
    problems.add('CSV_COLUMN_EXTRA', ...table.header.filter((_, column) => !used.has(column)));

    const rows = new Map<string, { id: string; name: string; lesion: string | null }>();
    const conflicts = new Set<string>();
    for (const { line, fields } of table.rows) {
      const id = pathInside(fields[path]!);
      const name = fields[label]!.trim();
      const group = lesion < 0 ? '' : fields[lesion]!;
      const earlier = id === null ? undefined : rows.get(id);
      if (fields[path] === '') problems.add('IMAGE_NAME_MISSING', `line ${line}`);
      else if (id === null) problems.add('IMAGE_OUTSIDE_FOLDER', `${fields[path]!} (line ${line})`);
      else if (name === '') problems.add('LABEL_MISSING', `${id} (line ${line})`);
      else if (!earlier) rows.set(id, { id, name, lesion: group === '' ? null : group });
      else if (earlier.name === name) problems.add('IMAGE_DUPLICATE', id);
      else conflicts.add(id);
    }
    for (const id of conflicts) rows.delete(id);
    problems.add('LABEL_CONFLICT', ...conflicts);

    // Groupings of their own are asked first: they were given on purpose.
    const lesionOf = await lesionFinder(lesions, problems);
    const { classes, indexOf } = orderClasses([...rows.values()].map((row) => row.name));
    return assemble({
      format: this.id,
      classes,
      labels: [...rows.values()].map(({ id, name, lesion: own }) => ({
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
