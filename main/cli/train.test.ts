// The command train from outside: events, exit codes, and what a killed process leaves behind.
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingEvent } from '../contract/training-events.ts';
import { encodeHeader } from '../training/cache/layout.ts';
import { pixelKey } from '../training/tower/squares.ts';

const script = join(import.meta.dirname, 'dermorbit.ts');
const phantoms = join(import.meta.dirname, '..', '..', 'assets', 'phantoms');
const codes = ['MEL', 'NV', 'BCC', 'AKIEC', 'BKL', 'DF', 'VASC'];
let work = '';
let images = '';

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'dermorbit-train-'));
  images = join(work, 'images');
  const names = readdirSync(phantoms).filter((name) => name.endsWith('.jpg'));
  names.forEach((name, index) => {
    const folder = join(images, codes[index % codes.length]!);
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(phantoms, name), join(folder, name));
  });
});
afterAll(() => rm(work, { recursive: true, force: true }));

const environment = () => ({ ...process.env, DERMORBIT_HOME: join(work, 'home') });
const training = (...options: string[]) => [
  ...[script, 'train', 'prefinetune', '--images', images],
  ...['--rounds', '2', '--iterations', '2', '--batch', '2', '--validation-share', '0.5', ...options],
];

const tower = (command: string, ...options: string[]) => [
  ...[script, 'train', command, '--images', images],
  ...['--rounds', '2', '--iterations', '1', '--batch', '2', '--validation-share', '0.5', ...options],
];
/** The smallest tower there is. */
const small = [
  ...['--layers', '1-1-1-1', '--width', '2', '--embedding', '8', '--size', '64'],
  ...['--smaller-first', '32:1'],
];

function dermorbit(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: environment(), maxBuffer: 1e8 }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

const eventsOf = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TrainingEvent);

/** Ends the process the hard way as soon as it tells of an event. */
function killedAt(kind: TrainingEvent['kind'], ...args: string[]): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { env: environment() });
    child.stdout.on('data', (data: Buffer) => {
      if (data.toString().includes(`"kind":"${kind}"`)) child.kill('SIGKILL');
    });
    child.on('exit', () => {
      resolve();
    });
  });
}

