// The plots of the evaluation report as inline SVG: no script, colours by class from the style sheet, every plot with
// a text that says what it shows. Pure.
import { escaped } from '../html.ts';

/** A plot's inside, in pixels of its view box; room for labels lies around it. */
interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const square: Frame = { left: 40, top: 10, width: 220, height: 220 };

const px = (value: number) => String(Math.round(value * 10) / 10);

export function svg(width: number, height: number, label: string, content: string, style = ''): string {
  const size = `viewBox="0 0 ${px(width)} ${px(height)}" style="max-width:${px(width)}px"`;
  return `<svg ${size} class="plot ${style}" role="img" aria-label="${escaped(label)}">${content}</svg>`;
}

export function text(x: number, y: number, content: string, style = ''): string {
  return `<text x="${px(x)}" y="${px(y)}" class="${style}">${escaped(content)}</text>`;
}

/** A rectangle; `title` is shown under the pointer. */
export function rect(
  x: number,
  y: number,
  width: number,
  height: number,
  style: string,
  title = '',
  extra = '',
): string {
  const inside = title === '' ? '' : `<title>${escaped(title)}</title>`;
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(Math.max(0, width))}" height="${px(height)}" class="${style}" ${extra}>${inside}</rect>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" class="${style}"/>`;
}

/** Axes from 0 to 1 with a grid, and what lies along them. */
function unitAxes({ left, top, width, height }: Frame, xName: string, yName: string): string {
  const parts: string[] = [];
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
    const [x, y] = [left + tick * width, top + (1 - tick) * height];
    parts.push(line(x, top, x, top + height, 'grid'), line(left, y, left + width, y, 'grid'));
    parts.push(text(x, top + height + 13, String(tick), 'tick middle'));
    parts.push(text(left - 5, y + 3, String(tick), 'tick end'));
  }
  parts.push(text(left + width / 2, top + height + 28, xName, 'axis middle'));
  const [x, y] = [11, top + height / 2];
  parts.push(
    `<text x="${x}" y="${px(y)}" transform="rotate(-90 ${x} ${px(y)})" class="axis middle">${escaped(yName)}</text>`,
  );
  return parts.join('');
}

/** One curve in the unit square. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Curves in the unit square; which line is which stands in the legend (see {@link legend}). */
export function curvePlot(
  curves: readonly Curve[],
  axes: { readonly x: string; readonly y: string; readonly label: string; readonly diagonal: boolean },
): string {
  const { left, top, width, height } = square;
  const place = ([x, y]: readonly [number, number]) =>
    `${px(left + x * width)},${px(top + (1 - y) * height)}`;
  const lines = curves.map(({ name, points }, index) =>
    points.length === 0
      ? ''
      : `<polyline points="${points.map(place).join(' ')}" class="curve series-${index % 8}"><title>${escaped(name)}</title></polyline>`,
  );
  const diagonal = axes.diagonal ? line(left, top + height, left + width, top, 'chance') : '';
  return svg(272, 265, axes.label, unitAxes(square, axes.x, axes.y) + diagonal + lines.join(''));
}

export function legend(entries: readonly string[]): string {
  const items = entries.map(
    (entry, index) =>
      `<li><svg viewBox="0 0 22 8" class="key" aria-hidden="true"><line x1="0" y1="4" x2="22" y2="4" class="curve series-${index % 8}"/></svg>${escaped(entry)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

/** Bars of accuracy over confidence, as wide as their bins and as opaque as they are well filled. */
export function reliabilityPlot(
  bins: readonly {
    readonly from: number;
    readonly to: number;
    readonly weight: number;
    readonly confidence: number | null;
    readonly accuracy: number | null;
  }[],
  label: string,
): string {
  const { left, top, width, height } = square;
  const most = Math.max(1, ...bins.map(({ weight }) => weight));
  const bars = bins.map(({ from, to, weight, confidence, accuracy }) => {
    if (confidence === null || accuracy === null) return '';
    const opacity = (0.3 + (0.7 * weight) / most).toFixed(2);
    const title = `confidence ${confidence.toFixed(3)}, right ${accuracy.toFixed(3)}, images: ${weight}`;
    const [x, barWidth] = [left + from * width + 0.5, (to - from) * width - 1];
    const y = top + (1 - accuracy) * height;
    const dot = `<circle cx="${px(left + confidence * width)}" cy="${px(y)}" r="2.2" class="dot"/>`;
    return rect(x, y, barWidth, accuracy * height, 'bar', title, `fill-opacity="${opacity}"`) + dot;
  });
  const diagonal = line(left, top + height, left + width, top, 'chance');
  return svg(
    272,
    265,
    label,
    unitAxes(square, 'largest probability', 'share right') + bars.join('') + diagonal,
  );
}

/** A matrix of counts, each row shaded by its share; the diagonal is framed. */
export function confusionPlot(
  counts: readonly (readonly number[])[],
  rows: readonly string[],
  columns: readonly string[],
  label: string,
): string {
  const longest = Math.max(...rows.map((name) => name.length));
  const cell = rows.length <= 12 ? 30 : 8;
  const numbers = rows.length <= 12;
  const left = numbers ? 14 + longest * 7 : 8;
  const top = numbers ? 34 : 8;
  const parts: string[] = [];
  counts.forEach((row, r) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    row.forEach((count, c) => {
      const [x, y] = [left + c * cell, top + r * cell];
      const share = total === 0 ? 0 : count / total;
      const title = `${rows[r]!} answered ${columns[c]!}: ${count} of ${total}`;
      const style = r === c ? 'cell diagonal' : 'cell';
      parts.push(rect(x + 1, y + 1, cell - 2, cell - 2, 'cell empty'));
      parts.push(rect(x + 1, y + 1, cell - 2, cell - 2, style, title, `fill-opacity="${share.toFixed(3)}"`));
      if (numbers && count > 0) {
        parts.push(text(x + cell / 2, y + cell / 2 + 4, String(count), share > 0.55 ? 'count on' : 'count'));
      }
    });
    if (numbers) parts.push(text(left - 5, top + r * cell + cell / 2 + 4, rows[r]!, 'tick end'));
  });
  if (numbers) {
    columns.forEach((name, c) => {
      parts.push(text(left + c * cell + cell / 2, top - 6, name.slice(0, 5), 'tick middle'));
    });
    parts.push(text(left + (columns.length * cell) / 2, 12, 'answer', 'axis middle'));
  }
  return svg(left + columns.length * cell + 6, top + rows.length * cell + 6, label, parts.join(''));
}

