// The folder that a reproduction works in: its own model store, runs, caches, what was measured, and how long each step took.
// It belongs to one set of settings; the same command goes on where it was stopped.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import { ModelStore } from '../../engine/store/store.ts';
import { writeFileAtomic } from '../../base/durable-files.ts';

const secondsSchema = z.record(z.string(), z.number());

export class WorkFolder {
  readonly path: string;
  readonly store: ModelStore;
  #seconds: Record<string, number>;

  private constructor(path: string, seconds: Record<string, number>) {
    this.path = path;
    this.store = new ModelStore({ bundled: join(path, 'none'), imported: join(path, 'models') });
    this.#seconds = seconds;
  }

  /**
   * Opens or begins the folder.
   * @param identity what every start must have in common, by name
   * @throws DermOrbitError RUN_MISMATCH naming what differs, WRITE_FAILED, DISK_FULL
   */
  static async open(path: string, identity: Readonly<Record<string, unknown>>): Promise<WorkFolder> {
    const file = join(path, 'reproduction.json');
    const before = await readJson(file);
    if (before === undefined) {
      await mkdir(path, { recursive: true }).catch((error: unknown) => {
        throw asDermOrbitError(error, 'WRITE_FAILED');
      });
      await writeFileAtomic(file, `${JSON.stringify(identity, null, 2)}\n`);
    } else {
      requireSame(path, before, identity);
    }
    const seconds = secondsSchema.safeParse(await readJson(join(path, 'seconds.json')));
    return new WorkFolder(path, seconds.data ?? {});
  }

  run(id: string): string {
    return join(this.path, 'runs', id);
  }

  /** Folder of the pixel caches, or the orbit cache of a group and a level, a file. */
  cache(orbits?: { readonly group: string; readonly level: string }): string {
    const folder = join(this.path, 'caches');
    return orbits ? join(folder, `${orbits.group}-${orbits.level}.orbits`) : folder;
  }

  /** How long a step took, over all starts; null: it was not begun. */
  seconds(id: string): number | null {
    return this.#seconds[id] ?? null;
  }

  /** Works, and adds up how long, however it ends. */
  async timed<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      const seconds = (this.seconds(id) ?? 0) + (performance.now() - start) / 1000;
      this.#seconds = { ...this.#seconds, [id]: seconds };
      await writeFileAtomic(join(this.path, 'seconds.json'), `${JSON.stringify(this.#seconds, null, 2)}\n`);
    }
  }
}

/** @returns undefined if there is no such file, null if it is no JSON */
async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function requireSame(path: string, found: unknown, wanted: Readonly<Record<string, unknown>>): void {
  const before = new Map(typeof found === 'object' && found !== null ? Object.entries(found) : []);
  const text = (name: string) => (before.has(name) ? JSON.stringify(before.get(name)) : 'absent');
  const list = Object.entries(wanted).flatMap(([name, value]) =>
    text(name) === JSON.stringify(value) ? [] : [`${name} was ${text(name)}, now ${JSON.stringify(value)}`],
  );
  if (list.length === 0) return;
  const message = `${path} holds another reproduction: ${list.join('; ')}. Choose another --work.`;
  throw new DermOrbitError('RUN_MISMATCH', message);
}
