// What of a path leaves the computer: the name, not the folders, which often hold names of people.
import { fileName } from '../contract/file-name.ts';
import type { Evaluation } from '../contract/evaluation.ts';

/** An evaluation that names its folder and table of labels without where they lie. */
export function withNamesOnly(evaluation: Evaluation): Evaluation {
  const { images, labels } = evaluation.dataset;
  const dataset = {
    ...evaluation.dataset,
    images: fileName(images),
    labels: labels === null ? null : fileName(labels),
  };
  return { ...evaluation, dataset };
}
