// Files that come as bytes (dropped on the browser page, or pasted): kept in a private temporary folder for as
// long as the app runs. Folders of runs that ended without tidying up are removed at the next start.
import { createWriteStream, mkdtempSync } from 'node:fs';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isOwnerGone, keepFresh, processTag } from '../base/process-tag.ts';
import type { ErrorCode } from '../contract/error-texts/table.ts';
import { asDermOrbitError, DermOrbitError } from '../contract/errors.ts';
import { newId } from '../base/ids.ts';

const prefix = 'dermorbit-uploads-';

export interface Uploads {
  readonly folder: string;
  /**
   * Takes a file's bytes into the folder and returns its path. The name is only a label: it is reduced to a plain
   * file name, in a folder of its own.
   * @throws DermOrbitError with code `tooLarge` beyond `limit` bytes, DISK_FULL, WRITE_FAILED; nothing is left then
   */
  receive(name: string, body: Readable | Uint8Array, limit: number, tooLarge: ErrorCode): Promise<string>;
  /** A new, empty folder for a labelled folder that is uploaded file by file; returns its path. */
  newFolder(name: string): Promise<string>;
  /**
   * Takes a file's bytes into such a folder, under its path in there. Every component is reduced to a plain name.
   * @throws DermOrbitError as receive; IMAGE_OUTSIDE_FOLDER if the folder is none of those
   */
  receiveInto(folder: string, path: string, body: Readable, limit: number): Promise<void>;
  /** A text for people, in which a path into the folder is only the file's name. */
  conceal(text: string): string;
  /** Deletes one received file. */
  remove(path: string): Promise<void>;
  close(): Promise<void>;
}

export async function openUploads(parent = tmpdir()): Promise<Uploads> {
  await removeAbandonedUploads(parent);
  // mkdtemp makes the folder readable by this user only (mode 0700).
  const folder = mkdtempSync(join(parent, `${prefix}${processTag()}-`));
  const stopTouching = keepFresh(folder);
  return {
    folder,
    receive: async (name, body, limit, tooLarge) => {
      const own = join(folder, newId());
      try {
        await write(own, plainName(name), body, limit, tooLarge);
      } catch (thrown) {
        await rm(own, { recursive: true, force: true }).catch(() => undefined);
        throw thrown;
      }
      return join(own, plainName(name));
    },
    newFolder: async (name) => {
      const own = join(folder, newId(), plainName(name));
      await mkdir(own, { recursive: true, mode: 0o700 });
      return own;
    },
    receiveInto: async (target, relative, body, limit) => {
      const parts = relative.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..');
      if (!target.startsWith(folder + sep) || parts.length === 0) {
        throw new DermOrbitError('IMAGE_OUTSIDE_FOLDER', `${plainName(relative)} belongs to no upload.`);
      }
      const names = parts.map(plainName);
      const file = names.pop() ?? '';
      await write(join(target, ...names), file, body, limit, 'IMAGE_TOO_LARGE');
    },
    remove: async (path) => {
      if (path.startsWith(folder + sep)) await rm(join(path, '..'), { recursive: true, force: true });
    },
    conceal: (text) =>
      text
        .split(folder + sep)
        // What follows is the random folder of an upload, and then its name.
        .map((part, place) => (place === 0 ? part : part.slice(part.indexOf(sep) + 1)))
        .join(''),
    close: async () => {
      stopTouching();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Writes a file of at most `limit` bytes; nothing of a larger one stays. */
async function write(
  folder: string,
  name: string,
  body: Readable | Uint8Array,
  limit: number,
  tooLarge: ErrorCode,
): Promise<void> {
  const path = join(folder, name);
  let received = 0;
  const meter = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      received += chunk.length;
      if (received <= limit) done(null, chunk);
      else done(new DermOrbitError(tooLarge, `${name} is larger than ${limit / 1e6} MB.`));
    },
  });
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const source = body instanceof Readable ? body : Readable.from([body]);
    await pipeline(source, meter, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  } catch (thrown) {
    await rm(path, { force: true }).catch(() => undefined);
    throw uploadError(name, thrown);
  }
}

/** What a system error says names our folder, which is no business of the page: only its code is passed on. */
function uploadError(name: string, thrown: unknown): DermOrbitError {
  const known = asDermOrbitError(thrown, 'WRITE_FAILED');
  const system =
    thrown instanceof Error && 'syscall' in thrown && 'code' in thrown ? String(thrown.code) : null;
  if (system === null) return known;
  return new DermOrbitError(known.code, `${name} could not be kept (${system}).`, { cause: thrown });
}

/** Bytes of a file's name that every file system takes, with room for what encrypted ones add. */
const longestName = 140;

/** A name that is one plain component of a path on every platform, with its extension kept. */
export function plainName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .toWellFormed()
    .replaceAll(/[\u0000-\u001f\u007f<>:"|?*]/g, '_')
    .replace(/^\.+/, '')
    .replace(/[. ]+$/, '');
  return plain === '' ? 'unnamed' : endOf(plain, longestName);
}

/** The end of a text in at most so many bytes of UTF-8, cut between characters. */
function endOf(text: string, most: number): string {
  let [end, bytes] = ['', 0];
  for (const character of Array.from(text).reverse()) {
    bytes += Buffer.byteLength(character);
    if (bytes > most) break;
    end = character + end;
  }
  return end;
}

/**
 * Removes what sessions left behind that ended without tidying up: pictures of patients must not outlive them.
 * Called at every start of the application and of the command line. What a running session has is never touched.
 */
export async function removeAbandonedUploads(parent = tmpdir()): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const path = join(parent, name);
    const found = await lstat(path).catch(() => null);
    // Of another user's folder nothing is asked and nothing removed; a link is none of ours.
    if (!found?.isDirectory() || (process.getuid && found.uid !== process.getuid())) continue;
    const tag = name.slice(prefix.length).split('-')[0] ?? '';
    if (isOwnerGone(tag, found.mtimeMs)) {
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}
