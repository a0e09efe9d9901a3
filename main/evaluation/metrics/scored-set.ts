// Predictions brought into the form that every metric reads: answers, and per class the images by falling
// probability. Sorting happens once; a metric is then one pass with one weight per image, so that the official
// score weights, the plain figures and 2,000 bootstrap resamples are the same code. Pure.

/** The answer of an image whose largest probability is shared by several classes. */
export const undecided = -1;

/** Class probabilities of labelled images. */
export interface ScoredSet {
  /** K class codes. */
  readonly classes: readonly string[];
  /** [N] indices into the classes. */
  readonly labels: Int32Array;
  /** [N, K], row-major. */
  readonly probabilities: Float64Array;
}

/** A {@link ScoredSet} with everything that does not depend on weights. */
export interface PreparedSet extends ScoredSet {
  /** N. */
  readonly imageCount: number;
  /** [N] class of the largest probability, or {@link undecided}. */
  readonly answers: Int32Array;
  /** [N] largest probability. */
  readonly confidences: Float64Array;
  /** [N] how many other classes have at least the probability of the label: 0 is right, ties count against. */
  readonly labelRanks: Int32Array;
  /** K times [N]: image indices by falling probability of the class. */
  readonly orders: readonly Int32Array[];
  /** K times [N]: 1 where the next image in order has a smaller probability (or there is none). */
  readonly groupEnds: readonly Uint8Array[];
}

/**
 * Prepares predictions for measuring.
 * @throws RangeError if the sizes do not fit together, a label is no class or a probability is no number
 */
export function prepare(set: ScoredSet): PreparedSet {
  const { labels, probabilities } = set;
  const [imageCount, classCount] = [labels.length, set.classes.length];
  if (probabilities.length !== imageCount * classCount) {
    throw new RangeError(
      `${probabilities.length} probabilities for ${imageCount} images of ${classCount} classes`,
    );
  }
  if (!labels.every((label) => label >= 0 && label < classCount)) throw new RangeError('A label is no class');
  if (!probabilities.every(Number.isFinite)) throw new RangeError('A probability is not a finite number');

  const answers = decide(probabilities, classCount);
  const confidences = confidencesOf(probabilities, classCount);
  const labelRanks = new Int32Array(imageCount);
  for (let image = 0; image < imageCount; image++) {
    const row = probabilities.subarray(image * classCount, (image + 1) * classCount);
    const ofLabel = row[labels[image]!]!;
    let atLeast = 0;
    for (const value of row) if (value >= ofLabel) atLeast++;
    labelRanks[image] = atLeast - 1;
  }
  const ranked = set.classes.map((_, index) => rank(probabilities, imageCount, classCount, index));
  return {
    ...set,
    imageCount,
    answers,
    confidences,
    labelRanks,
    orders: ranked.map((one) => one.order),
    groupEnds: ranked.map((one) => one.ends),
  };
}

/**
 * The class of the largest probability of each row; {@link undecided} where several share it.
 * Source: the official scorer of the ISIC challenges, which counts such rows as wrong.
 * @param probabilities [N, K]
 * @returns [N]
 */
export function decide(probabilities: Float64Array, classCount: number): Int32Array {
  const answers = new Int32Array(probabilities.length / classCount);
  for (let image = 0; image < answers.length; image++) {
    let [best, largest, tied] = [0, -Infinity, false];
    for (let index = 0; index < classCount; index++) {
      const value = probabilities[image * classCount + index]!;
      if (value > largest) [best, largest, tied] = [index, value, false];
      else if (value === largest) tied = true;
    }
    answers[image] = tied ? undecided : best;
  }
  return answers;
}

/**
 * The largest probability of each row.
 * @param probabilities [N, K]
 * @returns [N]
 */
export function confidencesOf(probabilities: Float64Array, classCount: number): Float64Array {
  return Float64Array.from({ length: probabilities.length / classCount }, (_, image) => {
    let largest = -Infinity;
    for (const value of probabilities.subarray(image * classCount, (image + 1) * classCount)) {
      if (value > largest) largest = value;
    }
    return largest;
  });
}

function rank(
  probabilities: Float64Array,
  imageCount: number,
  classCount: number,
  index: number,
): { order: Int32Array; ends: Uint8Array } {
  const values = new Float64Array(imageCount);
  for (let image = 0; image < imageCount; image++) values[image] = probabilities[image * classCount + index]!;
  // Tied images by falling index: sums of fractional weights then round as the official scorer's do.
  const order = Int32Array.from(values.keys()).sort((a, b) => values[b]! - values[a]! || b - a);
  const ends = new Uint8Array(imageCount);
  for (let place = 0; place < imageCount; place++) {
    ends[place] = values[order[place]!] !== values[order[place + 1]!] ? 1 : 0;
  }
  return { order, ends };
}

/** One weight of 1 per image. */
export function equalWeights(imageCount: number): Float64Array {
  return new Float64Array(imageCount).fill(1);
}
