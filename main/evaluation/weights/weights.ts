// What the weights of the orientations look like over a whole data set: one example proves nothing. The
// numbers behind the papers' figures 2 and 3 (Basu et al. 2023: distributions of lambda and example weights),
// for all images, by true class, and by whether the answer is right. Pure.
import type { BoxPlot, OrientationSummary, WeightSummary, WeightReport } from '../../contract/figures.ts';
import type { ImageGroup } from '../../contract/evaluated-images.ts';
import { quantile, type Statistic } from '../metrics/bootstrap.ts';

/** Weights of n orientations for N images. */
export interface OrientationWeights {
  /** n names, the first being the picture as it is. */
  readonly orientations: readonly string[];
  /** [N, n], row-major. */
  readonly weights: Float64Array;
}

/** What the images are, for the division into groups. */
export interface Truth {
  readonly classes: readonly string[];
  /** [N] */
  readonly labels: Int32Array;
  /** [N] answers; undecided ones are wrong. */
  readonly answers: Int32Array;
}

/** Whether an image, by its place, belongs to a group of images. */
export function membership(
  group: ImageGroup,
  { classes, labels, answers }: Truth,
): (image: number) => boolean {
  switch (group.of) {
    case 'all':
      return () => true;
    case 'right':
      return (image) => answers[image] === labels[image];
    case 'wrong':
      return (image) => answers[image] !== labels[image];
    case 'class': {
      const label = classes.indexOf(group.label);
      return (image) => labels[image] === label;
    }
  }
}

/** Two weights that differ by no more than this are equal: softmax in float32 does not promise more. */
const tie = 1e-6;

/** Whether another orientation has a larger weight than the upright one. @param row [n] of one image */
export function isNotUpright(row: Float64Array): boolean {
  return row.some((weight) => weight > row[0]! + tie);
}

/**
 * Summarises weights.
 * @throws RangeError if the sizes do not fit together, there are no images, or a weight is no number
 */
export function summariseWeights(
  source: OrientationWeights,
  truth: Truth,
  options: { readonly bins?: number } = {},
): WeightReport {
  const { orientations, weights } = source;
  const { labels, classes } = truth;
  if (labels.length === 0 || weights.length !== labels.length * orientations.length) {
    throw new RangeError(
      `${weights.length} weights for ${labels.length} images and ${orientations.length} orientations`,
    );
  }
  if (!weights.every(Number.isFinite)) throw new RangeError('A weight is not a finite number');
  const edges = edgesOf(weights, options.bins ?? 20);
  const every = Array.from(labels.keys());
  const of = (group: ImageGroup) => {
    const images = every.filter(membership(group, truth));
    return images.length === 0 ? null : summarise(source, images, edges);
  };
  const byClass = classes.flatMap((label): [string, WeightSummary][] => {
    const summary = of({ of: 'class', label });
    return summary === null ? [] : [[label, summary]];
  });
  return {
    edges,
    all: summarise(source, every, edges),
    byClass: Object.fromEntries(byClass),
    right: of({ of: 'right' }),
    wrong: of({ of: 'wrong' }),
  };
}

/**
 * Mean weights (`mean/ORIENTATION`) and the share of images whose largest weight is not the upright one
 * (`notUpright`) as a function of image weights, for intervals over lesions.
 */
export function weightStatistic({ orientations, weights }: OrientationWeights): Statistic {
  const width = orientations.length;
  const turned = Float64Array.from({ length: weights.length / width }, (_, image) => {
    return isNotUpright(weights.subarray(image * width, (image + 1) * width)) ? 1 : 0;
  });
  return {
    names: [...orientations.map((orientation) => `mean/${orientation}`), 'notUpright'],
    evaluate(imageWeights, out) {
      out.fill(0);
      let total = 0;
      for (let image = 0; image < turned.length; image++) {
        const one = imageWeights[image]!;
        total += one;
        for (let index = 0; index < width; index++) out[index]! += one * weights[image * width + index]!;
        out[width]! += one * turned[image]!;
      }
      for (let index = 0; index <= width; index++) out[index]! /= total;
    },
  };
}

/** From 0 to 1, or as far as the weights go where they go further. */
function edgesOf(weights: Float64Array, bins: number): number[] {
  let [low, high] = [0, 1];
  for (const weight of weights) {
    low = Math.min(low, weight);
    high = Math.max(high, weight);
  }
  return Array.from({ length: bins + 1 }, (_, edge) => low + ((high - low) * edge) / bins);
}

function summarise(
  { orientations, weights }: OrientationWeights,
  images: readonly number[],
  edges: readonly number[],
): WeightSummary {
  const width = orientations.length;
  const largestCounts = new Float64Array(width);
  let [notUpright, tied, largestSum, entropySum] = [0, 0, 0, 0];
  let shares = true;
  for (const image of images) {
    const row = weights.subarray(image * width, (image + 1) * width);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const leaders = row.reduce((count, weight) => count + (weight >= largest - tie ? 1 : 0), 0);
    if (isNotUpright(row)) notUpright++;
    if (leaders > 1) tied++;
    else largestCounts[row.indexOf(largest)]!++;
    largestSum += largest;
    shares &&= isShares(row);
    entropySum += entropyOf(row);
  }
  return {
    images: images.length,
    orientations: orientations.map((orientation, index) => ({
      orientation,
      ...distribution(
        Float64Array.from(images, (image) => weights[image * width + index]!),
        edges,
      ),
      largestShare: largestCounts[index]! / images.length,
    })),
    notUprightShare: notUpright / images.length,
    tiedShare: tied / images.length,
    entropy: shares && width > 1 ? entropySum / images.length / Math.log(width) : null,
    meanLargest: largestSum / images.length,
  };
}

function isShares(row: Float64Array): boolean {
  const sum = row.reduce((a, b) => a + b, 0);
  return row.every((weight) => weight >= 0) && Math.abs(sum - 1) <= 1e-4;
}

/** In nats; a weight of 0 adds nothing. */
function entropyOf(row: Float64Array): number {
  return row.reduce((sum, weight) => (weight > 0 ? sum - weight * Math.log(weight) : sum), 0);
}

/**
 * The weights of one orientation.
 * @param values at least one; sorted in place
 * @param edges rising and equally far apart, around all values
 */
export function distribution(
  values: Float64Array,
  edges: readonly number[],
): Pick<OrientationSummary, 'mean' | 'deviation' | 'box' | 'histogram'> {
  const sorted = values.sort();
  const count = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / count;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const bins = edges.length - 1;
  const histogram = new Array<number>(bins).fill(0);
  // By comparison with the edges themselves, so that who asks for the images between two of them gets as many.
  for (const value of sorted) {
    histogram[
      Math.min(
        bins - 1,
        edges.findLastIndex((edge) => value >= edge),
      )
    ]!++;
  }
  return {
    mean,
    deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : null,
    box: boxOf(sorted),
    histogram,
  };
}

function boxOf(sorted: Float64Array): BoxPlot {
  const [lowerQuartile, median, upperQuartile] = [0.25, 0.5, 0.75].map((share) =>
    quantile(sorted, share),
  ) as [number, number, number];
  const reach = 1.5 * (upperQuartile - lowerQuartile);
  const within = sorted.filter((value) => value >= lowerQuartile - reach && value <= upperQuartile + reach);
  return {
    minimum: sorted[0]!,
    lowerQuartile,
    median,
    upperQuartile,
    maximum: sorted.at(-1)!,
    lowerWhisker: within[0]!,
    upperWhisker: within.at(-1)!,
    outliers: sorted.length - within.length,
  };
}
