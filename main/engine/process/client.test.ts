import { afterEach, expect, it } from 'vitest';
import type { Classified } from '../../contract/engine.ts';
import type { ProcessRequest } from '../../contract/process.ts';
import { isFailure } from '../../contract/record.ts';
import { forkProcess } from '../../base/process/fork.ts';
import { ScriptedChild } from '../../testing/scripted-child.ts';
import { startEngineProcess, type EngineProcess } from './client.ts';

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
            child.reply({ kind: 'event', call: request.call, event: { index, record: failure(path) } });
          }
          child.reply({ kind: 'done', call: request.call, output: { classified: 0, failed: paths.length } });
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
function preparing(request: ProcessRequest, child: ScriptedChild, ahead: number): void {
  if (request.kind !== 'call') return;
  const { paths } = request.input as { paths: string[] };
  setImmediate(() => {
    for (const [index, path] of paths.entries()) {
      if (paths.slice(index, index + ahead + 1).includes('deadly.jpg')) {
        child.die('signal SIGSEGV');
        return;
      }
      child.reply({ kind: 'event', call: request.call, event: { index, record: failure(path) } });
    }
    child.reply({ kind: 'done', call: request.call, output: { classified: 0, failed: paths.length } });
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
  expect(engine.state().state).toBe('stopped');
  expect(started).toBeLessThanOrEqual(4);
  await expect(engine.call('models', {})).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
});

it('passes a cancellation on', async () => {
  const children: ScriptedChild[] = [];
  engine = startEngineProcess(() => {
    const child = new ScriptedChild((request, self) => {
      if (request.kind !== 'cancel') return;
      const error = { code: 'CANCELLED' as const, title: 'Cancelled', message: 'cancelled', action: 'again' };
      self.reply({ kind: 'failed', call: request.call, error });
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
