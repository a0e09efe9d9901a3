// The command reproduce from outside: what it says before it starts, Ctrl-C, the table, the files.
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isicClasses } from '../contract/settings.ts';
import { drawImages } from '../testing/training.ts';
import { roughly } from './show-reproduction.ts';

const script = join(import.meta.dirname, 'dermorbit.ts');
let root = '';
const path = (...names: string[]) => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dermorbit-reproduce-'));
  await drawImages(path('training'), 2, isicClasses, 0);
  await drawImages(path('validation'), 1, isicClasses, 50);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const env = () => ({ ...process.env, DERMORBIT_HOME: path('home') });
const isic = (...options: string[]) => [
  ...[script, 'reproduce', 'isic', '--model', 'dermorbit-base', '--provider', 'cpu'],
  ...['--images', path('training'), '--validation-images', path('validation'), '--work', path('work')],
  ...['--rows', 'original', '--only-prefinetune', '--scale', '0.002', ...options],
];

function dermorbit(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: env(), maxBuffer: 1e8 }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

/** Ends a command as Ctrl-C does, as soon as it says something. */
function interruptedAt(words: string, ...args: string[]): Promise<{ code: number | null; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { env: env() });
    let err = '';
    let told = false;
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString();
      if (!told && err.includes(words)) told = child.kill('SIGINT');
    });
    child.on('exit', (code) => {
      resolve({ code, err });
    });
  });
}

describe('reproduce', () => {
  it('says what it would do, how long it takes and what is not as in the papers', async () => {
    const ended = await dermorbit(...isic('--dry-run'));
    expect(ended.code).toBe(0);
    expect(ended.err).toContain('Images to learn from / to validate with: 14 / 7.');
    expect(ended.err).toContain('Steps: zero-shot; pre-finetune original, c4.');
    expect(ended.err).toMatch(/Left: 2 of 2 steps, about .* An estimate/);
    expect(ended.err).toContain('not CLIP RN50');
    expect(ended.out).toBe('');
    expect(readdirSync(path('work'))).not.toContain('runs');
  });

  it('is stopped by Ctrl-C, goes on, and ends with the table and a report', async () => {
    const stopped = await interruptedAt('Step 2 of 2', ...isic());
    expect(stopped.code).toBe(130);
    expect(stopped.err).toContain('Stopped. The same command goes on');
    const ended = await dermorbit(...isic());
    expect(ended.code).toBe(0);
    expect(ended.err).toContain('zero-shot (done)');
    expect(ended.out).toMatch(/original, c4 +pre-finetuned +15\.03 % +\d+\.\d\d % \[/);
    expect(ended.out).toContain('Always answering MEL scores 14.29 % top-1 on these 7 images');
    expect(ended.out).toContain('exactly what always answering nevus scores');
    expect(readFileSync(path('work', 'report.html'), 'utf8')).toContain('15.03 %');
    const printed = await dermorbit(...isic('--json'));
    expect(JSON.parse(printed.out)).toMatchObject({
      dataset: 'isic',
      scale: 0.002,
      rows: [{ id: 'c4-original' }],
    });
  });

  it.each([
    { name: 'an unknown row', options: ['--rows', 'best'], says: '--rows takes original' },
    { name: 'a scale of 0', options: ['--scale', '0'], says: '--scale lies above 0' },
    { name: 'a seed with a point', options: ['--seed', '1.5'], says: '--seed takes' },
    { name: 'other settings in the same folder', options: ['--seed', '2'], says: 'seed was 1, now 2' },
  ])('refuses $name', async ({ options, says }) => {
    const ended = await dermorbit(...isic(...options));
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(says);
  });

  it('finds both files of CIFAR-100 in their folder, and misses them by name', async () => {
    const args = ['reproduce', 'cifar100', '--model', 'dermorbit-base', '--images', path('training')];
    const ended = await dermorbit(script, ...args, '--work', path('cifar'));
    expect(ended.code).toBe(1);
    expect(ended.err).toContain('test.bin');
    expect(existsSync(path('cifar'))).toBe(false);
  });
});

it('says times roughly', () => {
  expect([20, 600, 7260, 200_000].map(roughly)).toEqual([
    'less than a minute',
    '10 min',
    '2 h 1 min',
    '2 d 7 h',
  ]);
});
