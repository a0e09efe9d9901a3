// Small drawings that stand in the row of a table or above it: a share with its interval, shares that add up to 1. Pure.
import { line, type Mark, type Plot } from './plot.ts';

/** A share with its interval on a line from 0 to 1. @param style the tone: `accuracy`, `flip` or `steady` */
export function intervalPlot(value: number, low: number, high: number, style: string, label: string): Plot {
  const at = (share: number): number => 4 + share * 92;
  const marks: Mark[] = [
    line(at(0), 6, at(1), 6, 'grid'),
    ...[0, 0.5, 1].map((tick) => line(at(tick), 3, at(tick), 9, 'grid')),
    line(at(low), 6, at(high), 6, `whisker ${style}`),
    { shape: 'circle', style: `mark ${style}`, cx: at(value), cy: 6, r: 3.2 },
  ];
  return { width: 100, height: 12, label, marks };
}

/** Shares that add up to 1 as one bar, with a gap between neighbours. */
export function stackedPlot(
  parts: readonly { readonly name: string; readonly share: number; readonly style: string }[],
  label: string,
): Plot {
  const width = 320;
  let from = 0;
  const marks = parts.map(({ name, share, style }): Mark => {
    const x = from * width;
    from += share;
    const title = `${name}: ${(100 * share).toFixed(1)}%`;
    return { shape: 'rect', style, title, x, y: 0, width: Math.max(0, share * width - 1), height: 14 };
  });
  return { width, height: 14, label, marks };
}
