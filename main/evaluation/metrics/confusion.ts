// Which classes are taken for which, with the images behind every cell. Pure.
import { undecided, type PreparedSet } from './scored-set.ts';

/** Answers against truth. Rows are true classes; columns are answers, the last one "undecided". */
export interface ConfusionMatrix {
  readonly classes: readonly string[];
  /** [K][K + 1] number of images. */
  readonly counts: readonly (readonly number[])[];
  /** [K][K + 1] indices of the images of each cell: the sure ones first. */
  readonly images: readonly (readonly (readonly number[])[])[];
}

/** The confusion matrix of a set. */
export function confusionMatrix(set: PreparedSet): ConfusionMatrix {
  const width = set.classes.length;
  const images = set.classes.map(() => Array.from({ length: width + 1 }, (): number[] => []));
  for (let image = 0; image < set.imageCount; image++) {
    const answer = set.answers[image]!;
    images[set.labels[image]!]![answer === undecided ? width : answer]!.push(image);
  }
  const surer = (a: number, b: number) => set.confidences[b]! - set.confidences[a]! || a - b;
  for (const row of images) for (const cell of row) cell.sort(surer);
  return { classes: set.classes, counts: images.map((row) => row.map((cell) => cell.length)), images };
}

/**
 * Wrong and undecided answers, the worst first: those that give the true class the smallest probability.
 * @returns image indices
 */
export function worstAnswers(set: PreparedSet): number[] {
  const width = set.classes.length;
  const ofLabel = (image: number) => set.probabilities[image * width + set.labels[image]!]!;
  return Array.from(set.labels.keys())
    .filter((image) => set.answers[image] !== set.labels[image])
    .sort((a, b) => ofLabel(a) - ofLabel(b) || a - b);
}
