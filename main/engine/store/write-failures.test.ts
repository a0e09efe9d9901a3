// The disk fails during an import, at every write it makes: the person is told in terms of the disk, and nothing is
// left behind. The file system is the real one, with one operation that fails on command.
import { rmSync, writeFileSync } from 'node:fs';
import type * as FileSystem from 'node:fs/promises';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { temporaryStore } from '../../testing/model-store.ts';
import { smallImport } from '../../testing/random-model.ts';
import { importModel } from './import.ts';

type Operation = 'mkdir' | 'open' | 'writeFile' | 'sync' | 'rename';

const disk = vi.hoisted(() => ({
  /** Calls so far, by operation. */
  calls: { mkdir: 0, open: 0, writeFile: 0, sync: 0, rename: 0 },
  failing: null as null | { operation: string; call: number; code: string },
}));

function failed(operation: Operation): boolean {
  const call = ++disk.calls[operation];
  return disk.failing?.operation === operation && disk.failing.call === call;
}

/** What Node throws when a system call fails. */
function systemError(syscall: string): Error {
  const code = disk.failing!.code;
  return Object.assign(new Error(`${code}: made up by the test, ${syscall}`), { code, syscall, errno: -1 });
}

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof FileSystem>();
  const guarded =
    <A extends unknown[], R>(operation: Operation, action: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (failed(operation)) throw systemError(operation);
      return action(...args);
    };
  return {
    ...real,
    mkdir: guarded('mkdir', real.mkdir),
    rename: guarded('rename', real.rename),
    open: guarded('open', async (...args: Parameters<typeof real.open>) => {
      const handle = await real.open(...args);
      const writeFile = handle.writeFile.bind(handle);
      const sync = handle.sync.bind(handle);
      handle.writeFile = async (data, options) => {
        // A disk that fills up has taken a part of the bytes already.
        if (failed('writeFile')) {
          await writeFile('half');
          throw systemError('write');
        }
        await writeFile(data, options);
      };
      handle.sync = guarded('sync', sync);
      return handle;
    }),
  };
});

const temporary = temporaryStore();
const request = smallImport(temporary, { id: 'new' });
afterEach(() => {
  disk.failing = null;
  for (const operation of Object.keys(disk.calls) as Operation[]) disk.calls[operation] = 0;
});
afterAll(() => {
  temporary.remove();
});

const table: readonly (readonly [operation: Operation, call: number, code: string, expected: string])[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((call) => ['writeFile', call, 'ENOSPC', 'DISK_FULL'] as const),
  ['mkdir', 1, 'ENOSPC', 'DISK_FULL'],
  ['mkdir', 1, 'EROFS', 'WRITE_FAILED'],
  ['mkdir', 1, 'EACCES', 'WRITE_FAILED'],
  ['open', 1, 'EMFILE', 'WRITE_FAILED'],
  ['open', 3, 'EACCES', 'WRITE_FAILED'],
  ['writeFile', 10, 'EIO', 'WRITE_FAILED'],
  ['sync', 2, 'EIO', 'WRITE_FAILED'],
  ['sync', 10, 'ENOSPC', 'DISK_FULL'],
  ['rename', 1, 'EACCES', 'WRITE_FAILED'],
  ['rename', 1, 'ENOSPC', 'DISK_FULL'],
];

it.each(table)('%s number %i fails with %s: %s', async (operation, call, code, expected) => {
  disk.failing = { operation, call, code };
  await expect(importModel(temporary.store, request)).rejects.toMatchObject({
    name: 'DermOrbitError',
    code: expected,
    message: expect.stringContaining(code) as unknown,
  });
  expect(temporary.imported()).toEqual([]);
});

it('makes ten writes, so that the rows above fail each of them once, and succeeds on a disk that works', async () => {
  await importModel(temporary.store, request);
  expect(disk.calls).toMatchObject({ writeFile: 10, sync: 10, rename: 1 });
  expect(temporary.imported()).toEqual(['new']);
  rmSync(temporary.folders.imported, { recursive: true });
});

it('the imports folder is a file', async () => {
  writeFileSync(temporary.folders.imported, 'in the way');
  await expect(importModel(temporary.store, request)).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  rmSync(temporary.folders.imported);
});
