// Two distributions of one quantity on one axis: bars upwards, and those to compare with downwards. Pure.
import { line, text, type Mark, type Plot } from './plot.ts';

const width = 200;
const [half, gap, foot, side] = [46, 3, 18, 4];
const middle = half + gap;

/** Bins of equal width, side by side. */
export interface Bins {
  readonly low: number;
  readonly width: number;
  readonly count: number;
}

export interface HistogramPair {
  readonly bins: Bins;
  /** Decimals of the axis. */
  readonly decimals: number;
  /** A value that a line marks; null for none. */
  readonly marked: number | null;
  /** Heights of the bars, 0 to 1, one per bin; empty where there are none. */
  readonly above: readonly number[];
  readonly below: readonly number[];
}

export function histogramPlot({ bins, decimals, marked, above, below }: HistogramPair, label: string): Plot {
  const high = bins.low + bins.width * bins.count;
  const barWidth = (width - 2 * side) / bins.count;
  const x = (value: number): number => side + ((value - bins.low) / (high - bins.low)) * (width - 2 * side);
  const bars = (shares: readonly number[], style: 'now' | 'before'): Mark[] =>
    shares.flatMap((share, bin): Mark[] => {
      if (share <= 0) return [];
      // A single image stays visible.
      const tall = Math.max(1, share * half);
      return [
        {
          shape: 'rect',
          style,
          x: side + bin * barWidth + 0.3,
          y: style === 'now' ? middle - tall : middle,
          width: Math.max(1, barWidth - 0.6),
          height: tall,
        },
      ];
    });
  const marks = [
    ...(marked !== null && marked >= bins.low && marked <= high
      ? [line(x(marked), 0, x(marked), 2 * middle, 'chance')]
      : []),
    ...bars(above, 'now'),
    ...bars(below, 'before'),
    line(side, middle, width - side, middle, 'base'),
    text(side, 2 * middle + foot - 5, bins.low.toFixed(decimals), 'tick'),
    text(width - side, 2 * middle + foot - 5, high.toFixed(decimals), 'tick', 'end'),
  ];
  return { width, height: 2 * middle + foot, label, marks };
}
