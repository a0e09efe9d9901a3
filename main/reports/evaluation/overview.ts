// The tables over all rows of a model: accuracy, comparison with vanilla, robustness. Pure.
import type { PairedDifference } from '../../contract/figures.ts';
import type { EvaluatedModel, EvaluationRow } from '../../contract/evaluation.ts';
import { escaped } from '../html.ts';
import { stackedPlot } from '../../plots/share-plots.ts';
import { plotSvg } from '../svg.ts';
import {
  drawnCell,
  find,
  flipCell,
  isBaseline,
  pValue,
  rowHeading,
  share,
  shareCell,
  tableOf,
  three,
} from './figures.ts';

type Cells = (row: EvaluationRow) => string;

/** One table row per row of the model, under a heading per group. */
function rowsByGroup(rows: readonly EvaluationRow[], columns: number, architecture: string, cells: Cells) {
  let group = '';
  return rows.flatMap((row) => {
    const opening = row.settings.group === group ? [] : [blockRow(row.settings.group, columns, architecture)];
    group = row.settings.group;
    const style = isBaseline(row) ? ' class="baseline"' : '';
    return [...opening, `<tr${style}><th scope="row">${rowHeading(row)}</th>${cells(row)}</tr>`];
  });
}

const groupNames: Readonly<Record<string, string>> = {
  c1: 'identity only',
  c2: 'half turns',
  c4: 'quarter turns',
  d1: 'mirror',
  d4: 'quarter turns and mirrors',
};

function blockRow(group: string, columns: number, architecture: string): string {
  const name = `${architecture}, group ${group} (${groupNames[group] ?? group})`;
  return `<tr class="block"><th colspan="${columns}" scope="rowgroup">${escaped(name)}</th></tr>`;
}

/** The papers' table: methods against balanced accuracy, top-1 and flip rate. */
export function mainTable({ rows, architecture }: EvaluatedModel, freeAngles: boolean): string {
  const head = ['method', 'balanced accuracy', '', 'top-1', 'flip rate', ''];
  if (freeAngles) head.push('flips at free angles', '');
  const body = rowsByGroup(rows, head.length, architecture, ({ figures, robustness, freeAngles: free }) => {
    const accuracy = drawnCell(find(figures, 'balancedAccuracy'), 'accuracy');
    const cells = accuracy + shareCell(find(figures, 'top1')) + flipCell(robustness);
    return freeAngles ? cells + flipCell(free) : cells;
  });
  return tableOf('Accuracy and flip rate by method', head, body);
}

/** Percentage points with their sign; what rounds to nothing has none. */
function points(value: number | null): string {
  if (value === null) return 'undefined';
  const text = (100 * value).toFixed(1);
  if (Number(text) === 0) return '0.0';
  return value > 0 ? `+${text}` : `\u2212${text.slice(1)}`;
}

function differenceCell(difference: PairedDifference | undefined): string {
  if (typeof difference?.value !== 'number') return '<td class="soft">-</td>';
  const { value, low, high, p } = difference;
  return `<td>${points(value)} <span class="interval">${points(low)} to ${points(high)}; p ${pValue(p)}</span></td>`;
}

/** Each row against vanilla on the same images, in percentage points. */
export function comparisonTable({ rows, architecture }: EvaluatedModel): string {
  const head = [
    'method',
    'balanced accuracy',
    'top-1',
    'flip rate',
    'only this right',
    'only vanilla right',
    'McNemar mid-p',
  ];
  const compared = rows.filter(({ comparison }) => comparison !== null);
  if (compared.length === 0) return '';
  const body = rowsByGroup(compared, head.length, architecture, ({ comparison }) => {
    const { differences, mcnemar } = comparison!;
    const of = (name: string) => differences.find((one) => one.name === name);
    const counts = [mcnemar.onlyFirstRight, mcnemar.onlySecondRight].map((count) => `<td>${count}</td>`);
    const cells = ['balancedAccuracy', 'top1', 'flipped'].map((name) => differenceCell(of(name)));
    return `${cells.join('')}${counts.join('')}<td>${pValue(mcnemar.midP)}</td>`;
  });
  return tableOf('Differences from vanilla', head, body);
}

const kinds = [
  { name: 'consistentlyRight', words: 'consistently right' },
  { name: 'rightToWrong', words: 'right to wrong' },
  { name: 'wrongToRight', words: 'wrong to right' },
  { name: 'consistentlyWrong', words: 'consistently wrong' },
] as const;

