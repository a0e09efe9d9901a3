// Which line is which: names beside a piece of their line. Pure.
import { escaped } from '../html.ts';

/** The look of the series at this place of a plot and of its legend. */
export const seriesStyle = (index: number): string => `series-${index % 8}`;

export function legend(entries: readonly string[]): string {
  const items = entries.map(
    (entry, index) =>
      `<li><svg viewBox="0 0 22 8" class="key" aria-hidden="true"><line x1="0" y1="4" x2="22" y2="4" class="curve ${seriesStyle(index)}"/></svg>${escaped(entry)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}
