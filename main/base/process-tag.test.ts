import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
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
