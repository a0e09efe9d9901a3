// How often the answer changes at each free angle, for a row and for vanilla on the same images. Pure.
import type { EvaluationRow } from '../../contract/evaluation.ts';
import { escaped } from '../html.ts';
import { legend, line, svg, text } from './charts.ts';
import { find, share } from './figures.ts';

const [left, top, width, height] = [40, 10, 220, 150];
/** With more angles their intervals would be a grey field, and most of the page. */
const mostIntervals = 72;
/** Ends of the axis, whose quarters are round: the first that holds everything drawn. */
const ends = [0.1, 0.2, 0.4, 0.6, 0.8, 1] as const;

interface Point {
  readonly name: string;
  readonly angle: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The plot of a row with its legend; empty where no free angles were asked for.
 * @param vanilla null for vanilla itself
 */
export function anglePlot(row: EvaluationRow, vanilla: EvaluationRow | null): string {
  const series = [...(vanilla === null ? [] : [vanilla]), row].map((one) => ({
    name: one === row ? row.id : 'vanilla',
    points: pointsOf(one),
    any: find(one.freeAngles?.shares ?? [], 'flipped'),
  }));
  if (series.some(({ points }) => points.length === 0)) return '';
  const most = Math.max(...series.flatMap(({ points }) => points.map(({ high }) => high)));
  const end = ends.find((one) => one >= most) ?? 1;
  const x = (angle: number) => left + (angle / 360) * width;
  const y = (value: number) => top + (1 - value / end) * height;
  const at = (angle: number, value: number) => `${x(angle).toFixed(1)},${y(value).toFixed(1)}`;
  const axes = [0, 0.25, 0.5, 0.75, 1].flatMap((tick) => [
    line(x(360 * tick), top, x(360 * tick), top + height, 'grid'),
    line(left, y(end * tick), left + width, y(end * tick), 'grid'),
    text(x(360 * tick), top + height + 13, `${360 * tick}°`, 'tick middle'),
    text(left - 5, y(end * tick) + 3, `${(100 * end * tick).toFixed(end < 0.2 ? 1 : 0)} %`, 'tick end'),
  ]);
  const drawn = series.map(({ name, points }, index) => {
    const places = points.map(({ angle, value }) => at(angle, value));
    // At the picture as it is nothing differs.
    const curve = `<polyline points="${at(0, 0)} ${places.join(' ')} ${at(360, 0)}" class="curve series-${index}"><title>${escaped(name)}</title></polyline>`;
    const whiskers = (points.length > mostIntervals ? [] : points).map(
      ({ name: angle, angle: degrees, value, low, high }) => {
        const title = `${name}, ${angle}: ${share(value)}, ${share(low)} to ${share(high)}`;
        return `<line x1="${x(degrees).toFixed(1)}" y1="${y(low).toFixed(1)}" x2="${x(degrees).toFixed(1)}" y2="${y(high).toFixed(1)}" class="series-${index}"><title>${escaped(title)}</title></line>`;
      },
    );
    return curve + whiskers.join('');
  });
  const label = `Answers of ${row.id} that a free angle changes`;
  const entries = series.map(({ name, any }) => `${name}, some angle ${share(any?.value)}`);
  return svg(272, height + 34, label, axes.join('') + drawn.join('')) + legend(entries);
}

function pointsOf({ freeAngles }: EvaluationRow): Point[] {
  if (freeAngles === null) return [];
  return freeAngles.transformations.slice(1).map((name) => {
    const interval = find(freeAngles.shares, `flippedBy/${name}`);
    const value = interval?.value ?? 0;
    const [low, high] = [interval?.low ?? value, interval?.high ?? value];
    return { name, angle: Number.parseFloat(name), value, low, high };
  });
}
