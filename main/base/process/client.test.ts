// Supervising a process: what it tells its listeners, and how it ends.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { ProcessMessage } from './messages.ts';
import type { ProcessChild } from './child.ts';
import { superviseProcess, type ProcessState, type SupervisedProcess } from './client.ts';

const contract = {
  double: { input: z.object({ of: z.number() }), event: z.never(), output: z.object({ is: z.number() }) },
} as const;

/** A child that does only what the test says. */
class Child implements ProcessChild {
  readonly sent: ProcessMessage[] = [];
  killed = 0;
  readonly #exits: ((how: string) => void)[] = [];
  message: (message: unknown) => void = () => undefined;
  send(request: ProcessMessage): void {
    this.sent.push(request);
  }
  onMessage(listener: (message: unknown) => void): void {
    this.message = listener;
  }
  onExit(listener: (how: string) => void): void {
    this.#exits.push(listener);
  }
  kill(): void {
    this.killed++;
    this.exit('signal SIGKILL');
  }
  exit(how: string): void {
    for (const listener of this.#exits.splice(0)) listener(how);
  }
}

let children: Child[];
let process: SupervisedProcess<typeof contract>;
const supervise = (wanted: 'always' | 'calls'): Child => {
  process = superviseProcess(
    contract,
    () => {
      const child = new Child();
      children.push(child);
      return child;
    },
    {
      name: 'test process',
      errors: { stopped: 'ENGINE_STOPPED', absent: 'ENGINE_ABSENT', overstayed: 'ENGINE_OVERSTAYED' },
      wanted,
    },
  );
  return children[0]!;
};

beforeEach(() => {
  children = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('tells everyone who watches each state that it shows', async () => {
  const child = supervise('always');
  const seen: ProcessState['state'][][] = [[], []];
  for (const states of seen) process.watch(({ state }) => states.push(state));
  expect(process.state()).toEqual({ state: 'starting', restarts: 0, message: null });
  child.message({ kind: 'notice', notice: { kind: 'ready' } });
  expect(process.state()).toEqual({ state: 'ready', restarts: 0, message: null });
  const closed = process.close();
  child.exit('exit code 0');
  await closed;
  expect(seen).toEqual([
    ['ready', 'stopped'],
    ['ready', 'stopped'],
  ]);
});

it('closes a process by asking; one that goes in time is not killed', async () => {
  const child = supervise('always');
  child.message({ kind: 'notice', notice: { kind: 'ready' } });
  const done = vi.fn();
  const closed = process.close().then(done);
  expect(child.sent).toEqual([{ kind: 'close' }]);
  await vi.advanceTimersByTimeAsync(1999);
  expect([child.killed, done.mock.calls.length]).toEqual([0, 0]);
  child.exit('exit code 0');
  await closed;
  await vi.advanceTimersByTimeAsync(10_000);
  expect([child.killed, children.length]).toEqual([0, 1]);
  expect(process.state().state).toBe('stopped');
});

it('kills one that does not go', async () => {
  const child = supervise('always');
  child.message({ kind: 'notice', notice: { kind: 'ready' } });
  const closed = process.close();
  await vi.advanceTimersByTimeAsync(2000);
  expect(child.killed).toBe(1);
  await closed;
  expect(children).toHaveLength(1);
});

it('closes at once where there is none, and starts none afterwards', async () => {
  supervise('calls');
  await process.close();
  await expect(process.call('double', { of: 1 })).rejects.toMatchObject({
    code: 'ENGINE_STOPPED',
    message: 'The test process has been closed.',
  });
  expect(children).toHaveLength(0);
});

it('starts with the first call where calls want it, and answers by call number', async () => {
  supervise('calls');
  const answers = [1, 2].map((of) => process.call('double', { of }));
  const [child] = children;
  expect(children).toHaveLength(1);
  const calls = child!.sent.flatMap((request) => (request.kind === 'call' ? [request.id] : []));
  child!.message({ kind: 'result', id: calls[1], output: { is: 4 } });
  child!.message({ kind: 'result', id: calls[0], output: { is: 2 } });
  child!.message({ kind: 'result', id: calls[0], output: { is: 3 } });
  expect(await Promise.all(answers)).toEqual([{ is: 2 }, { is: 4 }]);
  const wrong = process.call('double', { of: 3 });
  child!.message({ kind: 'result', id: calls[1]! + 1, output: { is: 'six' } });
  await expect(wrong).rejects.toMatchObject({ code: 'INTERNAL' });
});
