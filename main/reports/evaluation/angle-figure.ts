// How often the answer changes at each free angle, for a row and for vanilla on the same images. Pure.
import type { EvaluationRow } from '../../contract/evaluation.ts';
import { anglePlot, type AnglePoint } from '../../plots/angle-plot.ts';
import { plotSvg } from '../svg.ts';
import { find, share } from './figures.ts';
import { legend, seriesStyle } from './legend.ts';

const width = 290;

/**
 * The plot of a row with its legend; empty where no free angles were asked for.
 * @param vanilla null for vanilla itself
 */
export function angleFigure(row: EvaluationRow, vanilla: EvaluationRow | null): string {
  const series = [...(vanilla === null ? [] : [vanilla]), row].map((one, index) => {
    const name = one === row ? row.id : 'vanilla';
    const any = find(one.freeAngles?.shares ?? [], 'flipped');
    return { name, style: seriesStyle(index), points: pointsOf(one, name), any };
  });
  if (series.some(({ points }) => points.length === 0)) return '';
  const plot = anglePlot(series, width, `Answers of ${row.id} that a free angle changes`);
  return plotSvg(plot) + legend(series.map(({ name, any }) => `${name}, some angle ${share(any?.value)}`));
}

function pointsOf({ freeAngles }: EvaluationRow, series: string): AnglePoint[] {
  if (freeAngles === null) return [];
  return freeAngles.transformations.slice(1).map((name) => {
    const interval = find(freeAngles.shares, `flippedBy/${name}`);
    const value = interval?.value ?? 0;
    const [low, high] = [interval?.low ?? value, interval?.high ?? value];
    const title = `${series}, ${name}: ${share(value)}, ${share(low)} to ${share(high)}`;
    return { angle: Number.parseFloat(name), value, low, high, title };
  });
}
