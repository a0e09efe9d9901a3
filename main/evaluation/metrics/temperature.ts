// Temperature scaling: one number that makes probabilities mean more or less, fitted on one part of the images
// and judged on the other. Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
// The answers never change, so accuracy does not either. Pure.
import type { TemperatureFit, CalibrationFigures, TemperatureReport } from '../../contract/figures.ts';
import { allMeasures } from './measures.ts';
import { below, seededRandom } from './random.ts';
import { defined, type Clusters } from './bootstrap.ts';
import { equalWeights, prepare, type ScoredSet } from './scored-set.ts';

/** Temperatures that are searched; a fit at an end says that no finite temperature is best. */
const range = { smallest: 0.01, largest: 100 } as const;

/** Stands for the logarithm of a probability of 0, which has no finite one. */
const smallestProbability = 1e-30;

/**
 * Probabilities at a temperature: softmax(ln(p) / T), which is softmax(logits / T) whatever the logits were.
 * @param probabilities [N, K]
 * @returns [N, K]
 */
export function applyTemperature(
  probabilities: Float64Array,
  classCount: number,
  temperature: number,
): Float64Array {
  const result = logarithms(probabilities);
  for (let start = 0; start < result.length; start += classCount) {
    const row = result.subarray(start, start + classCount);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (let index = 0; index < classCount; index++) {
      row[index] = Math.exp((row[index]! - largest) / temperature);
      sum += row[index]!;
    }
    for (let index = 0; index < classCount; index++) row[index]! /= sum;
  }
  return result;
}

function logarithms(probabilities: Float64Array): Float64Array {
  return probabilities.map((value) => Math.log(Math.max(smallestProbability, value)));
}

/**
 * The temperature with the smallest mean log loss. The loss is convex in 1/T, so its derivative changes sign
 * once, and bisection finds where.
 */
export function fitTemperature(set: ScoredSet): TemperatureFit {
  const logs = logarithms(set.probabilities);
  let [low, high] = [1 / range.largest, 1 / range.smallest];
  if (slope(set, logs, low) >= 0) return { temperature: range.largest, atBound: true };
  if (slope(set, logs, high) <= 0) return { temperature: range.smallest, atBound: true };
  for (let step = 0; step < 200 && high - low > 1e-12 * high; step++) {
    const middle = (low + high) / 2;
    if (slope(set, logs, middle) < 0) low = middle;
    else high = middle;
  }
  return { temperature: 2 / (low + high), atBound: false };
}

/** Derivative of the summed log loss by 1/T: expected logarithm under the probabilities minus the label's. */
function slope(set: ScoredSet, logs: Float64Array, inverse: number): number {
  const width = set.classes.length;
  let total = 0;
  for (let image = 0; image < set.labels.length; image++) {
    const row = logs.subarray(image * width, (image + 1) * width);
    let largest = -Infinity;
    for (const value of row) if (value > largest) largest = value;
    let [sum, expected] = [0, 0];
    for (const value of row) {
      const weight = Math.exp(inverse * (value - largest));
      sum += weight;
      expected += weight * value;
    }
    total += expected / sum - row[set.labels[image]!]!;
  }
  return total;
}

/**
 * Fits on one part and reports on the other. Lesions are divided, not images.
 * @param options.share of the lesions that the temperature is fitted on
 * @returns null where a part is empty
 */
export function temperatureReport(
  set: ScoredSet,
  clusters: Clusters,
  options: { readonly share?: number; readonly seed?: number } = {},
): TemperatureReport | null {
  const { share = 0.5, seed = 1 } = options;
  const fitting = chooseClusters(clusters.count, share, seed);
  const images = Array.from(set.labels.keys());
  const part = (wanted: number) =>
    select(
      set,
      images.filter((image) => fitting[clusters.ofImage[image]!] === wanted),
    );
  const [reportSet, fitSet] = [part(0), part(1)];
  if (reportSet.labels.length === 0 || fitSet.labels.length === 0) return null;
  const fit = fitTemperature(fitSet);
  const scaled = applyTemperature(reportSet.probabilities, set.classes.length, fit.temperature);
  return {
    ...fit,
    fittedOn: fitSet.labels.length,
    reportedOn: reportSet.labels.length,
    before: figures(reportSet),
    after: figures({ ...reportSet, probabilities: scaled }),
  };
}

/** [clusters] 1 for those chosen: a shuffled `share` of them. */
function chooseClusters(count: number, share: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = below(random, last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  const chosen = new Uint8Array(count);
  for (const cluster of order.subarray(0, Math.round(share * count))) chosen[cluster] = 1;
  return chosen;
}

function select(set: ScoredSet, images: readonly number[]): ScoredSet {
  const width = set.classes.length;
  const probabilities = new Float64Array(images.length * width);
  images.forEach((image, place) => {
    probabilities.set(set.probabilities.subarray(image * width, (image + 1) * width), place * width);
  });
  return {
    classes: set.classes,
    labels: Int32Array.from(images, (image) => set.labels[image]!),
    probabilities,
  };
}

function figures(set: ScoredSet): CalibrationFigures {
  const statistic = allMeasures(prepare(set), { perClass: false });
  const out = new Float64Array(statistic.names.length);
  statistic.evaluate(equalWeights(set.labels.length), out);
  const of = (name: string) => defined(out[statistic.names.indexOf(name)]!);
  return { ece: of('ece'), brier: of('brier'), logLoss: of('logLoss') };
}
