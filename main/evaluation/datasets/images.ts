// The images of a folder, by path and by name: walked once, links never followed, so that whatever the index
// holds lies inside the folder. Files that are no images are listed apart; hidden ones are not.
import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { DermOrbitError } from '../../contract/errors.ts';
import { claimedUnread } from '../../contract/image-kinds.ts';
import { skip, type Skipped } from '../../contract/skipped.ts';
import { judgeFile } from '../../imaging/judge.ts';

/** More files than any public set of skin images has; a whole disk chosen by mistake has more. */
const maximumImages = 1_000_000;
const maximumDepth = 16;

/** The images of a folder and of the folders in it, in the order of their paths. */
export interface ImageIndex {
  /** Absolute path of the folder. */
  readonly root: string;
  /** Path inside the folder, with `/`, to absolute path. */
  readonly byPath: ReadonlyMap<string, string>;
  /** File name without extension to paths inside the folder: more than one where names repeat. */
  readonly byStem: ReadonlyMap<string, readonly string[]>;
  /** Paths of symbolic links: not followed, wherever they lead. */
  readonly links: readonly string[];
  /** Pictures that are not read, and other files, text files apart: those are labels and notes. */
  readonly skipped: readonly Skipped[];
}

/**
 * Lists the images of a folder.
 * @throws DermOrbitError DATASET_NOT_FOUND (no such folder, no permission), DATASET_TOO_LARGE, CANCELLED
 */
export async function indexImages(root: string, signal?: AbortSignal): Promise<ImageIndex> {
  const found: string[] = [];
  const links: string[] = [];
  const skipped: Skipped[] = [];
  await walk(root, '', 0, { found, links, skipped }, signal);
  found.sort(byCodeUnits);
  const byStem = new Map<string, string[]>();
  for (const path of found) {
    const stem = stemOf(path);
    const others = byStem.get(stem);
    if (others) others.push(path);
    else byStem.set(stem, [path]);
  }
  return { root, byPath: new Map(found.map((path) => [path, join(root, path)])), byStem, links, skipped };
}

/** File name without folder and extension. */
export function stemOf(path: string): string {
  return basename(path, extname(path));
}

/** An order that is the same in every language setting. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * A path of a label file as a key of {@link ImageIndex.byPath}: with `/`, without `.` and empty parts.
 * Null if it is absolute or leads out of the folder.
 */
export function pathInside(text: string): string | null {
  const slashed = text.replaceAll('\\', '/');
  if (slashed.startsWith('/') || /^[a-z]:/i.test(slashed) || slashed.includes('\0')) return null;
  const parts: string[] = [];
  for (const part of slashed.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.length > 0 ? parts.join('/') : null;
}

async function walk(
  root: string,
  inside: string,
  depth: number,
  lists: { readonly found: string[]; readonly links: string[]; readonly skipped: Skipped[] },
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal?.aborted) throw new DermOrbitError('CANCELLED', `Listing ${root} was cancelled.`);
  for (const entry of await entriesOf(join(root, inside))) {
    if (entry.name.startsWith('.')) continue;
    const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) {
      if (depth === maximumDepth) {
        throw new DermOrbitError('DATASET_TOO_LARGE', `${path} lies more than ${maximumDepth} folders deep.`);
      }
      await walk(root, path, depth + 1, lists, signal);
    } else if (entry.isSymbolicLink()) {
      lists.links.push(path);
    } else if (entry.isFile()) {
      const refusal = await judgeFile(join(root, path));
      if (refusal !== null) {
        // Tables and notes are no images, and an empty file is one only if its name says so.
        const meant =
          refusal.code === 'IMAGE_EMPTY' ? claimedUnread(path) !== null : refusal.code !== 'TEXT_FILE';
        if (meant) lists.skipped.push(skip(path, refusal.code, refusal.message));
      } else if (lists.found.push(path) > maximumImages) {
        throw new DermOrbitError('DATASET_TOO_LARGE', `${root} holds more than ${maximumImages} images.`);
      }
    }
  }
}

/**
 * What a folder holds.
 * @throws DermOrbitError DATASET_NOT_FOUND
 */
export async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new DermOrbitError('DATASET_NOT_FOUND', `${folder} could not be listed: ${reason}.`, {
      cause: thrown,
    });
  }
}
