// How `classify` ends where it cannot go on, or nobody reads on: what is done is kept, and whole.
import { execFileSync, spawn, spawnSync, type StdioOptions } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { closeSync, existsSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const script = join(import.meta.dirname, 'dermorbit.ts');
const phantom = join(import.meta.dirname, '..', '..', 'assets', 'phantoms', 'phantom-02-asymmetric.jpg');
const work = mkdtempSync(join(tmpdir(), 'dermorbit-endings-'));
const few = join(work, 'few');
const many = join(work, 'many');

beforeAll(() => {
  for (const [folder, count] of [
    [few, 3],
    [many, 60],
  ] as const) {
    mkdirSync(folder);
    for (let i = 1; i <= count; i++) copyFileSync(phantom, join(folder, `${i}.jpg`));
  }
});
afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

type Child = ReturnType<typeof spawn>;

interface Watching {
  readonly stdio?: StdioOptions;
  /** What to do, once, as soon as `when` holds of what has been printed so far. */
  readonly then?: (child: Child) => void;
  readonly when?: (soFar: string) => boolean;
}

/** Runs the command line to its end. */
function dermorbit(
  args: readonly string[],
  { stdio = 'pipe', then, when = () => true }: Watching = {},
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, DERMORBIT_HOME: join(work, 'home') },
      stdio,
    });
    let [out, err] = ['', ''];
    // Not only when something is printed: a table is printed at the end, and `when` may look at files.
    const watch = setInterval(() => {
      if (!then || !when(out)) return;
      clearInterval(watch);
      then(child);
    }, 10);
    child.stdout?.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (err += data.toString()));
    child.on('close', (code) => {
      clearInterval(watch);
      resolve({ code, out, err });
    });
  });
}

const rowsSchema = z.array(z.object({ path: z.string() }));
const rowsOf = (csv: string) => rowsSchema.parse(parse(readFileSync(csv), { columns: true }));
const jsonSchema = z.array(z.object({ image: z.object({ path: z.string() }) }));

describe.skipIf(process.platform === 'win32')('an interruption', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s leaves whole JSON and a whole CSV',
    async (kill) => {
      const csv = join(work, `${kill}.csv`);
      const { code, out, err } = await dermorbit(['classify', many, '--json', '--csv', csv], {
        when: (soFar) => soFar.includes('2.jpg'),
        then: (child) => child.kill(kill),
      });
      const records = jsonSchema.parse(JSON.parse(out));
      expect(records.length).toBeGreaterThan(1);
      expect(records.length).toBeLessThan(60);
      expect(rowsOf(csv).map(({ path }) => path)).toEqual(records.map(({ image }) => image.path));
      expect(code).toBe(130);
      expect(err).toContain(`${records.length} of 60 images were classified.`);
    },
  );

  it('prints the results so far where a table was asked for', async () => {
    const csv = join(work, 'table.csv');
    const evidence = join(work, 'table');
    const { code, out } = await dermorbit(['classify', many, '--csv', csv, '--evidence', evidence], {
      when: () => existsSync(join(evidence, '2.evidence.json')),
      then: (child) => child.kill('SIGINT'),
    });
    expect(code).toBe(130);
    expect(out.split('\n').filter((line) => line.includes('.jpg'))).toHaveLength(rowsOf(csv).length);
  });
});

it('a reader that goes away is no error, and the CSV is finished', async () => {
  const csv = join(work, 'unread.csv');
  const { code, err } = await dermorbit(['classify', few, '--json', '--csv', csv], {
    when: (soFar) => soFar.length > 0,
    then: (child) => child.stdout?.destroy(),
  });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(rowsOf(csv)).toHaveLength(3);
});

it('a reader that goes away ends the work that was for it alone', async () => {
  const { code } = await dermorbit(['classify', many, '--json'], {
    when: (soFar) => soFar.length > 0,
    then: (child) => child.stdout?.destroy(),
  });
  expect(code).toBe(0);
});

it.skipIf(process.platform !== 'linux')('a full disk under standard output is told, not dumped', async () => {
  const csv = join(work, 'full.csv');
  const full = openSync('/dev/full', 'w');
  const { code, err } = await dermorbit(['classify', few, '--json', '--csv', csv], {
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  expect(code).toBe(1);
  expect(err.match(/DISK_FULL/g)).toHaveLength(1);
  expect(err).toContain('OUTPUT_DISK_FULL');
  expect(err).not.toContain('nothing half-written');
  expect(err).not.toContain('node:');
  expect(rowsOf(csv)).toHaveLength(3);
});

// A limit on the size of files stands for a disk that fills up while it is written to.
it.skipIf(process.platform !== 'linux')('output that is cut off is told to be incomplete', () => {
  const cut = join(work, 'cut.json');
  const command = `trap '' XFSZ; ulimit -f 1; exec "$0" "$@" > ${JSON.stringify(cut)}`;
  const env = { ...process.env, DERMORBIT_HOME: join(work, 'home') };
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', command, process.execPath, script, 'classify', few, '--json'],
    { env, encoding: 'utf8' },
  );
  expect(status).toBe(1);
  expect(statSync(cut).size).toBe(1024);
  expect(stderr).toContain('WRITE_FAILED');
  expect(stderr).toContain('What was written of it is incomplete.');
});

describe('--csv and --evidence that cannot be written are refused before the work begins', () => {
  const file = join(work, 'file');
  beforeAll(() => {
    writeFileSync(file, 'old');
  });

  it.each([
    ['a folder as --csv', ['--csv', few], 'OPTION_INVALID'],
    ['no name', ['--csv', ''], 'OPTION_INVALID'],
    ['--csv under a file', ['--csv', join(file, 'x.csv')], 'WRITE_FAILED'],
    ['a file as --evidence', ['--evidence', file], 'OPTION_INVALID'],
  ])('%s', async (_, options, says) => {
    const { code, out, err } = await dermorbit(['classify', few, '--json', ...options]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(says);
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(few)).toHaveLength(3);
  });

  // A pipe of our own stands for every device: a mistake here, run as root, would replace the computer's /dev/null.
  it.skipIf(process.platform === 'win32')('what is no file as --csv', async () => {
    const pipe = join(work, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { code, out, err } = await dermorbit(['classify', few, '--json', '--csv', pipe]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('OPTION_INVALID');
    expect(statSync(pipe).isFIFO()).toBe(true);
  });

  it('an existing CSV stays as it is where nothing could be classified', async () => {
    const csv = join(work, 'existing.csv');
    writeFileSync(csv, 'old');
    const { code } = await dermorbit(['classify', few, '--csv', csv, '--model', 'nobody']);
    expect(code).toBe(1);
    expect(readFileSync(csv, 'utf8')).toBe('old');
  });
});
