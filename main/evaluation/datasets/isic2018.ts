// ISIC 2018 Task 3: a folder `X_Input` of images, beside it `X_GroundTruth.csv` and, since the authors
// published them, `X_LesionGroupings.csv`. Source: challenge.isic-archive.com, "ISIC 2018 Task 3".
import { stat } from 'node:fs/promises';
import { isicClasses } from '../../contract/settings.ts';
import { imageIdOf, peekHeader, readTable } from '../csv.ts';
import { assemble } from './assemble.ts';
import { isTruthHeader, readGroundTruth } from './ground-truth.ts';
import { indexImages } from './images.ts';
import type { DatasetSource } from '../../contract/dataset.ts';
import type { DatasetFormat } from './labelled-set.ts';
import { readLesions } from './lesions.ts';

export const isic2018: DatasetFormat = {
  id: 'isic2018',
  title: 'ISIC 2018 Task 3',

  async match(source) {
    const labels = await labelsOf(source);
    if (labels === null) return false;
    return isTruthHeader((await peekHeader(labels)) ?? []);
  },

  async open(source, signal) {
    const labels = (await labelsOf(source)) ?? source.images;
    const truth = await readTable(labels);
    const { rows, problems } = readGroundTruth(truth);
    const lesionsPath = await lesionsOf(source, labels);
    const lesions = lesionsPath === null ? null : await readLesions(lesionsPath, problems);
    const images = await indexImages(source.images, signal);
    if (lesions !== null) {
      // An image that is listed for another reason, as a label without image or the other way round, is not unknown.
      const named = new Set(truth.rows.map(({ fields }) => imageIdOf(fields[0] ?? '')));
      const isKnown = (id: string) => named.has(id) || images.byStem.has(id);
      problems.add('LESION_WITHOUT_IMAGE', ...[...lesions.keys()].filter((id) => !isKnown(id)));
    }
    const labelled = rows.map(({ id, label }) => ({ id, label, lesion: lesions?.get(id) ?? null }));
    return assemble({
      format: this.id,
      classes: isicClasses,
      labels: labelled,
      images,
      idsArePaths: false,
      problems,
    });
  },
};

/** The labels that were given, or those that the challenge's names put beside the images. */
async function labelsOf({ images, labels }: DatasetSource): Promise<string | null> {
  if (labels !== null) return labels;
  const folder = images.replace(/[\\/]+$/, '');
  return folder.endsWith('_Input') ? existing(folder.replace(/_Input$/, '_GroundTruth.csv')) : null;
}

async function lesionsOf({ lesions }: DatasetSource, labels: string): Promise<string | null> {
  if (lesions !== null) return lesions;
  const beside = labels.replace(/_GroundTruth\.csv$/i, '_LesionGroupings.csv');
  return beside === labels ? null : existing(beside);
}

async function existing(path: string): Promise<string | null> {
  const stats = await stat(path).catch(() => null);
  return stats?.isFile() === true ? path : null;
}
