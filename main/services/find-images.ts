// Paths that a person dropped or chose -> the image files they mean: files as they are, folders walked.
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { asDermOrbitError, DermOrbitError, type ErrorRecord } from '../contract/errors.ts';
import { claimedFormat } from '../imaging/formats.ts';

/** One step of the search: an image, a file passed over, or a path that cannot be used. */
export type FoundStep =
  | { readonly kind: 'image'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'error'; readonly name: string; readonly error: ErrorRecord };

/**
 * Files are taken whatever their name (their content is judged when they are read); in folders, sub-folders
 * included, only files named as images. Hidden entries and links to folders are passed over, so that the walk ends.
 */
export async function* findImages(paths: readonly string[], signal?: AbortSignal): AsyncGenerator<FoundStep> {
  for (const given of paths) {
    const path = resolve(given);
    try {
      const stats = await stat(path);
      if (stats.isDirectory()) {
        let images = 0;
        for await (const step of walk(path, signal)) {
          if (step.kind === 'image') images++;
          yield step;
        }
        if (images === 0) throw new DermOrbitError('NO_IMAGES', `${path} holds no images.`);
      } else {
        yield { kind: 'image', path, bytes: stats.size };
      }
    } catch (thrown) {
      const error = missing(thrown)
        ? new DermOrbitError('IMAGE_NOT_FOUND', `There is no file ${path}.`, { cause: thrown })
        : asDermOrbitError(thrown, 'IMAGE_UNREADABLE');
      if (error.code === 'CANCELLED') throw error;
      yield { kind: 'error', name: basename(path), error: error.toRecord() };
    }
  }
}

async function* walk(folder: string, signal?: AbortSignal): AsyncGenerator<FoundStep> {
  signal?.throwIfAborted();
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      yield* walk(path, signal);
    } else if (claimedFormat(entry.name) === null) {
      yield { kind: 'ignored' };
    } else {
      const stats = await stat(path).catch(() => null);
      if (stats?.isFile() === true) yield { kind: 'image', path, bytes: stats.size };
    }
  }
}

function missing(thrown: unknown): boolean {
  return (
    thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')
  );
}
