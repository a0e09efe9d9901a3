// Metadata tables of public sets that name one diagnosis per image. Each is a row of the table below; what they call
// the diagnoses is in contract/diagnoses.ts. Classes beyond the seven are listed, never guessed.
// Sources: HAM10000 (Tschandl et al. 2018, doi 10.7910/DVN/DBW86T), isic-archive.com, BCN20000 (Hernández-Pérez et al.
// 2024, doi 10.6084/m9.figshare.24140028), PAD-UFES-20 (Pacheco et al. 2020, doi 10.17632/zr7vgbcyr2.1), Derm7pt
// (Kawahara et al. 2019, derm.cs.sfu.ca).
import { diagnosisOf } from '../../contract/diagnoses.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { isicClasses } from '../../contract/settings.ts';
import { imageIdOf, peekHeader, readTable } from '../csv.ts';
import { assemble, synonym } from './assemble.ts';
import { columnAt, columnOf } from './columns.ts';
import { indexImages, pathInside } from './images.ts';
import { LabelRows } from './label-rows.ts';
import type { DatasetFormat } from './labelled-set.ts';
import { lesionFinder } from './lesions.ts';
import { ProblemList } from './problems.ts';

interface Metadata {
  readonly id: string;
  readonly title: string;
  /** The column that names the images; no two of these tables share it with the column of the class. */
  readonly image: string;
  /** Columns of the diagnosis in groups; the first group that says anything counts, and in it the first known name. */
  readonly diagnosis: readonly (readonly string[])[];
  readonly lesion: string;
  /** Whether images are named by paths; otherwise by file names, mostly without extension. */
  readonly paths?: true;
}

const tables: readonly Metadata[] = [
  { id: 'ham10000', title: 'HAM10000', image: 'image_id', diagnosis: [['dx']], lesion: 'lesion_id' },
  {
    ...{ id: 'isic-archive', title: 'ISIC Archive', image: 'isic_id', lesion: 'lesion_id' },
    // From what was found (Nevus; Nevus, Blue) up to its group; older tables have one column.
    diagnosis: [
      ['diagnosis_3', 'diagnosis_4', 'diagnosis_5'],
      ['diagnosis_2'],
      ['diagnosis_1'],
      ['diagnosis'],
    ],
  },
  {
    id: 'isic2020',
    title: 'ISIC 2020',
    image: 'image_name',
    diagnosis: [['diagnosis']],
    lesion: 'lesion_id',
  },
  {
    id: 'bcn20000',
    title: 'BCN20000',
    image: 'bcn_filename',
    diagnosis: [['diagnosis']],
    lesion: 'lesion_id',
  },
  {
    id: 'pad-ufes-20',
    title: 'PAD-UFES-20',
    image: 'img_id',
    diagnosis: [['diagnostic']],
    lesion: 'lesion_id',
  },
  {
    ...{ id: 'derm7pt', title: 'Derm7pt', image: 'derm', diagnosis: [['diagnosis']], lesion: 'case_num' },
    paths: true,
  },
];

export const metadataFormats: readonly DatasetFormat[] = tables.map((table) => ({
  id: table.id,
  title: `${table.title} metadata`,

  async match({ labels }) {
    if (labels === null) return false;
    const header = (await peekHeader(labels)) ?? [];
    return columnAt(header, table.image) >= 0 && columnAt(header, ...table.diagnosis.flat()) >= 0;
  },

  async open({ images, labels, lesions }, signal) {
    if (labels === null) throw new DermOrbitError('DATASET_NOT_FOUND', 'No metadata CSV was given.');
    const { header, rows } = await readTable(labels);
    const image = columnAt(header, table.image);
    const own = columnAt(header, table.lesion);
    const lesion = own >= 0 ? own : columnOf(header, 'lesion');
    const groups = table.diagnosis.map((names) => names.map((name) => columnAt(header, name)));
    const problems = new ProblemList();
    const found = new LabelRows<number>(problems);
    const meant = new Set<string>();
    for (const { line, fields } of rows) {
      const name = fields[image]!.trim();
      const id = table.paths ? pathInside(name) : imageIdOf(name);
      const texts = groups.map((columns) =>
        columns.map((column) => fields[column]?.trim() ?? '').filter(Boolean),
      );
      const said = texts.find((group) => group.length > 0);
      const named = said?.find((text) => diagnosisOf(text) !== null);
      const code = named === undefined ? undefined : diagnosisOf(named)?.code;
      if (named !== undefined && code !== undefined)
        for (const other of synonym(named, code)) meant.add(other);
      const group = fields[lesion]?.trim() ?? '';
      if (name === '' || id === '') problems.add('IMAGE_NAME_MISSING', `line ${line}`);
      else if (id === null) problems.add('IMAGE_OUTSIDE_FOLDER', `${name} (line ${line})`);
      else if (said === undefined) problems.add('LABEL_MISSING', `${id} (line ${line})`);
      else if (code === undefined) problems.add('CLASS_UNKNOWN', `${id} (line ${line}): ${said[0]!}`);
      else found.add({ id, label: isicClasses.indexOf(code), lesion: group === '' ? null : group });
    }
    problems.add('CLASS_SYNONYM', ...meant);
    const labelled = found.finish();
    const lesionOf = await lesionFinder(lesions, problems);
    return assemble({
      format: table.id,
      classes: isicClasses,
      labels: labelled.map((row) => ({ ...row, lesion: lesionOf(row.id) ?? row.lesion })),
      images: await indexImages(images, signal),
      idsArePaths: table.paths === true,
      problems,
    });
  },
}));
