// Percentile bootstrap intervals for any figures that can be computed with one weight per image. What is drawn
// are lesions, with all their images: images of one lesion are not independent, and drawing them one by one
// makes intervals too narrow. Source: Efron and Tibshirani 1993, chapters 6 and 13; Field and Welsh 2007
// (clusters). A resample is a weight for each image: how often its lesion was drawn. Pure.
import type { Interval, PairedDifference } from '../../contract/figures.ts';
import { below, seededRandom } from './random.ts';

/** Named figures as one function of the image weights. */
export interface Statistic {
  readonly names: readonly string[];
  /**
   * Writes one number per name; NaN where a figure is undefined for these weights.
   * @param weights [N]
   * @param out [names]
   */
  evaluate(weights: Float64Array, out: Float64Array): void;
}

/** Which images belong together. */
export interface Clusters {
  readonly count: number;
  /** [N] cluster of each image. */
  readonly ofImage: Int32Array;
}

/** Images of one lesion form a cluster; an image whose lesion is unknown is a cluster of its own. */
export function clusterByLesion(lesions: readonly (string | null)[]): Clusters {
  const known = new Map<string, number>();
  let count = 0;
  const ofImage = Int32Array.from(lesions, (lesion) => {
    if (lesion === null) return count++;
    const cluster = known.get(lesion) ?? count++;
    known.set(lesion, cluster);
    return cluster;
  });
  return { count, ofImage };
}

export interface BootstrapOptions {
  /** Weight of each image before resampling, [N]; by default 1. */
  readonly weights?: Float64Array;
  readonly resamples?: number;
  readonly seed?: number;
  /** Probability that the interval is meant to have. */
  readonly confidence?: number;
  /** Called after every 50 resamples; what it throws ends the work. */
  readonly onProgress?: (done: number) => void;
}

export const defaultBootstrap = { resamples: 2000, seed: 20_180_701, confidence: 0.95 } as const;

/** Point estimates with percentile intervals. The same options give the same numbers. */
export function bootstrap(
  statistic: Statistic,
  clusters: Clusters,
  options: BootstrapOptions = {},
): Interval[] {
  return summarise(statistic.names, resample(statistic, clusters, options), options);
}

function summarise(names: readonly string[], resampled: Resampled, options: BootstrapOptions): Interval[] {
  const { confidence = defaultBootstrap.confidence } = options;
  const { estimate, samples } = resampled;
  return names.map((name, index) => {
    const sorted = samples[index]!.filter((value) => !Number.isNaN(value)).sort();
    return {
      name,
      value: defined(estimate[index]!),
      low: defined(quantile(sorted, (1 - confidence) / 2)),
      high: defined(quantile(sorted, (1 + confidence) / 2)),
      definedShare: sorted.length / samples[index]!.length,
    };
  });
}

/**
 * Differences `first - second` with paired percentile intervals: both methods see the same resamples.
 * @throws RangeError if the statistics have different names
 */
export function pairedBootstrap(
  first: Statistic,
  second: Statistic,
  clusters: Clusters,
  options: BootstrapOptions = {},
): PairedDifference[] {
  if (first.names.join() !== second.names.join())
    throw new RangeError('The statistics differ in their names');
  const other = new Float64Array(first.names.length);
  const difference: Statistic = {
    names: first.names,
    evaluate(weights, out) {
      first.evaluate(weights, out);
      second.evaluate(weights, other);
      for (let index = 0; index < other.length; index++) out[index]! -= other[index]!;
    },
  };
  const resampled = resample(difference, clusters, options);
  return summarise(first.names, resampled, options).map((interval, index) => ({
    ...interval,
    p: noDifference(resampled.samples[index]!),
  }));
}

function noDifference(samples: Float64Array): number | null {
  let [known, notAbove, notBelow] = [0, 0, 0];
  for (const value of samples) {
    if (Number.isNaN(value)) continue;
    known++;
    if (value <= 0) notAbove++;
    if (value >= 0) notBelow++;
  }
  return known === 0 ? null : Math.min(1, (2 * (Math.min(notAbove, notBelow) + 1)) / (known + 1));
}

interface Resampled {
  /** [names] figures of the images as they are. */
  readonly estimate: Float64Array;
  /** names times [resamples]. */
  readonly samples: readonly Float64Array[];
}

function resample(statistic: Statistic, clusters: Clusters, options: BootstrapOptions): Resampled {
  const { resamples = defaultBootstrap.resamples, seed = defaultBootstrap.seed, onProgress } = options;
  const { ofImage, count } = clusters;
  const base = options.weights ?? new Float64Array(ofImage.length).fill(1);
  const estimate = new Float64Array(statistic.names.length);
  statistic.evaluate(base, estimate);

  const random = seededRandom(seed);
  const drawn = new Int32Array(count);
  const weights = new Float64Array(ofImage.length);
  const out = new Float64Array(statistic.names.length);
  const samples = statistic.names.map(() => new Float64Array(resamples));
  for (let sample = 0; sample < resamples; sample++) {
    drawn.fill(0);
    for (let draw = 0; draw < count; draw++) drawn[below(random, count)]!++;
    for (let image = 0; image < weights.length; image++) {
      weights[image] = base[image]! * drawn[ofImage[image]!]!;
    }
    statistic.evaluate(weights, out);
    for (let index = 0; index < out.length; index++) samples[index]![sample] = out[index]!;
    if ((sample + 1) % 50 === 0) onProgress?.(sample + 1);
  }
  return { estimate, samples };
}

/** Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996); NaN of nothing. */
export function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return NaN;
  const place = share * (sorted.length - 1);
  const lower = Math.floor(place);
  const [a, b] = [sorted[lower]!, sorted[Math.min(lower + 1, sorted.length - 1)]!];
  return a + (place - lower) * (b - a);
}

/** A number, or null for NaN: what stands in results. */
export function defined(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
