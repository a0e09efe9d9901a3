import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic } from './durable-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dermorbit-durable-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('writeFileAtomic', () => {
  it('replaces a file whole and leaves nothing beside it', async () => {
    const path = join(folder, 'new', 'a.json');
    await writeFileAtomic(path, 'a longer first text');
    await writeFileAtomic(path, new Uint8Array([50]));
    expect(readFileSync(path, 'utf8')).toBe('2');
    expect(readdirSync(join(folder, 'new'))).toEqual(['a.json']);
  });

  it('writes through a link, which stays one', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    const [target, link] = [join(folder, 'elsewhere', 'b.csv'), join(folder, 'b.csv')];
    writeFileSync(target, 'old');
    symlinkSync(target, link);
    await writeFileAtomic(link, 'new');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('new');
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['b.csv']);
  });

  it('keeps the old file where the new one cannot be put', async () => {
    const path = join(folder, 'c');
    mkdirSync(join(path, 'full'), { recursive: true });
    await expect(writeFileAtomic(path, 'text')).rejects.toMatchObject({ code: 'WRITE_FAILED' });
    expect(readdirSync(folder)).toEqual(['c']);
  });
});
