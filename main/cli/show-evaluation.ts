// An evaluation as the papers print theirs: a row per method, a column per figure, each with its interval.
import type { Interval } from '../contract/figures.ts';
import type { EvaluatedModel, Evaluation, EvaluationRow } from '../contract/evaluation.ts';
import { harmless, paint, table } from './output.ts';

/** Prints the table of every model, and what must be known to read it. */
export function printEvaluation(evaluation: Evaluation): void {
  for (const model of evaluation.models) process.stdout.write(`${modelTable(model, evaluation)}\n\n`);
  process.stdout.write(`${footnotes(evaluation).join('\n')}\n`);
}

function modelTable(model: EvaluatedModel, { angles }: Evaluation): string {
  const title = `${harmless(model.name)}, ${model.architecture}: ${model.images} images, ${model.lesions} lesions, ${model.provider}`;
  const header = ['method', 'level', 'inverse', 'head', 'group', 'balanced accuracy', 'top-1', 'flip rate'];
  const divided = model.rows.some(({ robustness }) => robustness?.malignantShares);
  if (divided) header.push('malignant / benign flips');
  if (angles.length > 0) header.push('flips, free angles');
  const rows = model.rows.map((row) => cellsOf(row, divided, angles.length > 0));
  const dimmed = header.map((cell) => paint('dim', cell));
  return `${paint('bold', title)}\n\n${table([dimmed, ...rows])}`;
}

function cellsOf(row: EvaluationRow, divided: boolean, free: boolean): string[] {
  const { method, level, inverse, head, group } = row.settings;
  const bare = method === 'vanilla' || method === 'tta';
  const cells = [
    method,
    bare ? '' : level,
    bare || level === 'embedding' ? '' : inverse,
    bare || level === 'embedding' ? '' : head,
    group,
    withInterval(figure(row.figures, 'balancedAccuracy')),
    withInterval(figure(row.figures, 'top1')),
    flips(row.robustness),
  ];
  if (divided) cells.push(crossings(row.robustness));
  if (free) cells.push(flips(row.freeAngles));
  return cells;
}

function figure(figures: readonly Interval[], name: string): Interval | undefined {
  return figures.find((one) => one.name === name);
}

const points = (share: number | null) => (share === null ? '?' : (100 * share).toFixed(1));

function withInterval(found: Interval | undefined): string {
  if (typeof found?.value !== 'number') return 'undefined';
  return `${points(found.value).padStart(5)} % [${points(found.low)}, ${points(found.high)}]`;
}

/** Without any flip the bootstrap says nothing: the bound that the number of lesions gives stands instead. */
function flips(found: EvaluationRow['robustness']): string {
  if (!found) return '-';
  const { shares, boundWithoutFlips } = found;
  if (boundWithoutFlips === null) return withInterval(figure(shares, 'flipped'));
  return `  0.0 % [0 flips; <= ${points(boundWithoutFlips)}]`;
}

/** Answers that some view moves across the border between malignant and benign. */
function crossings(found: EvaluationRow['robustness']): string {
  const crossed = figure(found?.malignantShares ?? [], 'flipped');
  if (crossed === undefined) return '-';
  return crossed.value === 0 ? '  0.0 %' : withInterval(crossed);
}

const turnedNotes: Readonly<Record<Evaluation['turned'], string>> = {
  none: 'Nothing was turned: no flip rates.',
  random:
    'Accuracy: each image turned by one random element of the group. Flip rate: share whose answer that turn changes.',
  all: 'Accuracy: images as they are. Flip rate: share whose answer some element of the group changes.',
};

function footnotes({ models, turned, bootstrap, seconds, resumedImages }: Evaluation): string[] {
  const notes = [
    turnedNotes[turned],
    `Intervals: ${bootstrap.confidence * 100} %, ${bootstrap.resamples} resamples of lesions. Without a flip: the largest rate that this many lesions leave plausible.`,
  ];
  const checks = models.flatMap(({ rows }) =>
    rows.flatMap(({ turnCheck }) => (turnCheck ? [turnCheck] : [])),
  );
  const checked = Math.max(0, ...checks.map(({ images }) => images));
  if (checked > 0) {
    const largest = Math.max(...checks.map(({ largestDifference }) => largestDifference ?? 0));
    const changed = checks.reduce((sum, { changedAnswers }) => sum + changedAnswers, 0);
    notes.push(
      `Turned answers come from the permuted orbit. Checked by really turning the pixels of ${checked} images: largest difference of a probability ${largest.toExponential(1)}, ${changed} other answers.`,
    );
  }
  const resumed = resumedImages > 0 ? `, ${resumedImages} images from an earlier run` : '';
  notes.push(`${seconds.toFixed(1)} s${resumed}. Research use only, not a medical device.`);
  return notes.map((text) => paint('dim', text));
}
