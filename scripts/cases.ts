// npm run cases -- DIR: runs every case of a folder and prints a line for each; exit code 1 if one does not end as it
// should. A case is a folder with a command.txt (a `dermorbit ...` command, run in a copy of the folder) or a run.ts (a
// program, run from here, which exits with 0 where the case holds); its expected.txt says in prose what is right.
// Cases by name: npm run cases -- DIR NAME...
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expectationOf } from './cases/expectations.ts';
import { missesOf, type Ended } from './cases/judge.ts';
import { wordsOf } from './cases/words.ts';

const root = join(import.meta.dirname, '..');
/** Milliseconds that a case may take: some try for more than a minute. */
const patience = 180_000;

interface Run {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

async function runCase(folder: string, name: string): Promise<{ misses: string[]; seconds: number }> {
  const home = await mkdtemp(join(tmpdir(), 'dermorbit-case-'));
  const start = performance.now();
  try {
    const script = join(folder, name, 'run.ts');
    const isProgram = existsSync(script);
    const work = join(home, 'case');
    if (!isProgram) await cp(join(folder, name), work, { recursive: true });
    const ended = await run(
      isProgram ? { command: process.execPath, args: [script], cwd: root } : await commandOf(work),
      { ...process.env, DERMORBIT_HOME: join(home, 'home'), NO_COLOR: '1' },
    );
    const misses = isProgram
      ? ended.code === 0
        ? []
        : [lastLine(ended.out) || lastLine(ended.err) || `exit code ${ended.code}`]
      : await missesOf(ended, expectationOf(name), work);
    return { misses, seconds: (performance.now() - start) / 1000 };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function commandOf(cwd: string): Promise<Run> {
  const [program, ...args] = wordsOf((await readFile(join(cwd, 'command.txt'), 'utf8')).trim());
  if (program !== 'dermorbit') throw new Error(`${join(cwd, 'command.txt')} holds no dermorbit command`);
  return { command: process.execPath, args: [join(root, 'main', 'cli', 'dermorbit.ts'), ...args], cwd };
}

function run({ command, args, cwd }: Run, env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((ended, fail) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err, late] = ['', '', false];
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, patience);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.on('error', fail);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      ended({ code, signal: late ? `none after ${patience / 1000} s` : signal, out, err });
    });
  });
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

const [directory, ...asked] = process.argv.slice(2);
if (directory === undefined) {
  process.stderr.write('npm run cases -- DIR [NAME...]\n');
  process.exit(2);
}
const folder = resolve(directory);
const isCase = (name: string) =>
  ['command.txt', 'run.ts'].some((file) => existsSync(join(folder, name, file)));
const names = (await readdir(folder))
  .sort()
  .filter((name) => isCase(name) && (asked.length === 0 || asked.includes(name)));
let missed = 0;
for (const name of names) {
  const { misses, seconds } = await runCase(folder, name);
  if (misses.length > 0) missed++;
  const verdict = misses.length === 0 ? 'ok  ' : 'MISS';
  process.stdout.write(
    `${verdict} ${name} (${seconds.toFixed(1)} s)${misses.map((miss) => `: ${miss}`).join('')}\n`,
  );
  if (misses.length > 0) {
    const prose = await readFile(join(folder, name, 'expected.txt'), 'utf8').catch(() => '');
    if (prose !== '') process.stdout.write(`     expected: ${prose.trim()}\n`);
  }
}
process.stdout.write(`${names.length - missed} of ${names.length} cases end as they should\n`);
process.exitCode = missed > 0 || names.length === 0 ? 1 : 0;