/** Shares that add up to 1 as one bar. */
export function stackedBar(
  parts: readonly { readonly name: string; readonly share: number; readonly style: string }[],
  label: string,
): string {
  let x = 0;
  const width = 320;
  const drawn = parts.map(({ name, share, style }) => {
    const bar = rect(x, 0, share * width, 14, style, `${name}: ${(100 * share).toFixed(1)} %`);
    x += share * width;
    return bar;
  });
  return svg(width, 14, label, drawn.join(''), 'stack');
}

/** A value with its interval on a scale from 0 to 1. */
export function intervalBar(value: number, low: number, high: number, style: string, label: string): string {
  const at = (share: number) => 2 + share * 116;
  const content =
    line(2, 7, 118, 7, 'grid') +
    [0, 0.5, 1].map((tick) => line(at(tick), 3, at(tick), 11, 'grid')).join('') +
    line(at(low), 7, at(high), 7, `whisker ${style}`) +
    `<circle cx="${px(at(value))}" cy="7" r="3.4" class="mark ${style}"/>`;
  return svg(120, 14, label, content, 'mini');
}

/** The numbers that a box is drawn from. */
interface Box {
  readonly name: string;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  readonly lowerWhisker: number;
  readonly upperWhisker: number;
  readonly mean: number;
  /** Counts per bin from `low` to `high`. */
  readonly histogram: readonly number[];
}

/** A box plot per orientation with its histogram beside it, on one scale. */
export function weightPlot(boxes: readonly Box[], low: number, high: number, label: string): string {
  const [left, top, height, step] = [40, 10, 180, 96];
  const y = (value: number) => top + (1 - (value - low) / (high - low)) * height;
  const parts: string[] = [];
  const width = boxes.length * step;
  for (let tick = 0; tick <= 4; tick++) {
    const value = low + ((high - low) * tick) / 4;
    parts.push(line(left, y(value), left + width, y(value), 'grid'));
    parts.push(text(left - 5, y(value) + 3, value.toFixed(2), 'tick end'));
  }
  // Every weight alike: where the orientations would be without any preference.
  const even = 1 / boxes.length;
  if (even > low && even < high) parts.push(line(left, y(even), left + width, y(even), 'chance'));
  const most = Math.max(1, ...boxes.flatMap(({ histogram }) => histogram));
  boxes.forEach((box, index) => {
    const x = left + index * step + 20;
    const about = `${box.name}: mean ${box.mean.toFixed(3)}, median ${box.median.toFixed(3)}, quartiles ${box.lowerQuartile.toFixed(3)} to ${box.upperQuartile.toFixed(3)}`;
    parts.push(line(x, y(box.upperWhisker), x, y(box.lowerWhisker), 'whisker'));
    const boxHeight = Math.max(1, y(box.lowerQuartile) - y(box.upperQuartile));
    parts.push(rect(x - 9, y(box.upperQuartile), 18, boxHeight, 'box', about));
    parts.push(line(x - 9, y(box.median), x + 9, y(box.median), 'median'));
    parts.push(`<circle cx="${px(x)}" cy="${px(y(box.mean))}" r="2.4" class="dot"/>`);
    const bin = height / box.histogram.length;
    box.histogram.forEach((count, place) => {
      if (count === 0) return;
      const barTop = top + height - (place + 1) * bin;
      parts.push(
        rect(x + 14, barTop + 0.5, (count / most) * 54, bin - 1, 'bar', `${box.name}, images: ${count}`),
      );
    });
    parts.push(text(x + 14, top + height + 14, box.name, 'tick middle'));
  });
  return svg(left + width + 6, top + height + 22, label, parts.join(''));
}
