// The commands evaluate and score from outside.
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Evaluations } from '../evaluation/store/evaluations.ts';
import { listRequests } from '../evaluation/store/unfinished.ts';
import { sharedFolder, sharedPath } from '../testing/shared.ts';

const script = join(import.meta.dirname, 'dermorbit.ts');
const phantoms = join(import.meta.dirname, '..', '..', 'assets', 'phantoms');
const codes = ['MEL', 'NV', 'BCC', 'AKIEC', 'BKL', 'DF', 'VASC'];
let work = '';
let images = '';
let truth = '';

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'dermorbit-evaluate-'));
  images = join(work, 'X_Input');
  truth = join(work, 'X_GroundTruth.csv');
  mkdirSync(images);
  const names = readdirSync(phantoms).filter((name) => name.endsWith('.jpg'));
  const rows = names.map((name, index) => {
    copyFileSync(join(phantoms, name), join(images, name));
    return `${name.replace('.jpg', '')},${codes.map((_, k) => (k === index % 7 ? '1.0' : '0.0')).join()}`;
  });
  writeFileSync(truth, [`image,${codes.join()}`, ...rows].join('\n'));
});
afterAll(() => rm(work, { recursive: true, force: true }));

function dermorbit(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, DERMORBIT_HOME: join(work, 'home') };
    execFile(process.execPath, [script, ...args], { env, maxBuffer: 1e8 }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

const resultSchema = z.object({
  schema: z.literal(1),
  dataset: z.object({ images: z.string(), labels: z.string().nullable() }),
  models: z.array(
    z.object({
      images: z.number(),
      rows: z.array(
        z.object({
          id: z.string(),
          figures: z.array(z.object({ name: z.string(), value: z.number().nullable() })),
          robustness: z.object({ flippedImages: z.number() }).nullable(),
        }),
      ),
    }),
  ),
});

describe('evaluate', () => {
  it('prints the table, writes scorable predictions and a report, and keeps the result for the app, no journal', async () => {
    const [csv, report] = [join(work, 'out', 'p.csv'), join(work, 'out', 'report.html')];
    const ended = await dermorbit(
      ...['evaluate', '--images', images, '--methods', 'lambda', '--heads', 'plain,orbit'],
      ...['--csv', csv, '--report', report, '--resamples', '50', '--check', '2'],
    );
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/vanilla .* c4 .* \d/);
    expect(ended.out).toContain('0 flips');
    expect(ended.out).toContain('Research use only');
    expect(ended.err).toContain('8 images have no known lesion');
    expect(readdirSync(join(work, 'out')).sort()).toEqual([
      'p.c4-lambda-inverse-on-plain.csv',
      'p.c4-lambda.csv',
      'p.c4-tta.csv',
      'p.c4-vanilla.csv',
      'report.html',
    ]);
    const html = readFileSync(report, 'utf8');
    expect(html).toContain('<!doctype html>');
    // What is called how, not where it lies: folders often have names of people.
    expect(html).toContain('X_Input');
    expect(html).not.toContain(work);
    const evaluations = new Evaluations(join(work, 'home', 'evaluations'));
    const [kept, ...others] = await evaluations.list();
    expect(others).toEqual([]);
    expect(readdirSync(evaluations.folder)).toEqual([kept!.id]);
    expect(kept).toMatchObject({ dataset: 'X_Input', models: [{ id: 'dermorbit-base', rows: 4 }] });
    const lambda = await evaluations.answers(kept!.id, 'dermorbit-base', 'c4-lambda');
    expect(lambda.images.map(({ path }) => path)).toContain(join(images, 'phantom-01-network.jpg'));

    const predictions = join(work, 'out', 'p.c4-lambda.csv');
    const scored = await dermorbit('score', '--truth', truth, '--predictions', predictions, '--json');
    const official = z.object({ overall: z.number() }).parse(JSON.parse(scored.out));
    const table = await dermorbit('score', '--truth', truth, '--predictions', predictions);
    expect(table.out).toContain(official.overall.toFixed(4));
    expect(table.out).toContain('undef.');
  });

  it('prints one JSON document and nothing else, and keeps a journal where asked to', async () => {
    const run = join(work, 'run');
    const args = [
      'evaluate',
      '--images',
      images,
      '--methods',
      'equitune',
      '--turned',
      'random',
      '--limit',
      '4',
    ];
    const ended = await dermorbit(...args, '--run', run, '--resamples', '20', '--json');
    expect(ended.code).toBe(0);
    const result = resultSchema.parse(JSON.parse(ended.out));
    expect(result.dataset).toEqual({ images: 'X_Input', labels: null });
    const again = await dermorbit(...args, '--run', run, '--resamples', '20', '--json', '--full-paths');
    expect(resultSchema.parse(JSON.parse(again.out)).dataset).toEqual({ images, labels: null });
    expect(result.models[0]?.images).toBe(4);
    expect(result.models[0]?.rows.map(({ id }) => id)).toEqual(['c4-vanilla', 'c4-tta', 'c4-equitune']);
    expect(result.models[0]?.rows[2]?.robustness?.flippedImages).toBe(0);
    expect(readdirSync(run)).toHaveLength(1);
  });

  it('is gone on with by the same command, and listed for the app until then', async () => {
    const evaluations = join(work, 'home', 'evaluations');
    const args = ['evaluate', '--images', images, '--methods', 'equizero', '--resamples', '20', '--json'];
    await new Promise<void>((ended) => {
      const env = { ...process.env, DERMORBIT_HOME: join(work, 'home') };
      const child = spawn(process.execPath, [script, ...args], { env });
      const watch = setInterval(() => {
        const journal = readdirSync(evaluations).find((name) => name.endsWith('.jsonl'));
        // A header, and an image at least.
        const lines = journal ? readFileSync(join(evaluations, journal), 'utf8').split('\n').length - 1 : 0;
        if (lines > 1) child.kill('SIGKILL');
      }, 5);
      child.on('exit', () => {
        clearInterval(watch);
        ended();
      });
    });
    const [interrupted, ...others] = await listRequests(evaluations);
    expect(others).toEqual([]);
    expect(interrupted?.request.task).toMatchObject({ models: ['dermorbit-base'], source: { images } });
    const ended = await dermorbit(...args);
    expect(ended.code).toBe(0);
    const { resumedImages } = z.object({ resumedImages: z.number() }).parse(JSON.parse(ended.out));
    expect(resumedImages).toBeGreaterThan(0);
    expect(await listRequests(evaluations)).toEqual([]);
    expect(readdirSync(evaluations).filter((name) => name.endsWith('.jsonl'))).toEqual([]);
  });

  it('goes on after files that cannot be read, and ends with 1', async () => {
    const folder = join(work, 'classes');
    for (const code of ['MEL', 'NV']) mkdirSync(join(folder, code), { recursive: true });
    copyFileSync(join(phantoms, 'phantom-01-network.jpg'), join(folder, 'NV', 'a.jpg'));
    writeFileSync(join(folder, 'MEL', 'b.jpg'), 'no image');
    const ended = await dermorbit(
      ...['evaluate', '--images', folder, '--methods', 'vanilla', '--resamples', '10', '--json'],
    );
    expect(ended.code).toBe(1);
    const result = resultSchema.parse(JSON.parse(ended.out));
    expect(result.models[0]?.images).toBe(1);
    const auc = result.models[0]?.rows[0]?.figures.find(({ name }) => name === 'auc/NV');
    expect(auc?.value).toBeNull();
  });

  it.each([
    { name: 'no such folder', args: ['--images', 'nowhere'], says: 'DATASET_NOT_FOUND' },
    {
      name: 'no such labels',
      args: ['--images', '.', '--labels', 'nowhere.csv'],
      says: 'DATASET_NOT_FOUND',
    },
    { name: 'a method that is none', args: ['--methods', 'magic'], says: 'OPTION_INVALID' },
    { name: 'a group that is none', args: ['--groups', 'c4,c3'], says: '"c3"' },
    { name: 'a level that is none', args: ['--levels', 'ground'], says: 'OPTION_INVALID' },
    { name: 'a head that is none', args: ['--heads', 'hydra'], says: 'OPTION_INVALID' },
    { name: 'turned otherwise', args: ['--turned', 'twice'], says: '--turned takes none, random, all' },
    { name: 'a limit of nothing', args: ['--limit', '0'], says: '--limit takes a whole number from 1' },
    { name: 'a step that is none', args: ['--angle-step', 'x'], says: '--angle-step takes a number' },
    { name: 'half a resample', args: ['--resamples', '0.5'], says: '--resamples takes a whole number' },
    { name: 'an unknown provider', args: ['--provider', 'abacus'], says: 'PROVIDER_UNKNOWN' },
    { name: 'an unknown model', args: ['--model', 'none'], says: 'MODEL_NOT_FOUND' },
  ])('refuses $name before anything runs', async ({ args, says }) => {
    const given = args.includes('--images') ? args : ['--images', images, ...args];
    const ended = await dermorbit('evaluate', ...given);
    expect(ended.err).toContain(says);
    expect(ended).toMatchObject({ code: 1, out: '' });
    expect(existsSync(join(work, 'nowhere'))).toBe(false);
  });
});

