// One case, run: what `npm run cases` does for each, and the tests for those that are kept here (known/).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectationOf } from './expectations.ts';
import { missesOf, type Ended } from './judge.ts';
import { wordsOf } from './words.ts';

const root = join(import.meta.dirname, '../..');
/** Milliseconds that a case may take: some try for more than a minute. */
const patience = 180_000;

interface Run {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/**
 * Runs a case in a copy of its folder, with a home of its own.
 * @returns what was not as it should be; empty if all was
 */
export async function runCase(folder: string, name: string): Promise<{ misses: string[]; seconds: number }> {
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
