// Native calls that overstay, in a process that is really deaf.
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { deafContract } from '../../testing/deaf-process.ts';
import { superviseProcess, type SupervisedProcess } from './client.ts';
import { callNatively, watchDeafness } from './deaf.ts';
import { forkProcess } from './fork.ts';

let deaf: SupervisedProcess<typeof deafContract> | null = null;
afterEach(async () => {
  await deaf?.close();
  deaf = null;
  watchDeafness(null);
});

it('ends a process that does not come back from a native call, and starts another', async () => {
  const program = { name: 'deaf', entry: join(import.meta.dirname, '../../testing/deaf-process.ts') };
  deaf = superviseProcess(deafContract, () => forkProcess(program), {
    name: 'deaf process',
    errors: { stopped: 'ENGINE_STOPPED', absent: 'ENGINE_ABSENT', overstayed: 'ENGINE_OVERSTAYED' },
    wanted: 'always',
  });
  // Calls that end are not timed together, and the time between them does not count.
  expect(await deaf.call('sleep', { limit: 10_000, forever: false })).toBe('awake');
  const hung = deaf.call('sleep', { limit: 300, forever: true });
  await expect(hung).rejects.toMatchObject({
    code: 'ENGINE_OVERSTAYED',
    message: 'The deaf process ended: a computation did not end within 0.3 seconds.',
  });
  expect(await deaf.call('sleep', { limit: 10_000, forever: false })).toBe('awake');
  expect(deaf.state()).toMatchObject({ state: 'ready', restarts: 1 });
});

it('tells of each call by itself, one after the other, also where one fails', async () => {
  const told: string[] = [];
  watchDeafness((limit) => told.push(String(limit)));
  const call = vi.fn((name: string) => {
    told.push(name);
    return name === 'bad' ? Promise.reject(new Error(name)) : Promise.resolve(name);
  });
  const calls = ['a', 'bad', 'b'].map((name, i) => callNatively(i + 1, () => call(name)));
  const ends = await Promise.allSettled(calls);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(told).toEqual(['1', 'a', 'null', '2', 'bad', 'null', '3', 'b', 'null']);
});

it('is made without a word where nobody watches', async () => {
  expect(await callNatively(1, () => Promise.resolve('made'))).toBe('made');
});
