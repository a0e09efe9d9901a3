// A file becomes bytes, once: checked for kind and size before it is read, hashed, and recognised by content. What its
// name says is only compared: programs and chat apps save WebP as .jpg, and every viewer opens that.
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { DermOrbitError } from '../contract/errors.ts';
import { claimedFormat, type ImageFormat } from '../contract/image-kinds.ts';
import type { NoteCode } from '../contract/notes.ts';
import { sniff } from './sniff.ts';

/** Larger files are refused unread. 50 megapixels of uncompressed 16-bit RGBA are 400 MB. */
const maximumBytes = 512 * 1024 * 1024;

/** The bytes of one image file, read once; nothing is decoded yet. */
export interface ImageFile {
  /** As the person gave it. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Of the bytes, in lower-case hexadecimal. */
  readonly sha256: string;
  /** What the content is, whatever the name says. */
  readonly format: ImageFormat;
  /** What is worth saying of the file itself. */
  readonly notes: readonly NoteCode[];
}

const contentNotes: Readonly<Record<ImageFormat, NoteCode>> = {
  jpeg: 'CONTENT_JPEG',
  png: 'CONTENT_PNG',
  tiff: 'CONTENT_TIFF',
  webp: 'CONTENT_WEBP',
  bmp: 'CONTENT_BMP',
};

/**
 * Reads an image file from disk, once.
 * @throws DermOrbitError IMAGE_NOT_FOUND, IMAGE_UNREADABLE (a folder, a device, no permission), IMAGE_EMPTY,
 *   IMAGE_TOO_LARGE (the file), the code of a kind of picture that is not read (IMAGE_HEIC, ...),
 *   IMAGE_UNRECOGNISED (no picture by its content), CANCELLED
 */
export async function readImageFile(
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<ImageFile> {
  const bytes = await readBytes(path, options.signal);
  const name = basename(path);
  if (bytes.length === 0) throw new DermOrbitError('IMAGE_EMPTY', `${name} holds 0 bytes.`);
  const content = sniff(bytes, path);
  if (!('format' in content)) {
    throw new DermOrbitError(content.code, `${name} looks like ${content.looksLike}.`);
  }
  const { format } = content;
  const claimed = claimedFormat(path);
  const notes = claimed === null || claimed === format ? [] : [contentNotes[format]];
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path, bytes, sha256, format, notes };
}

async function readBytes(path: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const name = basename(path);
  try {
    signal?.throwIfAborted();
    // Asked before opening: opening a named pipe would wait for a writer, forever.
    refuseKind(name, await stat(path));
    const handle = await open(path, 'r');
    try {
      // Asked again on the open file, which nobody can exchange any more.
      refuseKind(name, await handle.stat());
      return await handle.readFile(signal ? { signal } : {});
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw asImageError(thrown, path, signal);
  }
}

function refuseKind(name: string, stats: { isFile(): boolean; isDirectory(): boolean; size: number }): void {
  if (!stats.isFile()) {
    const kind = stats.isDirectory() ? 'a folder' : 'a device, pipe or socket';
    throw new DermOrbitError('IMAGE_UNREADABLE', `${name} is ${kind}, not a file.`);
  }
  if (stats.size > maximumBytes) {
    const megabytes = Math.round(stats.size / 1e6);
    throw new DermOrbitError('IMAGE_TOO_LARGE', `${name} is a file of ${megabytes} MB; the limit is 512 MB.`);
  }
}

/** What the system calls that mean "there is no such file". ENOTDIR: a part of the path is a file. */
const notFound: ReadonlySet<unknown> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ERR_INVALID_ARG_VALUE',
]);

function asImageError(thrown: unknown, path: string, signal: AbortSignal | undefined): DermOrbitError {
  if (thrown instanceof DermOrbitError) return thrown;
  const name = basename(path);
  if (signal?.aborted) {
    return new DermOrbitError('CANCELLED', `Reading ${name} was cancelled.`, { cause: thrown });
  }
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (notFound.has(code)) {
    return new DermOrbitError('IMAGE_NOT_FOUND', `There is no file ${path}.`, { cause: thrown });
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new DermOrbitError('IMAGE_UNREADABLE', `${name} could not be read: ${reason}.`, { cause: thrown });
}