/** The four-way table of Young et al. 2021, per row. */
export function fourWayTable(
  { rows, architecture }: EvaluatedModel,
  of: (row: EvaluationRow) => EvaluationRow['robustness'],
): string {
  const head = ['method', '', ...kinds.map(({ words }) => words), 'views that flip'];
  const turned = rows.filter((row) => of(row) !== null);
  if (turned.length === 0) return '';
  const body = rowsByGroup(turned, head.length, architecture, (row) => {
    const { shares, boundWithoutFlips } = of(row)!;
    // Without a flip an interval of the shares that flips make up would say nothing.
    const flipShare = (name: string) =>
      boundWithoutFlips === null ? shareCell(find(shares, name)) : '<td>0</td>';
    const parts = kinds.map(({ name, words }) => ({
      name: words,
      style: name,
      share: find(shares, name)?.value ?? 0,
    }));
    const label = parts.map((part) => `${part.name} ${share(part.share)}`).join(', ');
    const cells = kinds.map(({ name }) =>
      name.startsWith('consistently') ? shareCell(find(shares, name)) : flipShare(name),
    );
    return `<td>${plotSvg(stackedPlot(parts, label), 'stack')}</td>${cells.join('')}${flipShare('flippedViews')}`;
  });
  const key = kinds.map(({ name, words }) => `<span class="swatch ${name}"></span>${words}`);
  return `<p class="small">${key.join('')}</p>${tableOf('Right and wrong under turns', head, body)}`;
}

/**
 * Flips across the border between malignant and benign: answers as one or the other, so that a change from one benign
 * class to another does not count. Empty where the model's classes are not divided so.
 */
export function malignancyFlips({ rows, architecture }: EvaluatedModel): string {
  const divided = rows.filter(({ robustness }) => robustness?.malignantShares);
  if (divided.length === 0) return '';
  const head = [
    'method',
    'images',
    'of malignant lesions',
    'of benign lesions',
    'right, then wrong',
    'wrong, then right',
  ];
  const names = ['flipped', 'flipped/malignant', 'flipped/benign', 'rightToWrong', 'wrongToRight'];
  const body = rowsByGroup(divided, head.length, architecture, ({ robustness }) => {
    const shares = robustness?.malignantShares ?? [];
    // Without any flip the intervals would all be [0, 0] and say nothing.
    const some = (find(shares, 'flipped')?.value ?? 0) > 0;
    return names.map((name) => (some ? shareCell(find(shares, name)) : '<td>0</td>')).join('');
  });
  return tableOf('Flips between malignant and benign', head, body);
}

/** Flip rates of the images of each true class. */
export function flipsByClass({ rows, classes, imagesPerClass, architecture }: EvaluatedModel): string {
  const turned = rows.filter(({ robustness }) => robustness !== null);
  if (turned.length === 0 || classes.length > 20) return '';
  const head = ['method', ...classes.map((code, k) => `${escaped(code)} (${imagesPerClass[k] ?? 0})`)];
  const body = rowsByGroup(turned, head.length, architecture, ({ robustness }) =>
    classes.map((code) => `<td>${share(find(robustness!.shares, `flipped/${code}`)?.value)}</td>`).join(''),
  );
  return tableOf('Flip rate by class', head, body);
}

/** Calibration and ranking over all classes. */
export function furtherTable({ rows, architecture }: EvaluatedModel): string {
  const columns = [
    ['macroF1', 'macro F1'],
    ['auc/macro', 'macro AUC'],
    ['ap/macro', 'macro AP'],
    ['top3', 'top-3'],
    ['ece', 'ECE'],
    ['brier', 'Brier'],
    ['logLoss', 'log loss'],
  ] as const;
  const head = ['method', ...columns.map(([, words]) => words), 'temperature', 'ECE before, after'];
  const body = rowsByGroup(rows, head.length, architecture, ({ figures, temperature }) => {
    const cells = columns.map(([name]) => {
      const found = find(figures, name);
      return found === undefined
        ? '<td class="soft">-</td>'
        : `<td>${three(found.value)} <span class="interval">${three(found.low)} to ${three(found.high)}</span></td>`;
    });
    const fitted =
      temperature === null
        ? '<td class="soft">-</td><td class="soft">-</td>'
        : `<td>${temperature.temperature.toFixed(2)}${temperature.atBound ? ' (at bound)' : ''}</td><td>${three(temperature.before.ece)}, ${three(temperature.after.ece)}</td>`;
    return cells.join('') + fitted;
  });
  return tableOf('Further figures by method', head, body);
}
