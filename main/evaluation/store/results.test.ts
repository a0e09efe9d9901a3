// What each image was answered, written and read back: whole, from before weights were kept, and damaged.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Evaluation } from '../../contract/evaluation.ts';
import type { ModelAnswers, RowAnswers } from '../run/answers.ts';
import { readAnswers, writeResult } from './results.ts';

const row: RowAnswers = {
  id: 'c2-lambda',
  probabilities: Float64Array.of(0.9, 0.1, 0.3, 0.7),
  transformations: ['0°', '180°'],
  answers: [Int16Array.of(0, 1), Int16Array.of(0, -1)],
  freeAngles: {
    transformations: ['0° (masked)', '45°'],
    answers: [Int16Array.of(1, 1), Int16Array.of(0, 1)],
  },
  weights: { orientations: ['0°', '180°'], weights: Float64Array.of(0.25, 0.75, 0.5, 0.5) },
};
const stored: ModelAnswers = {
  model: 'm',
  classes: ['MEL', 'NV'],
  images: [
    { id: 'a', path: '/a.jpg', label: 0 },
    { id: 'b', path: null, label: 1 },
  ],
  rows: [row, { ...row, id: 'c2-vanilla', freeAngles: null, weights: null }],
};

let root: string;
let folder: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'dermorbit-test-'));
  folder = join(root, 'result');
  // Figures are not looked at here.
  const evaluation = {} as Evaluation;
  await writeResult(folder, { evaluation, predictions: [], failedImages: 0, answers: [stored] });
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** Changes the stored file of the row. */
function change(with_: Record<string, unknown>): void {
  const file = join(folder, 'answers', 'm.c2-lambda.json');
  const content = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...content, ...with_ }));
}
const base64 = (values: Float64Array) => Buffer.from(values.buffer).toString('base64');

it('come back as they were, angles and weights included', async () => {
  const { classes, images, rows } = stored;
  for (const one of rows) {
    expect(await readAnswers(folder, 'm', one.id)).toEqual({ classes, images, row: one });
  }
});

it('are found where the first versions put them', async () => {
  renameSync(join(folder, 'answers'), join(folder, 'cases'));
  expect((await readAnswers(folder, 'm', 'c2-lambda')).row).toEqual(row);
});

it('written before weights and free angles were kept, they open without them', async () => {
  change({ weights: undefined, freeAngles: undefined });
  expect((await readAnswers(folder, 'm', 'c2-lambda')).row).toEqual({
    ...row,
    freeAngles: null,
    weights: null,
  });
});

const two = base64(Float64Array.of(0, 1));
it.each([
  ['weights of another number of images', { weights: { orientations: ['0°', '180°'], weights: two } }],
  ['weights without orientations', { weights: { orientations: [], weights: '' } }],
  [
    'weights that are no numbers',
    { weights: { orientations: ['0°'], weights: base64(Float64Array.of(0, NaN)) } },
  ],
  ['weights that are something else', { weights: 'abc' }],
  ['angles of another number of images', { freeAngles: { transformations: ['0°'], answers: [two] } }],
  ['angles without answers', { freeAngles: { transformations: ['0°', '45°'], answers: [] } }],
  ['views without answers', { answers: [] }],
  ['probabilities of another number of images', { probabilities: two }],
])('%s are refused', async (_name, changed) => {
  change(changed);
  await expect(readAnswers(folder, 'm', 'c2-lambda')).rejects.toMatchObject({ code: 'EVALUATION_INVALID' });
});
