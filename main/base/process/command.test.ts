// A command can always be ended, whatever its work is doing.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const program = join(import.meta.dirname, '..', '..', 'testing', 'deaf-program.ts');
const never = '3600000';

/** Runs the program and hands it signals once it works; its exit code, what it printed, and its child. */
function run(args: readonly string[], signals: readonly NodeJS.Signals[]) {
  return new Promise<{ code: number | null; out: string; worker: number }>((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    let next = 0;
    const send = setInterval(() => {
      if (out.includes('working') && next < signals.length) child.kill(signals[next++]);
    }, 300);
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.on('close', (code) => {
      clearInterval(send);
      resolve({ code, out, worker: Number(/working (\d+)/.exec(out)?.[1]) });
    });
  });
}

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe.skipIf(process.platform === 'win32')('work that hears nothing', () => {
  it.each([
    ['a second Ctrl-C', ['deaf', never], ['SIGINT', 'SIGINT'], 130],
    ['one SIGTERM, after a while', ['deaf', '200'], ['SIGTERM'], 143],
    ['SIGTERM, then Ctrl-C', ['deaf', never], ['SIGTERM', 'SIGINT'], 143],
    ['a terminal that is closed', ['deaf', '200'], ['SIGHUP'], 129],
  ] as const)('is ended by %s', async (_, args, signals, expected) => {
    const { code, out, worker } = await run(args, signals);
    expect(code).toBe(expected);
    expect(out).toContain('crash null');
    expect(isRunning(worker)).toBe(false);
  });

  it('crashes alone: whoever started it can tell', async () => {
    const { code, out } = await run(['crash', never], []);
    expect(code).toBe(139);
    expect(out).toContain('crash SIGSEGV');
  });
});
