// What unfinished evaluations were asked for: noted, listed, removed with what was measured for them alone.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { evaluateTaskSchema } from '../../contract/jobs.ts';
import { listRequests, noteRequest, readRequest, removeRequest, requestFile } from './unfinished.ts';

const task = evaluateTaskSchema.parse({
  models: ['m'],
  source: { images: '/images', labels: null, lesions: null },
  choices: { groups: ['c4'], methods: ['lambda'] },
  options: { angleStep: 30 },
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dermorbit-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const file = (id: string) => requestFile(folder, id);
function journal(name: string): string {
  writeFileSync(join(folder, name), '{}\n');
  return join(folder, name);
}

it('are what was asked for first, with every journal that came to it', async () => {
  await noteRequest(file('a'), task, journal('m-1.jsonl'));
  const { asked } = await readRequest(file('a'));
  await noteRequest(file('a'), task, journal('n-2.jsonl'));
  await noteRequest(file('a'), task, journal('m-1.jsonl'));
  expect(await readRequest(file('a'))).toEqual({
    schema: 1,
    asked,
    task,
    journals: ['m-1.jsonl', 'n-2.jsonl'],
  });
});

it('go with their journals, but not with those that another one goes on from', async () => {
  await noteRequest(file('a'), task, journal('shared-1.jsonl'));
  await noteRequest(file('a'), task, journal('own-2.jsonl'));
  await noteRequest(file('b'), task, journal('shared-1.jsonl'));
  journal('of-the-command-line-3.jsonl');
  await removeRequest(file('a'));
  expect(readdirSync(folder).sort()).toEqual([
    'b.request.json',
    'of-the-command-line-3.jsonl',
    'shared-1.jsonl',
  ]);
  await removeRequest(file('b'));
  await removeRequest(file('b'));
  expect(readdirSync(folder)).toEqual(['of-the-command-line-3.jsonl']);
});

it('are listed where they can be read, and never name a file elsewhere', async () => {
  const whole = { schema: 1, asked: '2026-01-01T00:00:00.000Z', task, journals: ['m-1.jsonl'] };
  const write = (name: string, content: unknown) => {
    writeFileSync(join(folder, name), JSON.stringify(content));
  };
  write('old.request.json', whole);
  write('new.request.json', { ...whole, asked: '2026-02-01T00:00:00.000Z' });
  const damaged: Record<string, unknown> = {
    'outside.request.json': { ...whole, journals: ['../settings.jsonl'] },
    'other.request.json': { ...whole, journals: ['settings.json'] },
    'without.request.json': { ...whole, task: { ...task, source: null } },
    'later.request.json': { ...whole, schema: 2 },
  };
  for (const [name, content] of Object.entries(damaged)) {
    write(name, content);
    await expect(readRequest(join(folder, name))).rejects.toMatchObject({ code: 'EVALUATION_INVALID' });
  }
  writeFileSync(join(folder, 'torn.request.json'), '{"schema":1');
  expect((await listRequests(folder)).map(({ id }) => id)).toEqual(['new', 'old']);
  expect(await listRequests(join(folder, 'nowhere'))).toEqual([]);
  const outside = join(folder, '..', 'settings.jsonl');
  expect(existsSync(outside)).toBe(false);
  await removeRequest(file('outside'));
  expect(existsSync(file('outside'))).toBe(false);
  await expect(readRequest(file('gone'))).rejects.toMatchObject({ code: 'EVALUATION_NOT_FOUND' });
});
