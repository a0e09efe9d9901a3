import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { lockOwner, releaseLock, takeLock } from './lock.ts';
import { processTag } from './process-tag.ts';

const folder = mkdtempSync(join(tmpdir(), 'dermorbit-lock-'));
const path = join(folder, 'file');
const lock = `${path}.lock`;
beforeEach(() => {
  rmSync(lock, { force: true });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('is had by one at a time, and is gone when given back', async () => {
  expect(await lockOwner(path)).toBeNull();
  expect(await takeLock(path)).toBeNull();
  expect(await lockOwner(path)).toBe(process.pid);
  expect(await takeLock(path)).toBe(process.pid);
  await releaseLock(path);
  expect(existsSync(lock)).toBe(false);
});

it.each([
  ['a bare number of a program that runs', '1'],
  ['nonsense', 'nobody'],
  ['a process that started earlier under our number', processTag().replace(/\.\d+\./, '.1.')],
])('%s does not hold it', async (_name, content) => {
  writeFileSync(lock, content);
  expect(await lockOwner(path)).toBeNull();
  expect(await takeLock(path)).toBeNull();
  expect(readFileSync(lock, 'utf8')).toBe(processTag());
  await releaseLock(path);
});

it('that is being written counts; one that was never written does not', async () => {
  writeFileSync(lock, '');
  expect(await takeLock(path)).toBe(0);
  utimesSync(lock, new Date(), new Date(Date.now() - 60_000));
  expect(await takeLock(path)).toBeNull();
  await releaseLock(path);
});

it('of ten that want it at once, one gets it, a hundred times', async () => {
  for (let round = 0; round < 100; round++) {
    writeFileSync(lock, '1');
    const answers = await Promise.all(Array.from({ length: 10 }, () => takeLock(path)));
    expect(answers.filter((answer) => answer === null)).toHaveLength(1);
    expect(readFileSync(lock, 'utf8')).toBe(processTag());
    await releaseLock(path);
  }
});

describe('the right to remove a dead lock', () => {
  /** Of a process that is gone: it started earlier under our number. */
  const gone = processTag().replace(/\.\d+\./, '.1.');
  const right = (attempt: number) =>
    `${lock}.${createHash('sha256').update('1').digest('hex').slice(0, 12)}.${attempt}`;
  const rights = () => readdirSync(folder).filter((name) => name !== basename(lock));

  it('passes on where those who had it were killed', async () => {
    writeFileSync(lock, '1');
    for (const attempt of [0, 1, 2]) writeFileSync(right(attempt), gone);
    expect(await takeLock(path)).toBeNull();
    expect(rights()).toEqual([]);
    await releaseLock(path);
  });

  it('is waited for while the one who has it lives, however long it is held up', async () => {
    writeFileSync(lock, '1');
    writeFileSync(right(0), processTag());
    utimesSync(right(0), new Date(), new Date(Date.now() - 600_000));
    expect(await takeLock(path)).toBe(0);
    expect(readFileSync(lock, 'utf8')).toBe('1');
    rmSync(right(0));
    expect(await takeLock(path)).toBeNull();
    await releaseLock(path);
  });

  it('of a lock that is gone is no right to the one that came after it', async () => {
    writeFileSync(lock, '1');
    const answers = await Promise.all([takeLock(path), takeLock(path), takeLock(path)]);
    expect(answers.filter((answer) => answer === null)).toHaveLength(1);
    expect(rights()).toEqual([]);
    await releaseLock(path);
  });
});

it('given back late takes nobody else the lock away', async () => {
  expect(await takeLock(path)).toBeNull();
  const other = processTag().replace(/[^.]+$/, '00000000');
  writeFileSync(lock, other);
  await releaseLock(path);
  expect(readFileSync(lock, 'utf8')).toBe(other);
});