describe('score', () => {
  it.each([
    { name: 'a missing file', predictions: null, says: 'DATASET_NOT_FOUND' },
    { name: 'an empty file', predictions: '', says: 'CSV_EMPTY' },
    { name: 'a missing class', predictions: 'image,MEL,NV\na,0.5,0.5\n', says: 'CSV_COLUMN_MISSING' },
    { name: 'missing images', predictions: `image,${codes.join()}\n`, says: 'PREDICTION_MISSING' },
  ])('refuses $name', async ({ predictions, says }) => {
    const path = join(work, 'predictions.csv');
    if (predictions !== null) writeFileSync(path, predictions);
    const given = predictions === null ? join(work, 'gone.csv') : path;
    const ended = await dermorbit('score', '--truth', truth, '--predictions', given);
    expect(ended.err).toContain(says);
    expect(ended).toMatchObject({ code: 1, out: '' });
  });

  it.skipIf(sharedFolder() === null)('agrees with the official results of ../shared/golden', async () => {
    const folder = sharedPath('golden', 'isic-scoring');
    const ended = await dermorbit(
      ...['score', '--truth', sharedPath('isic2018', 'ISIC2018_Task3_Validation_GroundTruth.csv')],
      ...['--predictions', join(folder, 'prediction-softmax.csv'), '--json'],
    );
    expect(ended.code).toBe(0);
    const overall = (text: string) => z.object({ overall: z.number() }).parse(JSON.parse(text)).overall;
    const expected = readFileSync(join(folder, 'expected-softmax.json'), 'utf8');
    expect(overall(ended.out)).toBeCloseTo(overall(expected), 9);
  });
});
