// The plots of a fairness experiment: how far each method is from fair, and the labels of its texts by group. Pure.
import { line, text, type Mark, type Plot } from './plot.ts';

/** A figure with its interval; where nothing is known of it, null. */
interface Figure {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Below this, differences are those of single precision: it is drawn as 0. */
const floor = 1e-8;
/** What counts as fair: rounding, and no more. */
const fairBelow = 1e-5;

/** Gaps on a logarithmic scale, a row for each method. */
export function gapPlot(
  rows: readonly { readonly name: string; readonly gap: Figure; readonly title: string }[],
): Plot {
  const [left, top, step, width] = [80, 14, 26, 500];
  const shown = rows.filter(({ gap }) => gap.value !== null);
  const highest = Math.max(1, ...shown.map(({ gap }) => gap.high ?? gap.value ?? 1));
  const [from, to] = [Math.log10(floor), Math.ceil(Math.log10(highest))];
  const x = (value: number) => left + ((Math.log10(Math.max(value, floor)) - from) / (to - from)) * width;
  const height = shown.length * step;
  const marks: Mark[] = [];
  for (let power = from; power <= to; power++) {
    const at = x(10 ** power);
    marks.push(line(at, top, at, top + height, 'grid'));
    if ((power - from) % 2 !== 0) continue;
    marks.push(text(at, top + height + 14, power === from ? '0' : `1e${power}`, 'tick', 'middle'));
  }
  for (const [row, { name, gap, title }] of shown.entries()) {
    const y = top + row * step + step / 2;
    const value = gap.value!;
    const style = value < fairBelow ? 'steady' : 'flip';
    marks.push(text(left - 8, y + 4, name, '', 'end'));
    marks.push(line(x(gap.low ?? value), y, x(gap.high ?? value), y, `whisker ${style}`));
    marks.push({ shape: 'circle', style: `mark ${style}`, title, cx: x(value), cy: y, r: 4 });
  }
  marks.push(text(left + width / 2, top + height + 30, 'fairness gap, nats', 'axis', 'middle'));
  const label = `Fairness gap: ${shown.map(({ title }) => title).join(', ')}`;
  return { width: left + width + 20, height: top + height + 36, label, marks };
}

/** Bars of each label's share, one for every group, with intervals. */
export function labelPlot(
  labels: readonly {
    readonly label: string;
    readonly groups: readonly { readonly share: Figure; readonly title: string }[];
  }[],
  label: string,
): Plot {
  const [left, top, height, bar] = [36, 10, 150, 16];
  const step = (labels[0]?.groups.length ?? 0) * bar + 18;
  const width = labels.length * step;
  const y = (value: number) => top + (1 - value) * height;
  const marks: Mark[] = [];
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
    marks.push(line(left, y(tick), left + width, y(tick), 'grid'));
    marks.push(text(left - 5, y(tick) + 3, `${100 * tick} %`, 'tick', 'end'));
  }
  for (const [at, { label: name, groups }] of labels.entries()) {
    const start = left + at * step + 9;
    for (const [k, { share, title }] of groups.entries()) {
      const { value, low, high } = share;
      if (value === null) continue;
      const x = start + k * bar;
      const opacity = 1 - 0.6 * (k / groups.length);
      const size = { x, y: y(value), width: bar - 3, height: value * height };
      marks.push({ shape: 'rect', style: 'bar', title, opacity, ...size });
      const middle = x + bar / 2 - 1.5;
      if (low !== null && high !== null) marks.push(line(middle, y(low), middle, y(high), 'whisker'));
    }
    marks.push(text(start + (groups.length * bar) / 2, top + height + 14, name, 'tick', 'middle'));
  }
  return { width: left + width + 6, height: top + height + 20, label, marks };
}
