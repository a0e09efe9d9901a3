import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { processTag } from '../base/process-tag.ts';
import { openUploads, plainName, removeAbandonedUploads } from './uploads.ts';

const parent = mkdtempSync(join(tmpdir(), 'dermorbit-uploads-test-'));
afterAll(() => {
  rmSync(parent, { recursive: true, force: true });
});

describe('names', () => {
  it.each([
    ['\u{1F600}'.repeat(60) + '.jpeg', /^(\u{1F600})+\.jpeg$/u],
    ['\u65e5'.repeat(120) + '.jpg', /^\u65e5+\.jpg$/u],
    ['\ud83d.png', /^\ufffd\.png$/u],
  ])('%j', (name, expected) => {
    expect(plainName(name)).toMatch(expected);
  });

  it('are one component that every file system takes, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        const plain = plainName(name);
        expect(plain.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(plain)).toBeLessThanOrEqual(140);
        expect(plain).not.toMatch(/[/\\\0]|^\.{1,2}$|^$/);
        expect(() => encodeURIComponent(plain)).not.toThrow();
      }),
    );
  });

  it('of 120 characters of three bytes are kept as files', async () => {
    const uploads = await openUploads(parent);
    const path = await uploads.receive(
      `${'\u65e5'.repeat(120)}.jpg`,
      new Uint8Array(3),
      10,
      'IMAGE_TOO_LARGE',
    );
    expect(existsSync(path)).toBe(true);
    await uploads.close();
  });
});

it('a failure names the file and never where it would have been kept', async () => {
  const uploads = await openUploads(parent);
  rmSync(uploads.folder, { recursive: true });
  writeFileSync(uploads.folder, 'in the way');
  const failed = await uploads.receive('lesion.jpg', new Uint8Array(3), 10, 'IMAGE_TOO_LARGE').catch(String);
  expect(failed).toContain('lesion.jpg could not be kept (ENOTDIR)');
  expect(failed).not.toContain(parent);
  rmSync(uploads.folder);
});

describe('what sessions left behind', () => {
  const made = (name: string, touched = new Date()) => {
    const folder = join(parent, name);
    mkdirSync(join(folder, 'x'), { recursive: true });
    utimesSync(folder, touched, touched);
    return folder;
  };
  const elsewhere = processTag().replace(/[^.]+$/, '00000000');

  it('is removed, and nothing of those that run', async () => {
    const old = new Date(Date.now() - 3_600_000);
    const gone = [
      made(`dermorbit-uploads-${processTag().replace(/\.\d+\./, '.1.')}-abcdef`),
      made('dermorbit-uploads-1-abcdef'),
      made(`dermorbit-uploads-${elsewhere}-silent`, old),
    ];
    const kept = [made(`dermorbit-uploads-${elsewhere}-alive`), made('something-else', old)];
    symlinkSync(kept[1]!, join(parent, 'dermorbit-uploads-1-link'));
    const own = await openUploads(parent);
    expect(gone.filter(existsSync).map((path) => basename(path))).toEqual([]);
    expect([...kept, own.folder].filter((path) => !existsSync(path))).toEqual([]);
    await removeAbandonedUploads(parent);
    expect(existsSync(own.folder)).toBe(true);
    await own.close();
    expect(existsSync(own.folder)).toBe(false);
  });
});
