// The lesion groupings of ISIC 2018: which images show the same lesion.
import { basename } from 'node:path';
import { DermOrbitError } from '../../contract/errors.ts';
import { imageIdOf, readTable } from '../csv.ts';
import { columnOf } from './columns.ts';
import { stemOf } from './images.ts';
import type { ProblemList } from './problems.ts';

/**
 * Reads a lesion groupings CSV (`image,lesion_id`, further columns allowed): image id to lesion id.
 * An image that is given to two lesions has none.
 * @throws DermOrbitError CSV_COLUMN_MISSING, and the codes of readTable
 */
export async function readLesions(path: string, problems: ProblemList): Promise<ReadonlyMap<string, string>> {
  const table = await readTable(path);
  const [image, lesion] = [columnOf(table.header, 'image'), columnOf(table.header, 'lesion')];
  if (image < 0 || lesion < 0) {
    const missing = [image < 0 ? 'image' : '', lesion < 0 ? 'lesion_id' : ''].filter(Boolean).join(', ');
    throw new DermOrbitError('CSV_COLUMN_MISSING', `${table.name} lacks ${missing}.`);
  }
  const lesions = new Map<string, string>();
  const conflicts = new Set<string>();
  for (const { fields } of table.rows) {
    const [id, group] = [imageIdOf(fields[image]!.trim()), fields[lesion]!.trim()];
    if (id === '' || group === '') continue;
    if ((lesions.get(id) ?? group) !== group) conflicts.add(id);
    lesions.set(id, group);
  }
  for (const id of conflicts) lesions.delete(id);
  problems.add('LESION_CONFLICT', ...conflicts);
  return lesions;
}

/**
 * The lesion of an image that is known by its path inside the folder: groupings may name the path, the file, or the file
 * without its extension.
 * @param path null: no groupings, and no lesions
 * @throws DermOrbitError as {@link readLesions}
 */
export async function lesionFinder(
  path: string | null,
  problems: ProblemList,
): Promise<(id: string) => string | null> {
  if (path === null) return () => null;
  const lesions = await readLesions(path, problems);
  return (id) => lesions.get(imageIdOf(id)) ?? lesions.get(basename(id)) ?? lesions.get(stemOf(id)) ?? null;
}