describe('train', () => {
  it('survives being killed while orbits are computed and between rounds, and ends as if nothing had happened', async () => {
    const args = training('--method', 'lambda', '--out', 'killed', '--json');
    await killedAt('cache', ...args);
    expect(existsSync(join(work, 'home', 'runs', 'killed', 'config.json'))).toBe(false);
    await killedAt('round', ...args, '--resume');
    expect(existsSync(join(work, 'home', 'models', 'killed'))).toBe(false);
    const ended = await dermorbit(...args, '--resume');
    expect(ended.code).toBe(0);
    const events = eventsOf(ended.out);
    expect(events[0]).toMatchObject({ kind: 'data', classes: codes });
    expect(events.at(-1)).toMatchObject({ kind: 'done', model: 'killed' });
    const classified = await dermorbit(script, 'classify', '--model', 'killed', '--json', join(images, 'NV'));
    expect(classified.code).toBe(0);
    expect(classified.out).toContain('"method":"lambda"');
  });

  it('tells people what they have, how it goes, and what came of it', async () => {
    const ended = await dermorbit(...training('--out', 'told'));
    expect(ended.code).toBe(0);
    expect(ended.err).toMatch(/Images to learn from \/ to validate with: MEL 1\/1, NV 1\/0/);
    expect(ended.err).toContain('LESIONS_UNKNOWN');
    expect(ended.err).toMatch(/Round 2\/2: loss \d\.\d{4}, validation \d\.\d{4}, balanced accuracy/);
    expect(ended.out).toMatch(/told, lambda +\d+\.\d %/);
    expect(ended.out).toContain('judge the model on others');
  });

  it.each([
    { name: 'an id that is taken', options: ['--out', 'dermorbit-base'], says: 'MODEL_EXISTS' },
    { name: 'no such images', options: ['--out', 'x', '--images', 'nowhere'], says: 'DATASET_NOT_FOUND' },
    { name: 'a rate of 0', options: ['--out', 'x', '--learning-rate', '0'], says: '--learning-rate' },
    { name: 'a share of 2', options: ['--out', 'x', '--validation-share', '2'], says: '--validation-share' },
    {
      name: 'validation labels alone',
      options: ['--out', 'x', '--validation-labels', 'v.csv'],
      says: 'OPTION_INVALID',
    },
  ])('refuses $name', async ({ options, says }) => {
    const ended = await dermorbit(...training(...options));
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(says);
  });

  it('makes a new model from scratch, also after being killed between rounds', async () => {
    const args = tower('scratch', ...small, '--out', 'new', '--json');
    await killedAt('round', ...args);
    expect(existsSync(join(work, 'home', 'models', 'new'))).toBe(false);
    const ended = await dermorbit(...args, '--resume');
    expect(ended.code, ended.err).toBe(0);
    const done = eventsOf(ended.out).at(-1)!;
    expect(done).toMatchObject({ kind: 'done', model: 'new' });
    const classified = await dermorbit(script, 'classify', '--model', 'new', '--json', join(images, 'NV'));
    expect(classified.code).toBe(0);
    expect(classified.out).toContain('"method":"equitune"');
    const finetuned = tower(
      'finetune',
      '--model',
      'new',
      '--method',
      'equitune',
      '--group',
      'c2',
      '--out',
      'newer',
    );
    const told = await dermorbit(...finetuned);
    expect(told.code, told.err).toBe(0);
    expect(told.out).toMatch(/newer, c2 equitune +\d+\.\d %/);
    expect(told.out).toMatch(/new, c2 vanilla +\d+\.\d %/);
  });

  it.each([
    { name: 'an odd width', command: 'scratch', options: ['--width', '3'], says: '--width' },
    { name: 'a size that cannot be halved', command: 'scratch', options: ['--size', '100'], says: '--size' },
    {
      name: 'rounds on small pictures alone',
      command: 'scratch',
      options: [...small, '--rounds', '1'],
      says: 'leave none at 64',
    },
    {
      name: 'a smaller size without its rounds',
      command: 'scratch',
      options: ['--smaller-first', '64'],
      says: '--smaller-first takes SIZE:ROUNDS',
    },
    { name: 'a crop of three sides', command: 'finetune', options: ['--crop', '1-2-3'], says: '--crop' },
    {
      name: 'attention at embedding level',
      command: 'finetune',
      options: ['--method', 'attention', '--level', 'embedding'],
      says: 'cannot be finetuned',
    },
  ])('refuses $name', async ({ command, options, says }) => {
    const ended = await dermorbit(...tower(command, ...options, '--out', 'never'));
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(says);
  });

  it('lists the caches that trainings left, and removes them', async () => {
    const folder = join(work, 'home', 'caches');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'pixels-48.cache'), encodeHeader(pixelKey(48)));
    writeFileSync(join(folder, 'notes.txt'), 'no cache');
    const told = await dermorbit(script, 'train', 'caches');
    expect(told.out).toMatch(/pixels-48\.cache +pictures, 48 px +0 +0\.0 MB/);
    const wrong = await dermorbit(script, 'train', 'caches', '--remove', 'pixels-48.cache', 'notes.txt');
    expect(wrong.code).toBe(1);
    expect(wrong.err).toMatch(/Removed: 1 cache,.*CACHE_NOT_FOUND/s);
    const all = await dermorbit(script, 'train', 'caches', '--remove', '--json');
    expect(all.code).toBe(0);
    expect(JSON.parse(all.out)).toBeInstanceOf(Array);
    // Also those of the other tests, with their locks; what is no cache stays.
    expect(readdirSync(folder)).toEqual(['notes.txt']);
  });

  it('asks before it learns without a class', async () => {
    rmSync(join(images, 'VASC'), { recursive: true });
    const refused = await dermorbit(...training('--out', 'six'));
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('CLASS_WITHOUT_TRAINING_IMAGES');
    expect(refused.err).toContain('--allow-missing-classes');
    const allowed = await dermorbit(...training('--out', 'six', '--allow-missing-classes'));
    expect(allowed.code).toBe(0);
  });
});
