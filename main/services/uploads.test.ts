import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { processTag } from '../base/process-tag.ts';
import { testApplication } from '../testing/application.ts';
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

/** A program that opens uploads, takes a picture, and goes on. */
async function session(): Promise<{ picture: string; kill: () => Promise<void> }> {
  const module = JSON.stringify(join(import.meta.dirname, 'uploads.ts'));
  const program = `const { openUploads } = await import(${module});
    const uploads = await openUploads(${JSON.stringify(parent)});
    console.log(await uploads.receive('patient.jpg', Buffer.from('a picture'), 100, 'IMAGE_TOO_LARGE'));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const kill = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return { picture: said.toString().trim(), kill };
}

describe('what starts next', () => {
  it('removes the pictures of sessions that were killed, and none of those that go on', async () => {
    const [dead, live] = [await session(), await session()];
    await dead.kill();
    // Of an earlier version, whose number belongs to another program now.
    mkdirSync(join(parent, 'dermorbit-uploads-1-Ab12cd'));
    writeFileSync(join(parent, 'dermorbit-uploads-1-Ab12cd', 'patient.jpg'), 'a picture');
    await removeAbandonedUploads(parent);
    expect([existsSync(dead.picture), existsSync(live.picture)]).toEqual([false, true]);
    await live.kill();
    await (await openUploads(parent)).close();
    expect(existsSync(live.picture)).toBe(false);
  });

  it('may be the command line', async () => {
    const { picture, kill } = await session();
    await kill();
    const entry = join(import.meta.dirname, '..', 'cli', 'dermorbit.ts');
    const env = { ...process.env, TMPDIR: parent, TEMP: parent, TMP: parent };
    const child = spawn(process.execPath, [entry, '--version'], { env, stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(existsSync(picture)).toBe(false);
  });
});

it('an application tells no path of its folder, whatever fails', async () => {
  const test = await testApplication();
  const folder = readdirSync(test.folder).find((name) => /^dermorbit-uploads-[^.]*$/.test(name)) ?? '';
  const answers: unknown[] = [await test.application.addUpload('bad.png', Buffer.from('no picture'))];
  const image = test.application.list.items().at(-1)?.id ?? '';
  await test.application.call('classify', { images: [image] }, { onEvent: (event) => answers.push(event) });
  for (const request of ['inspect', 'exportReport', 'copyText'] as const) {
    answers.push(await test.application.call(request, { image }).catch((error: unknown) => String(error)));
  }
  answers.push(test.application.list.items());
  rmSync(join(test.folder, folder), { recursive: true });
  writeFileSync(join(test.folder, folder), 'no folder');
  answers.push(
    await test.application.addUpload('a.png', Buffer.from('x')).catch((error: unknown) => String(error)),
  );
  expect(answers.at(-1)).toMatch(/a\.png could not be kept \(E[A-Z]+\)\.$/);
  expect(JSON.stringify(answers)).not.toContain(test.folder);
  rmSync(join(test.folder, folder));
  await test.close();
});
