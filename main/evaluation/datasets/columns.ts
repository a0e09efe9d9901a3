// Which columns of a label table name the image, its class and its lesion: names as people and archives write them,
// compared without case, spaces and punctuation.
import { quoted, type CsvTable } from '../csv.ts';

const columnNames = {
  image: [
    ...[
      'path',
      'image',
      'file',
      'filename',
      'image_id',
      'image_name',
      'image_path',
      'image_file',
      'img',
      'img_id',
    ],
    ...[
      'isic_id',
      'file_name',
      'file_path',
      'filepath',
      'picture',
      'photo',
      'bild',
      'datei',
      'dateiname',
      'imagen',
    ],
  ],
  label: [
    ...['label', 'class', 'dx', 'diagnosis', 'diagnostic', 'category', 'class_name', 'label_name', 'target'],
    ...['diagnose', 'diagnostico', 'klasse', 'classe', 'clase', 'ground_truth'],
  ],
  lesion: ['lesion', 'lesion_id', 'lesionid', 'lesion_name'],
} as const;

type Role = keyof typeof columnNames;

/** A column name as it is compared. */
export function columnKey(column: string): string {
  const letters = column.normalize('NFKD').replace(/\p{M}/gu, '').trim().toLowerCase();
  return letters.replace(/[^\p{L}\p{N}]+/gu, '_');
}

/** Place of the first of these columns that a header has, -1 without. */
export function columnAt(header: readonly string[], ...names: readonly string[]): number {
  const keys = header.map(columnKey);
  return names.map((name) => keys.indexOf(name)).find((place) => place >= 0) ?? -1;
}

/** Place of the column of a role, -1 without. */
export function columnOf(header: readonly string[], role: Role): number {
  return columnAt(header, ...columnNames[role]);
}

/** Why a table is none that can be read: the columns it has, and what to rename. */
export function describeColumns({ header, name }: Pick<CsvTable, 'header' | 'name'>): string {
  const [image, label] = [columnOf(header, 'image'), columnOf(header, 'label')];
  const found = [
    image >= 0
      ? `${quoted(header[image]!)} names the images`
      : 'none of them names the images (rename it to image)',
    label >= 0
      ? `${quoted(header[label]!)} the classes`
      : 'none of them names the classes (rename it to label)',
  ];
  const shown = header.slice(0, 20).map(quoted).join(', ');
  const more = header.length > 20 ? ` and ${header.length - 20} more` : '';
  return `${name} has the columns ${shown}${more}: ${found.join('; ')}.`;
}

/** What a cell of an optional column says; null where it is empty or the table has no such column. */
export function cellOf(text: string | undefined): string | null {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}
