// Records for people: one image in detail, many as a table.
import { isAbsolute, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import {
  isFailure,
  rankClasses,
  type Classification,
  type ClassificationRecord,
} from '../contract/record.ts';
import { noteTexts, type NoteCode } from '../contract/notes.ts';
import { classNames } from '../contract/settings.ts';
import { percent } from '../contract/percent.ts';
import { bar, describeError, harmless, note, paint, table } from './output.ts';
import { setSentence } from '../words/answer.ts';
import { DermOrbitError, nextStep } from '../contract/errors.ts';

const disclaimer = 'Research use only, not a medical device.';
const malignantLabel = 'malignant (MEL + BCC + AKIEC)';

function nameOf(code: string): string {
  return classNames[code] ?? code;
}

/** How many orientations would have given the same answer by themselves. */
function stabilityText({ stability, orientations }: Classification): string {
  const count = orientations.length;
  if (count === 1) return 'seen in one orientation only';
  if (stability === null)
    return `one of ${count} orientations was looked at: the one that the image scorer chose`;
  const agreeing = Math.round(stability * count);
  return agreeing === count
    ? `the plain model gives this answer in all ${count} orientations`
    : `the plain model gives this answer in ${agreeing} of ${count} orientations: it would change its mind when the picture is turned`;
}

/** How the predictions were made, in one line. */
function howMade(record: Classification): string {
  const { model, group, level, inverse, head, provider, scorer, score } = record;
  const method = [record.method, scorer && `by ${scorer}`, score && `by ${score}`].filter(Boolean).join(' ');
  const prior = record.prior ? `, ${record.prior.name} prior` : '';
  const feature = level === 'feature' && record.method !== 'tta' ? `, inverse ${inverse}, ${head} head` : '';
  return `${model.id}: ${method} over ${group}, ${level} level${feature}${prior}; computed on ${provider}`;
}

/** One image: every class with its bar, then malignancy and stability. */
export function printOne([record]: readonly ClassificationRecord[]): void {
  if (!record) return;
  if (isFailure(record)) {
    note(`${harmless(record.image.path)}\n${describeError(DermOrbitError.fromRecord(record.error))}`);
    return;
  }
  const rows = rankClasses(record.probabilities).map(({ code, probability }, rank) => {
    const cells = [code, nameOf(code), percent(probability), bar(probability, 24)];
    return rank === 0 ? cells.map((cell) => paint('bold', cell)) : cells;
  });
  const among = setSentence(record);
  const lines = [
    paint('bold', harmless(record.image.path)),
    '',
    table(rows, new Set([2])),
    '',
    ...(record.malignant === null ? [] : [`${percent(record.malignant)} ${malignantLabel}`]),
    ...(among === null ? [] : [`among: ${among}`]),
    stabilityText(record),
    ...(record.notes ?? []).map((code) => paint('yellow', `${noteTexts[code].text} (${code})`)),
    '',
    paint('dim', `${howMade(record)} in ${record.milliseconds.toFixed(0)} ms`),
    paint('dim', disclaimer),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** A path as short as it is clear from here, cut at its front to a length. */
function shortPath(path: string, length: number): string {
  const local = relative('.', path);
  const shown = harmless(isAbsolute(path) && !local.startsWith('..') ? local : path);
  return shown.length > length ? `…${shown.slice(1 - length)}` : shown;
}

/** The table in full: names of the classes, bars of malignancy. */
function fullTable(records: readonly ClassificationRecord[]): string {
  const header = ['image', 'answer', '', 'malignant', '', 'orientations that agree'];
  const rows = records.map((record) => {
    const shown = shortPath(record.image.path, 48);
    if (isFailure(record)) return [shown, paint('red', record.error.title), '', '', '', record.error.code];
    const { code, probability } = rankClasses(record.probabilities)[0]!;
    const { malignant } = record;
    return [
      ...[shown, `${nameOf(code)} (${code})`, percent(probability)],
      ...(malignant === null ? ['', ''] : [percent(malignant), bar(malignant, 10)]),
      agreement(record),
    ];
  });
  return table([header.map((cell) => paint('dim', cell)), ...rows], new Set([2, 3]));
}

/** The same for a window of 80 columns or less: codes, no bars. */
function narrowTable(records: readonly ClassificationRecord[], width: number): string {
  const header = ['image', 'answer', '', 'malignant', 'agree'];
  const rows = records.map((record) => {
    const shown = shortPath(record.image.path, Math.max(12, width - 50));
    if (isFailure(record)) return [shown, paint('red', record.error.code), '', '', ''];
    const { code, probability } = rankClasses(record.probabilities)[0]!;
    const malignant = record.malignant === null ? '' : percent(record.malignant);
    return [shown, code, percent(probability), malignant, agreement(record)];
  });
  return table([header.map((cell) => paint('dim', cell)), ...rows], new Set([2, 3]));
}

function agreement({ orientations, stability }: Classification): string {
  if (stability === null) return paint('dim', `1 of ${orientations.length} seen`);
  const text = `${Math.round(stability * orientations.length)} of ${orientations.length}`;
  return stability < 1 ? paint('yellow', text) : text;
}

/**
 * Many images: a row each, errors in their places.
 * @param columns how many fit side by side; where standard output is no terminal, as many as need be
 */
export function printTable(
  records: readonly ClassificationRecord[],
  columns: number = process.stdout.isTTY ? process.stdout.columns : Infinity,
): void {
  const full = fullTable(records);
  const widest = Math.max(
    ...stripVTControlCharacters(full)
      .split('\n')
      .map((line) => line.length),
  );
  const lines = [widest <= columns ? full : narrowTable(records, columns)];
  const made = records.find((record): record is Classification => !isFailure(record));
  const failed = records.filter(isFailure);
  if (made)
    lines.push('', paint('dim', howMade(made)), paint('dim', `malignant: MEL + BCC + AKIEC. ${disclaimer}`));
  process.stdout.write(`${lines.join('\n')}\n`);
  tellNotes(records);
  if (failed.length > 0) note(`\n${failed.length} of ${records.length} could not be classified:`);
  for (const { image, error } of failed)
    note(`${harmless(image.path)}\n  ${harmless(error.message)} ${nextStep(error, 'cli')}`);
}

/** What is worth saying of the pictures, by what it is: a folder of masks gives one line. */
function tellNotes(records: readonly ClassificationRecord[]): void {
  const paths = new Map<NoteCode, string[]>();
  for (const record of records) {
    if (isFailure(record)) continue;
    for (const code of record.notes ?? []) paths.set(code, [...(paths.get(code) ?? []), record.image.path]);
  }
  for (const [code, of] of paths) {
    const named = of.slice(0, 3).map((path) => shortPath(path, 48));
    const more = of.length > named.length ? `, ... (${of.length - named.length} more)` : '';
    note(`${noteTexts[code].title}: ${named.join(', ')}${more}. ${noteTexts[code].text} (${code})`);
  }
}
