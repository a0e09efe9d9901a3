import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import type { Classified } from '../../contract/engine.ts';
import type { ProcessMessage } from '../../base/process/messages.ts';
import { isFailure } from '../../contract/record.ts';
import type { ProcessChild } from '../../base/process/child.ts';
import { forkProcess } from '../../base/process/fork.ts';
import { ScriptedChild } from '../../testing/scripted-child.ts';
import { startEngineProcess, type EngineProcess } from './client.ts';

const phantoms = join(import.meta.dirname, '../../../assets/phantoms');

let engine: EngineProcess | null = null;
afterEach(async () => {
  await engine?.close();
  engine = null;
});

it('answers from a process of its own, and refuses what the contract does not know', async () => {
  engine = startEngineProcess(forkProcess);
  const models = await engine.call('models', {});
  expect(models.map(({ id }) => id)).toContain('dermorbit-base');
  await expect(engine.call('model', { id: 'no-such-model' })).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
  });
  await expect(engine.call('turnTest', { path: 'x.jpg', step: 0 })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

const failure = (path: string) => ({
  image: { path },
  error: { code: 'IMAGE_EMPTY' as const, title: 'Empty file', message: 'no bytes', action: 'copy again' },
});

it('goes on behind the file at which the engine died', async () => {
  const asked: string[][] = [];
  engine = startEngineProcess(
    () =>
      new ScriptedChild((request, child) => {
        if (request.kind !== 'call') return;
        const { paths } = request.input as { paths: string[] };
        asked.push(paths);
        setImmediate(() => {
          for (const [index, path] of paths.entries()) {
            if (path === 'deadly.jpg') {
              child.die('signal SIGKILL');
              return;
            }
            child.reply({ kind: 'event', id: request.id, event: { index, record: failure(path) } });
          }
          child.reply({ kind: 'result', id: request.id, output: { classified: 0, failed: paths.length } });
        });
      }),
  );
  const states: string[] = [];
  engine.watch(({ state, restarts }) => states.push(`${state} ${restarts}`));
  const seen: Classified[] = [];
  const paths = ['a.jpg', 'deadly.jpg', 'b.jpg', 'deadly.jpg', 'c.jpg'];
  const counts = await engine.call('classify', { paths }, { onEvent: (event) => seen.push(event) });
  expect(counts).toEqual({ classified: 0, failed: 5 });
  expect(seen.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  expect(seen.map(({ record }) => isFailure(record) && `${record.image.path} ${record.error.code}`)).toEqual([
    'a.jpg IMAGE_EMPTY',
    'deadly.jpg ENGINE_STOPPED',
    'b.jpg IMAGE_EMPTY',
    'deadly.jpg ENGINE_STOPPED',
    'c.jpg IMAGE_EMPTY',
  ]);
  // Asked again alone, to be sure, before it is given up.
  const alone = ['deadly.jpg'];
  expect(asked).toEqual([paths, alone, ['b.jpg', 'deadly.jpg', 'c.jpg'], alone, ['c.jpg']]);
  expect(engine.state()).toMatchObject({ restarts: 4, message: 'The engine process ended: signal SIGKILL.' });
  expect(states).toContain('starting 1');
});

/** An engine that dies at a file as soon as it begins to prepare it, some files ahead of its turn. */
function preparing(request: ProcessMessage, child: ScriptedChild, ahead: number): void {
  if (request.kind !== 'call') return;
  const { paths } = request.input as { paths: string[] };
  setImmediate(() => {
    for (const [index, path] of paths.entries()) {
      if (paths.slice(index, index + ahead + 1).includes('deadly.jpg')) {
        child.die('signal SIGSEGV');
        return;
      }
      child.reply({ kind: 'event', id: request.id, event: { index, record: failure(path) } });
    }
    child.reply({ kind: 'result', id: request.id, output: { classified: 0, failed: paths.length } });
  });
}

it('blames the file that kills the engine, not those before it', async () => {
  engine = startEngineProcess(
    () =>
      new ScriptedChild((request, child) => {
        preparing(request, child, 2);
      }),
  );
  const seen: Classified[] = [];
  const paths = ['a.jpg', 'b.jpg', 'c.jpg', 'deadly.jpg', 'd.jpg', 'e.jpg'];
  await engine.call('classify', { paths }, { onEvent: (event) => seen.push(event) });
  expect(seen.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(seen.map(({ record }) => isFailure(record) && record.error.code)).toEqual([
    ...['IMAGE_EMPTY', 'IMAGE_EMPTY', 'IMAGE_EMPTY', 'ENGINE_STOPPED', 'IMAGE_EMPTY', 'IMAGE_EMPTY'],
  ]);
});

it('waits for an engine that is killed four times before it is ready', async () => {
  let started = 0;
  engine = startEngineProcess(() => {
    const child = new ScriptedChild((request, self) => {
      // The dead hear nothing.
      if (dies) return;
      preparing(request, self, 0);
    });
    const dies = ++started <= 4;
    if (dies) {
      queueMicrotask(() => {
        child.die('signal SIGKILL');
      });
    }
    return child;
  });
  const seen: Classified[] = [];
  await engine.call('classify', { paths: ['a.jpg', 'b.jpg'] }, { onEvent: (event) => seen.push(event) });
  expect(seen.map(({ record }) => isFailure(record) && record.error.code)).toEqual([
    'IMAGE_EMPTY',
    'IMAGE_EMPTY',
  ]);
  expect(started).toBe(5);
  expect(engine.state().state).toBe('ready');
});

it('gives up on an engine that never comes up', async () => {
  let started = 0;
  engine = startEngineProcess(() => {
    started++;
    const child = new ScriptedChild(() => undefined);
    queueMicrotask(() => {
      child.die('exit code 1');
    });
    return child;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(engine.state().state).toBe('starting');
  // After the first few at once it is tried less and less often.
  expect(started).toBeLessThanOrEqual(4);
  const seen: Classified[] = [];
  const batch = engine.call('classify', { paths: ['a.jpg'] }, { onEvent: (event) => seen.push(event) });
  await expect(batch).rejects.toMatchObject({ code: 'ENGINE_ABSENT' });
  expect(seen).toEqual([]);
  expect(engine.state()).toEqual({
    state: 'stopped',
    restarts: 5,
    message: 'The engine process ended: exit code 1.',
  });
  await expect(engine.call('models', {})).rejects.toMatchObject({
    code: 'ENGINE_ABSENT',
    message: 'The engine process ended: exit code 1.',
  });
});

it(
  'really killed while it starts and in the middle of a batch, it comes back, and no image is lost',
  { timeout: 240_000 },
  async () => {
    const children: ProcessChild[] = [];
    engine = startEngineProcess((program) => {
      const child = forkProcess(program);
      children.push(child);
      // A process of Node takes longer than this to load the engine.
      if (children.length <= 4)
        setTimeout(() => {
          child.kill();
        }, 15);
      return child;
    });
    const states: string[] = [];
    engine.watch(({ state, restarts }) => states.push(`${state} ${restarts}`));
    const paths = readdirSync(phantoms)
      .filter((name) => name.endsWith('.jpg'))
      .slice(0, 3)
      .map((name) => join(phantoms, name));
    const seen: Classified[] = [];
    const counts = await engine.call(
      'classify',
      { paths },
      {
        onEvent: (event) => {
          seen.push(event);
          if (seen.length === 1) children.at(-1)?.kill();
        },
      },
    );
    expect(counts).toEqual({ classified: paths.length, failed: 0 });
    expect(seen.map(({ index, record }) => [index, record.image.path])).toEqual([...paths.entries()]);
    expect(states.filter((state) => !state.startsWith('starting'))).toEqual(['ready 4', 'ready 5']);
  },
);

it('is started at once where a person asks, and takes up its work', async () => {
  let working = false;
  const answer = (request: ProcessMessage, child: ScriptedChild): void => {
    if (working && request.kind === 'call') child.reply({ kind: 'result', id: request.id, output: [] });
  };
  let started = 0;
  engine = startEngineProcess(() => {
    started++;
    const child = new ScriptedChild(answer);
    if (!working)
      queueMicrotask(() => {
        child.die('exit code 1');
      });
    return child;
  });
  await expect(engine.call('models', {})).rejects.toMatchObject({ code: 'ENGINE_ABSENT' });
  const before = started;
  working = true;
  engine.restart();
  expect(started).toBe(before + 1);
  expect(await engine.call('models', {})).toEqual([]);
  await vi.waitFor(() => {
    expect(engine?.state().state).toBe('ready');
  });
  // One that runs is ended first; what it was at is asked again by whoever batches.
  engine.restart();
  expect(engine.state()).toMatchObject({ state: 'starting', message: /was asked to start again/ });
  expect(await engine.call('models', {})).toEqual([]);
});

/** An engine that goes deaf at some files, and says beforehand how long it may be. */
function deafAt(deaf: readonly string[], request: ProcessMessage, child: ScriptedChild): void {
  if (request.kind !== 'call') return;
  const { paths } = request.input as { paths: string[] };
  setImmediate(() => {
    for (const [index, path] of paths.entries()) {
      child.reply({ kind: 'notice', notice: { kind: 'deaf', limit: 30 } });
      if (deaf.includes(path)) return;
      child.reply({ kind: 'notice', notice: { kind: 'hearing' } });
      child.reply({ kind: 'event', id: request.id, event: { index, record: failure(path) } });
    }
    child.reply({ kind: 'result', id: request.id, output: { classified: 0, failed: paths.length } });
  });
}

it('is ended when a computation overstays; the file is tried once more, and its neighbours go on', async () => {
  const asked: string[][] = [];
  engine = startEngineProcess(
    () =>
      new ScriptedChild((request, child) => {
        if (request.kind === 'call') asked.push((request.input as { paths: string[] }).paths);
        deafAt(['deaf.jpg'], request, child);
      }),
  );
  const seen: Classified[] = [];
  const paths = ['a.jpg', 'deaf.jpg', 'b.jpg', 'c.jpg'];
  const counts = await engine.call('classify', { paths }, { onEvent: (event) => seen.push(event) });
  expect(counts).toEqual({ classified: 0, failed: 4 });
  expect(seen.map(({ record }) => isFailure(record) && record.error.code)).toEqual([
    ...['IMAGE_EMPTY', 'ENGINE_OVERSTAYED', 'IMAGE_EMPTY', 'IMAGE_EMPTY'],
  ]);
  expect(asked).toEqual([paths, ['deaf.jpg'], ['b.jpg', 'c.jpg']]);
});

it('that overstays at one file after the other ends the batch: the rest is not tried for hours', async () => {
  engine = startEngineProcess(
    () =>
      new ScriptedChild((request, child) => {
        deafAt(['b.jpg', 'c.jpg', 'd.jpg', 'e.jpg'], request, child);
      }),
  );
  const seen: Classified[] = [];
  const paths = ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'e.jpg'];
  const batch = engine.call('classify', { paths }, { onEvent: (event) => seen.push(event) });
  await expect(batch).rejects.toMatchObject({ code: 'ENGINE_OVERSTAYED' });
  expect(seen.map(({ record }) => record.image.path)).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
});

it('passes a cancellation on', async () => {
  const children: ScriptedChild[] = [];
  engine = startEngineProcess(() => {
    const child = new ScriptedChild((request, self) => {
      if (request.kind !== 'cancel') return;
      const error = { code: 'CANCELLED' as const, title: 'Cancelled', message: 'cancelled', action: 'again' };
      self.reply({ kind: 'error', id: request.id, error });
    });
    children.push(child);
    return child;
  });
  const controller = new AbortController();
  const running = engine.call('classify', { paths: ['a.jpg'] }, { signal: controller.signal });
  controller.abort();
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(children[0]!.sent.map(({ kind }) => kind)).toEqual(['call', 'cancel']);
});
