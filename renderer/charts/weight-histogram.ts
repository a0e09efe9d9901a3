// Histograms of the weights of several rounds on one axis. Pure.
import type { RoundFigures, WeightHistogram } from '../../main/contract/training.ts';
import type { Bins } from '../../main/plots/histogram-plot.ts';
import { three } from '../../main/words/figures.ts';

/** More bins than this are narrower than can be seen. */
const mostBins = 40;

/**
 * The narrowest bins that hold what every histogram holds, without the empty ends. Widths are powers of two and edges
 * their multiples (main/contract/training.ts), so that each histogram is counted into them exactly.
 */
export function commonBins(histograms: readonly WeightHistogram[]): Bins {
  const spans = histograms.map(occupiedSpan);
  let width = Math.max(...histograms.map(widthOf));
  for (;;) {
    const low = Math.floor(Math.min(...spans.map(([first]) => first)) / width);
    const high = Math.ceil(Math.max(...spans.map(([, last]) => last)) / width);
    if (high - low <= mostBins) return { low: low * width, width, count: high - low };
    width *= 2;
  }
}

/** The images of one orientation in such bins, as many numbers as there are bins. */
export function countsIn(
  { low, width, count }: Bins,
  { edges }: WeightHistogram,
  counts: readonly number[],
): number[] {
  const sums = new Array<number>(count).fill(0);
  counts.forEach((images, bin) => {
    if (images === 0) return;
    const place = Math.floor((edges[bin]! - low) / width);
    sums[place] = (sums[place] ?? 0) + images;
  });
  return sums;
}

const widthOf = ({ edges }: WeightHistogram) => edges[1]! - edges[0]!;

function occupiedSpan({ edges, counts }: WeightHistogram): readonly [number, number] {
  const used = edges.slice(0, -1).map((_, bin) => counts.some((row) => (row[bin] ?? 0) > 0));
  return [edges[used.indexOf(true)]!, edges[used.lastIndexOf(true) + 1]!];
}

/** A round whose weights can be drawn. */
export type WeighedRound = RoundFigures & { readonly weightHistogram: WeightHistogram };

export function weighedRounds(figures: readonly RoundFigures[]): WeighedRound[] {
  return figures.filter((one): one is WeighedRound => one.weightHistogram !== null);
}

/** As many decimals as tell the ends of such an axis apart, at least two. */
export function axisDecimals({ width, count }: Bins): number {
  return Math.min(8, Math.max(2, 1 + Math.ceil(-Math.log10(width * count))));
}

/** Mean and standard deviation, to two figures of the latter: `0.250 ± 0.012`. */
export function meanAndDeviation(
  { meanWeights, weightHistogram }: WeighedRound,
  orientation: number,
): string {
  const mean = meanWeights[orientation];
  const deviation = weightHistogram.deviations[orientation] ?? null;
  if (mean === undefined || deviation === null || deviation === 0) return three(mean);
  const decimals = Math.min(8, Math.max(0, 1 - Math.floor(Math.log10(deviation))));
  return `${mean.toFixed(decimals)} ± ${deviation.toFixed(decimals)}`;
}
