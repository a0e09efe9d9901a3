// Paths that a person dropped or chose -> the image files they mean, with what cannot be used reported beside them.
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Addition } from '../contract/application.ts';
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import type { Skipped } from '../contract/skipped.ts';
import { listImages } from '../imaging/list.ts';

export interface FoundImages {
  /** Absolute paths, each once; bytes is 0 for a file that cannot be looked at (its reading will say why). */
  readonly found: { readonly path: string; readonly bytes: number }[];
  readonly errors: Addition['errors'];
  /** What else was left out; links and their like, which are among the errors, are not. */
  readonly skipped: readonly Skipped[];
}

/**
 * Files as they are, folders walked (see main/imaging/list.ts); each path by itself, so that one empty folder
 * spoils nothing.
 * @throws DermOrbitError CANCELLED
 */
export async function findImages(paths: readonly string[], signal?: AbortSignal): Promise<FoundImages> {
  const files = new Set<string>();
  const errors: Addition['errors'] = [];
  const skipped: Skipped[] = [];
  const told: ReadonlySet<string> = new Set(['IMAGE_LINK', 'IMAGE_UNREADABLE']);
  for (const path of paths) {
    try {
      const list = await listImages([resolve(path)], signal === undefined ? {} : { signal });
      for (const file of list.files) files.add(file);
      for (const { path: passed, message } of list.notes) {
        const error = new DermOrbitError('IMAGE_UNREADABLE', `${passed} ${message}.`).toRecord();
        errors.push({ name: basename(passed), error });
      }
      skipped.push(...list.skipped.filter(({ code }) => !told.has(code)));
    } catch (thrown) {
      const error = asDermOrbitError(thrown, 'IMAGE_UNREADABLE');
      if (error.code === 'CANCELLED') throw error;
      errors.push({ name: basename(path), error: error.toRecord() });
    }
  }
  const found = await Promise.all([...files].map(async (path) => ({ path, bytes: await sizeOf(path) })));
  return { found, errors, skipped };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
