// The command line from outside: what is printed where, what is written, how it ends.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  classificationSchema,
  evidenceSchema,
  failureSchema,
  type Classification,
} from '../contract/record.ts';
import { sharedFolder, sharedPath } from '../testing/shared.ts';

const script = join(import.meta.dirname, 'dermorbit.ts');
const phantoms = join(import.meta.dirname, '..', '..', 'assets', 'phantoms');
const phantom = join(phantoms, 'phantom-02-asymmetric.jpg');
let work = '';

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'dermorbit-cli-'));
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function dermorbit(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, DERMORBIT_HOME: join(work, 'home') };
    execFile(process.execPath, [script, ...args], { env, maxBuffer: 1e8 }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

const recordsSchema = z.array(
  z.union([z.strictObject(failureSchema.shape), z.strictObject(classificationSchema.shape)]),
);
const records = ({ out }: Ended) => recordsSchema.parse(JSON.parse(out));

async function classifyOne(...options: string[]): Promise<Classification> {
  const [record] = records(await dermorbit('classify', phantom, '--json', ...options));
  return classificationSchema.parse(record);
}

describe('classify', () => {
  it('prints the bundled examples as a table where nothing is named', async () => {
    const { code, out, err } = await dermorbit('classify');
    expect(code).toBe(0);
    expect(out).toContain('phantom-01-network.jpg');
    expect(out).toContain('Research use only');
    expect(err).toContain('phantoms (synthetic examples, no patients)');
    expect(out).not.toContain('\u001b');
  });

  it('prints one JSON array of records and nothing else', async () => {
    const ended = await dermorbit('classify', phantoms, '--json');
    expect(ended).toMatchObject({ code: 0, err: '' });
    const found = records(ended);
    expect(found).toHaveLength(8);
    for (const record of found) {
      const { probabilities, orientations, group, method, head, inverse } =
        classificationSchema.parse(record);
      expect(Object.keys(probabilities)).toEqual(['MEL', 'NV', 'BCC', 'AKIEC', 'BKL', 'DF', 'VASC']);
      expect(Object.values(probabilities).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
      expect(orientations.map(({ turn, mirror }) => `${turn} ${String(mirror)}`)).toEqual([
        '0 false',
        '90 false',
        '180 false',
        '270 false',
      ]);
      expect({ group, method, head, inverse }).toEqual({
        group: 'c4',
        method: 'lambda',
        head: 'orbit',
        inverse: 'on',
      });
    }
  });

  it('puts errors in their places, goes on, and ends with 1', async () => {
    const text = join(work, 'notes.jpg');
    await writeFile(text, 'these are no pixels');
    await writeFile(join(work, 'empty.png'), '');
    const ended = await dermorbit(
      'classify',
      text,
      phantom,
      join(work, 'empty.png'),
      join(work, 'gone.jpg'),
      '--json',
    );
    expect(ended.code).toBe(1);
    expect(records(ended).map((record) => ('error' in record ? record.error.code : 'ok'))).toEqual([
      'IMAGE_UNRECOGNISED',
      'ok',
      'IMAGE_EMPTY',
      'IMAGE_NOT_FOUND',
    ]);
  });

  it.each([
    { options: ['--method', 'tta', '--group', 'd4'], orientations: 8, logits: false },
    { options: ['--method', 'equitune', '--level', 'embedding'], orientations: 4, logits: false },
    { options: ['--method', 'attention'], orientations: 4, logits: true, attention: 4 },
    {
      options: ['--method', 'equizero', '--score', 'entropy'],
      orientations: 4,
      logits: true,
      score: 'entropy',
    },
    { options: ['--method', 'vanilla', '--group', 'c1'], orientations: 1, logits: true },
    {
      options: ['--method', 'equizero', '--inverse', 'off', '--head', 'plain', '--group', 'd1'],
      orientations: 2,
      logits: true,
    },
  ])('$options', async ({ options, orientations, logits, attention, score }) => {
    const record = await classifyOne(...options);
    expect(record.orientations).toHaveLength(orientations);
    expect(record.logits !== null).toBe(logits);
    expect(record.attention?.length).toBe(attention);
    expect(record.score).toBe(score ?? (options.includes('equizero') ? 'probability' : undefined));
  });

  it('writes a CSV row and an evidence map per image', async () => {
    const csv = join(work, 'out', 'results.csv');
    const maps = join(work, 'maps');
    const { code } = await dermorbit(
      'classify',
      phantom,
      phantom.replace('02-asymmetric', '03-globules'),
      '--csv',
      csv,
      '--evidence',
      maps,
    );
    expect(code).toBe(0);
    const rows: unknown = parse(await readFile(csv), { columns: true });
    expect(rows).toHaveLength(2);
    expect((await readdir(maps)).sort()).toEqual([
      'phantom-02-asymmetric.evidence.json',
      'phantom-02-asymmetric.evidence.png',
      'phantom-03-globules.evidence.json',
      'phantom-03-globules.evidence.png',
    ]);
    const map = evidenceSchema.parse(
      JSON.parse(await readFile(join(maps, 'phantom-02-asymmetric.evidence.json'), 'utf8')),
    );
    map.logits.forEach((logit, k) => {
      expect(map.cells[k]!.reduce((sum, cell) => sum + cell, map.constant[k]!)).toBeCloseTo(logit, 4);
    });
  });

  it.each([
    {
      name: 'an unknown provider',
      args: ['classify', phantom, '--provider', 'abacus'],
      says: 'PROVIDER_UNKNOWN',
    },
    {
      name: 'a scorer without its method',
      args: ['classify', phantom, '--method', 'lambda', '--scorer', 'image'],
      says: 'OPTION_INVALID',
    },
    { name: 'an unknown model', args: ['classify', phantom, '--model', 'none'], says: 'MODEL_NOT_FOUND' },
    {
      name: 'an unknown group',
      args: ['classify', phantom, '--group', 'c3'],
      says: 'Allowed choices are c1, c2, c4, d1, d4',
    },
    {
      name: 'evidence without a frame',
      args: ['classify', phantom, '--method', 'tta', '--evidence', 'x'],
      says: 'EVIDENCE_UNAVAILABLE',
    },
    {
      name: 'a method without its network',
      args: ['classify', phantom, '--method', 'lambda', '--level', 'embedding'],
      says: 'COMBINER_MISSING',
    },
    {
      name: 'a malformed scale',
      args: ['models', 'import', phantom, '--id', 'x', '--scale', 'much'],
      says: 'OPTION_INVALID',
    },
    {
      name: 'a checkpoint that is none',
      args: ['models', 'import', phantom, '--id', 'x'],
      says: 'CHECKPOINT_UNRECOGNISED',
    },
    { name: 'an id that is a path', args: ['models', 'remove', '../models'], says: 'MODEL_NOT_FOUND' },
    {
      name: 'removing the bundled model',
      args: ['models', 'remove', 'dermorbit-base'],
      says: 'MODEL_BUNDLED',
    },
    { name: 'an unknown benchmark', args: ['bench', 'everything'], says: 'OPTION_INVALID' },
  ])('refuses $name', async ({ args, says }) => {
    const { code, out, err } = await dermorbit(...args);
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toContain(says);
  });

  it('refuses a folder without images', async () => {
    await mkdir(join(work, 'nothing'));
    const { code, err } = await dermorbit('classify', join(work, 'nothing'));
    expect(code).toBe(1);
    expect(err).toContain('NO_IMAGES');
  });

  it('gives no file name the power to write to the terminal', async () => {
    const hostile = join(work, 'evil\u001b[2J.jpg');
    await writeFile(hostile, 'no image');
    const { out, err } = await dermorbit('classify', hostile, phantom);
    expect(out + err).not.toContain('\u001b[2J');
  });
});

describe('models', () => {
  it('lists, shows and verifies the bundled model', async () => {
    const listed = await dermorbit('models', 'list');
    expect(listed.out).toContain('dermorbit-base');
    const shown = await dermorbit('models', 'show', 'dermorbit-base');
    expect(shown.out).toContain('CC BY-NC 4.0');
    const verified = await dermorbit('models', 'verify');
    expect(verified).toMatchObject({ code: 0 });
  });

  it('does not call a package whose manifest is damaged verified, and removes it', async () => {
    const broken = join(work, 'home', 'models', 'broken');
    await mkdir(broken, { recursive: true });
    await writeFile(join(broken, 'manifest.json'), '{');
    const verified = await dermorbit('models', 'verify', '--json');
    expect(verified.code).toBe(1);
    expect(verified.err).toContain('MANIFEST_INVALID');
    expect(JSON.parse(verified.out)).toMatchObject([{ id: 'dermorbit-base', ok: true }]);
    expect(await dermorbit('models', 'remove', 'broken')).toMatchObject({ code: 0 });
    expect(await dermorbit('models', 'verify')).toMatchObject({ code: 0, err: '' });
  });

  it('verifies the other models where one cannot be found', async () => {
    const { code, out, err } = await dermorbit('models', 'verify', 'nobody', 'dermorbit-base');
    expect(code).toBe(1);
    expect(err).toContain('MODEL_NOT_FOUND');
    expect(out).toContain('image-tower.onnx');
  });

  it('finds a changed file', async () => {
    const folder = join(work, 'changed');
    await cp(join(import.meta.dirname, '..', '..', 'models', 'dermorbit-base'), folder, { recursive: true });
    const tower = join(folder, 'image-tower.onnx');
    const bytes = await readFile(tower);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(tower, bytes);
    const { code, err } = await dermorbit('classify', phantom, '--model', folder);
    expect(code).toBe(1);
    expect(err).toContain('MODEL_HASH_MISMATCH');
  });

  describe.skipIf(sharedFolder() === null)('with ../shared/golden', () => {
    it('imports, classifies and removes a checkpoint', async () => {
      const imported = await dermorbit(
        ...['models', 'import', sharedPath('golden', 'tiny-clip-torchscript.pt'), '--id', 'tiny', '--json'],
        ...['--class-embeddings', sharedPath('golden', 'class-embeddings.safetensors')],
        ...['--combiners', sharedPath('golden', 'combiners.safetensors')],
      );
      expect(imported.code).toBe(0);
      const record = await classifyOne('--model', 'tiny', '--method', 'lambda', '--level', 'embedding');
      expect(record.model.id).toBe('tiny');
      const again = await dermorbit(
        'models',
        'import',
        sharedPath('golden', 'tiny-clip.safetensors'),
        '--id',
        'tiny',
      );
      expect(again.err).toContain('MODEL_EXISTS');
      const zeroShot = await dermorbit(
        'models',
        'import',
        sharedPath('golden', 'tiny-clip.safetensors'),
        '--id',
        'zero',
      );
      expect(zeroShot.code).toBe(0);
      expect((await classifyOne('--model', 'zero')).method).toBe('equitune');
      expect((await dermorbit('models', 'remove', 'tiny')).code).toBe(0);
      expect((await dermorbit('classify', phantom, '--model', 'tiny')).err).toContain('MODEL_NOT_FOUND');
    });
  });
});
