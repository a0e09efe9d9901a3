// What is in a labelled set, as far as a person needs to know before anything starts.
import { shownSubjects, type DatasetSummary } from '../contract/dataset.ts';
import { datasetFormats, openDataset } from '../evaluation/datasets/datasets.ts';
import type { DatasetSource } from '../contract/dataset.ts';
import { clusterByLesion } from '../evaluation/metrics/bootstrap.ts';

/** @throws DermOrbitError as {@link openDataset} */
export async function summariseDataset(
  source: DatasetSource,
  signal: AbortSignal | undefined,
): Promise<DatasetSummary> {
  const set = await openDataset(source, signal);
  const counts = new Array<number>(set.classes.length).fill(0);
  for (const { label } of set.items) counts[label]!++;
  const lesions = set.items.map(({ lesion }) => lesion);
  return {
    format: set.format,
    title: datasetFormats.find(({ id }) => id === set.format)?.title ?? set.format,
    images: set.items.length,
    classes: set.classes.map((code, index) => ({
      code,
      name: set.names[index] ?? code,
      images: counts[index]!,
    })),
    lesions: clusterByLesion(lesions).count,
    lesionsKnown: lesions.filter((lesion) => lesion !== null).length,
    problems: set.problems.map((problem) => ({
      problem: { ...problem, subjects: problem.subjects.slice(0, shownSubjects) },
      count: problem.subjects.length,
    })),
  };
}
