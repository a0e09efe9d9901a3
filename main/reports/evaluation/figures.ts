// Figures as text and as table cells, and names of rows: what every section of the evaluation report shares. Pure.
import { percent } from '../../contract/percent.ts';
import type { Interval } from '../../contract/figures.ts';
import type { EvaluationRow, RobustnessFigures } from '../../contract/evaluation.ts';
import { variantWords } from '../../equivariance/settings.ts';
import { escaped } from '../html.ts';
import { intervalPlot } from '../../plots/share-plots.ts';
import { plotSvg } from '../svg.ts';

export function find(figures: readonly Interval[], name: string): Interval | undefined {
  return figures.find((one) => one.name === name);
}

/** A share as a percentage with one digit. */
export function share(value: number | null | undefined): string {
  return typeof value === 'number' ? percent(value) : 'undefined';
}

/** A number with three digits. */
export function three(value: number | null | undefined): string {
  return typeof value === 'number' ? value.toFixed(3) : 'undefined';
}

/** A p-value, never shown as 0. */
export function pValue(p: number | null): string {
  if (p === null) return 'undefined';
  return p < 0.001 ? '<0.001' : p.toFixed(3);
}

const ends = ({ low, high }: Interval) =>
  low === null || high === null ? '' : `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}`;

/** A share with its interval in words. */
export function shareCell(interval: Interval | undefined): string {
  if (typeof interval?.value !== 'number') return '<td class="soft">undefined</td>';
  return `<td>${share(interval.value)} <span class="interval">${ends(interval)}</span></td>`;
}

/** The same, drawn as well. */
export function drawnCell(interval: Interval | undefined, style: string): string {
  if (typeof interval?.value !== 'number') return '<td class="soft">undefined</td><td></td>';
  const { value, low, high } = interval;
  const bar = plotSvg(
    intervalPlot(value, low ?? value, high ?? value, style, `${share(value)}, ${ends(interval)}`),
    'mini',
  );
  return `${shareCell(interval)}<td>${bar}</td>`;
}

/** A flip rate; where nothing flipped, the bound that the number of lesions gives. */
export function flipCell(found: RobustnessFigures | null): string {
  if (found === null) return '<td class="soft">not turned</td><td></td>';
  const { boundWithoutFlips } = found;
  if (boundWithoutFlips === null) return drawnCell(find(found.shares, 'flipped'), 'flip');
  const label = `no flip; at most ${share(boundWithoutFlips)} plausible`;
  const bar = plotSvg(intervalPlot(0, 0, boundWithoutFlips, 'steady', label), 'mini');
  const bound = `&le; ${(100 * boundWithoutFlips).toFixed(1)}`;
  return `<td><span class="zero">0 flips</span> <span class="interval">${bound}</span></td><td>${bar}</td>`;
}

/** Method and variant as a row's heading. */
export function rowHeading(row: EvaluationRow): string {
  const variant = variantWords(row.settings);
  const words = variant === '' ? '' : ` <span class="variant">${escaped(variant)}</span>`;
  return `${escaped(row.settings.method)}${words}`;
}

export const isBaseline = ({ settings: { method } }: EvaluationRow) =>
  method === 'vanilla' || method === 'tta';

/** A table that scrolls by itself where it is wider than the page. */
export function tableOf(label: string, head: readonly string[], rows: readonly string[]): string {
  const cells = head.map((cell) => `<th scope="col">${cell}</th>`).join('');
  return `<div class="card scroll" tabindex="0" role="region" aria-label="${escaped(label)}"><table><thead><tr>${cells}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

export function figureOf(caption: string, content: string): string {
  return `<figure><figcaption>${escaped(caption)}</figcaption>${content}</figure>`;
}
