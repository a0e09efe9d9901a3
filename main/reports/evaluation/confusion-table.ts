// True class by answer as a table whose cells are shaded by their share of the row: as on the page. Pure.
import type { EvaluatedModel, EvaluationRow } from '../../contract/evaluation.ts';
import { escaped } from '../html.ts';

/** Cells of more classes than this are too narrow for a number; the number is then shown under the pointer. */
const mostNumbered = 12;

export function confusionTable({ confusion, id }: EvaluationRow, { classes }: EvaluatedModel): string {
  const answers = [...classes, 'none'];
  const numbered = classes.length <= mostNumbered;
  const heads = answers.map((code) => `<th scope="col">${numbered ? escaped(code) : ''}</th>`);
  const rows = classes.map((label, r) => {
    const counts = confusion[r] ?? [];
    const total = counts.reduce((sum, count) => sum + count, 0);
    const cells = counts.map((count, c) => {
      const percent = total === 0 ? 0 : (100 * count) / total;
      const title = numbered
        ? ''
        : ` title="${escaped(`${label} answered ${answers[c] ?? ''}: ${count} of ${total}`)}"`;
      const style = `${r === c ? 'cell diagonal' : 'cell'}${percent > 55 ? ' on' : ''}`;
      const shown = numbered && count > 0 ? String(count) : '';
      return `<td class="${style}" style="--part:${percent.toFixed(1)}%"${title}>${shown}</td>`;
    });
    return `<tr><th scope="row">${numbered ? escaped(label) : ''}</th>${cells.join('')}</tr>`;
  });
  const head = `<thead><tr><th scope="col">true class</th>${heads.join('')}</tr></thead>`;
  return `<div class="scroll"><table class="confusion${numbered ? '' : ' dense'}" aria-label="Confusion matrix of ${escaped(id)}">${head}<tbody>${rows.join('')}</tbody></table></div>`;
}
