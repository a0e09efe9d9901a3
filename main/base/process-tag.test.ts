import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { isOwnerGone, processTag, silenceMeansGone, tagOf } from './process-tag.ts';

const now = Date.now();

it('a running process is not gone, one that has ended is', async () => {
  expect(isOwnerGone(processTag(), now)).toBe(false);
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60_000)']);
  const tag = tagOf(child.pid!);
  expect(isOwnerGone(tag, now)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isOwnerGone(tag, now)).toBe(true);
});

it.runIf(process.platform === 'linux')(
  'the same number, given to a program that started later, is another',
  () => {
    const [pid, start, place] = processTag().split('.');
    expect(isOwnerGone(`${pid!}.${Number(start) - 1}.${place!}`, now)).toBe(true);
  },
);

it('of another computer or container only the time since its last sign of life is known', () => {
  const [pid, start] = processTag().split('.');
  const elsewhere = `${pid!}.${start!}.00000000`;
  expect(isOwnerGone(elsewhere, now)).toBe(false);
  expect(isOwnerGone(elsewhere, now - silenceMeansGone - 1000)).toBe(true);
});

it.each(['', String(process.pid), '1', 'x.y.z', `${process.pid}.1`, '../..'])('%j names nobody', (tag) => {
  expect(isOwnerGone(tag, now)).toBe(true);
});

it('fits into a file name, as one part between hyphens', () => {
  expect(processTag()).toMatch(/^[0-9a-f.]{1,40}$/);
  const { pid } = spawnSync(process.execPath, ['--version']);
  expect(isOwnerGone(tagOf(pid), now)).toBe(true);
});

it.runIf(process.platform === 'linux')('one that has ended is gone, also while nobody asks how', async () => {
  // The shell's child ends; the shell has become a program that never asks.
  const shell = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60']);
  const [said] = (await once(shell.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  const tag = tagOf(pid);
  const state = () =>
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .slice(0, 1);
  await expect.poll(state, { timeout: 10_000 }).toBe('Z');
  expect(isOwnerGone(tag, Date.now())).toBe(true);
  shell.kill('SIGKILL');
});

it('nobody is gone because his start cannot be read, unless the computer started since', () => {
  const [pid, start, place] = processTag().split('.');
  const untold = `${pid!}.0.${place!}`;
  expect([start !== '0', isOwnerGone(untold, Date.now())]).toEqual([process.platform === 'linux', false]);
  expect(isOwnerGone(untold, 0)).toBe(true);
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  // No such process can be looked at, and yet the system says that it runs.
  expect(isOwnerGone(`4194999.17.${place!}`, Date.now())).toBe(false);
  kill.mockRestore();
  expect(isOwnerGone(`4194999.17.${place!}`, Date.now())).toBe(true);
});
