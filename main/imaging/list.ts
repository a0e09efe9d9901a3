// Files and folders, as a person names them, become a list of files in a stable, natural order, and a list of all that
// was left out, with why.
import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join, sep } from 'node:path';
import { DermOrbitError } from '../contract/errors.ts';
import { claimedFormat } from '../contract/image-kinds.ts';
import {
  groupSkipped,
  skippedStep,
  skip,
  someNames,
  type SkipCode,
  type Skipped,
} from '../contract/skipped.ts';
import { judgeFile } from './judge.ts';

/** A link, folder or device that was passed over, in words. */
interface ListNote {
  readonly path: string;
  readonly message: string;
}

export interface ImageList {
  /** Each file once, in the order of the given paths; inside a folder in natural order (2 before 10). */
  readonly files: string[];
  readonly notes: ListNote[];
  /** Everything inside named folders that was left out, those of the notes included, in the order it was met. */
  readonly skipped: Skipped[];
}

/** Archive leftovers of macOS: resource forks under image names. */
const ignoredFolders: ReadonlySet<string> = new Set(['__MACOSX']);

const collator = new Intl.Collator('en', { numeric: true });

interface Walk {
  readonly files: Set<string>;
  readonly notes: ListNote[];
  readonly skipped: Skipped[];
  readonly signal: AbortSignal | undefined;
}

/**
 * The image files that paths stand for. A named file is kept whatever its extension, and even if it does not
 * exist: its failure belongs into the results, in its place. A folder gives the files that are pictures by name or
 * content, recursively; hidden ones are left out. Links inside a folder are followed only to files, and only to
 * files inside that folder.
 * @throws DermOrbitError NO_IMAGES if there is nothing at all to classify, CANCELLED
 */
export async function listImages(
  paths: readonly string[],
  options: { signal?: AbortSignal } = {},
): Promise<ImageList> {
  const walk: Walk = { files: new Set(), notes: [], skipped: [], signal: options.signal };
  for (const path of paths) {
    refuseAborted(walk);
    const found = await stat(path).catch(() => null);
    if (!found?.isDirectory()) {
      walk.files.add(path);
      continue;
    }
    const before = walk.files.size;
    await walkFolder(path, await realpath(path), walk);
    if (walk.files.size === before) walk.notes.push({ path, message: 'holds no further images' });
  }
  const files = [...walk.files];
  if (files.length === 0) throw noImages(paths, walk);
  return { files, notes: walk.notes, skipped: walk.skipped };
}

/** Says what the folders hold instead, and what can be done with the most frequent kind of it. */
function noImages(paths: readonly string[], { skipped }: Walk): DermOrbitError {
  if (paths.length === 0) return new DermOrbitError('NO_IMAGES', 'No file or folder was named.');
  const groups = groupSkipped(skipped);
  const found = groups.map((group) => `${group.text} (${someNames(group)})`);
  const pictures = groups.filter(({ code }) => code !== 'TEXT_FILE' && code !== 'IMAGE_UNRECOGNISED');
  const advice = pictures.slice(0, 3).map((group) => ` ${group.text}: ${skippedStep(group, 'cli')}`);
  // Links and their like say by themselves what is wrong with them.
  const details = skipped.filter(({ message }) => message.startsWith('is ') || message.startsWith('could '));
  const reasons = details.slice(0, 3).map(({ file, message }) => ` ${file} ${message}.`);
  const holds = found.length > 0 ? `none that are read, but ${found.join(', ')}` : 'no images';
  const message = `${paths.join(', ')}: ${holds}.${reasons.join('')}${advice.join('')}`;
  return new DermOrbitError('NO_IMAGES', message);
}

async function walkFolder(folder: string, root: string, walk: Walk): Promise<void> {
  refuseAborted(walk);
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    passOver(walk, folder, 'IMAGE_UNREADABLE', `could not be read (${reason})`);
    return;
  }
  entries.sort((a, b) => collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) {
      skipHidden(walk, entry, path);
    } else if (entry.isDirectory()) {
      if (!ignoredFolders.has(entry.name)) await walkFolder(path, root, walk);
    } else if (entry.isSymbolicLink()) {
      const refusal = await refusedLink(path, root);
      if (refusal !== null) passOver(walk, path, 'IMAGE_LINK', refusal);
      else await takeFile(walk, path);
    } else if (entry.isFile()) {
      await takeFile(walk, path);
    } else if (claimedFormat(path) !== null) {
      passOver(walk, path, 'IMAGE_UNREADABLE', 'is a device, pipe or socket');
    } else {
      walk.skipped.push(skip(path, 'IMAGE_UNREADABLE', 'is a device, pipe or socket'));
    }
  }
}

/** A file goes onto the list, or among what was left out. */
async function takeFile(walk: Walk, path: string): Promise<void> {
  refuseAborted(walk);
  const judged = await judgeFile(path);
  if (judged === null) walk.files.add(path);
  else walk.skipped.push(skip(path, judged.code, judged.message));
}

/** Hidden pictures are told; resource forks (`._name`), which macOS leaves beside every file, are no pictures. */
function skipHidden({ skipped }: Walk, entry: Dirent, path: string): void {
  if (!entry.isFile() || entry.name.startsWith('._') || claimedFormat(entry.name) === null) return;
  skipped.push(skip(path, 'IMAGE_HIDDEN', 'hidden file'));
}

function passOver({ notes, skipped }: Walk, path: string, code: SkipCode, message: string): void {
  notes.push({ path, message });
  skipped.push(skip(path, code, message));
}

/** Why a link is not followed; null if it leads to a file inside the folder. */
async function refusedLink(path: string, root: string): Promise<string | null> {
  const target = await realpath(path).catch(() => null);
  if (target === null) return 'is a link to nothing';
  const inside = target === root || target.startsWith(root.endsWith(sep) ? root : root + sep);
  if (!inside) return 'is a link that leads out of the folder';
  // A folder inside is walked under its own name; through the link it would come twice, or without end.
  return (await stat(target)).isDirectory() ? 'is a link to a folder' : null;
}

function refuseAborted({ signal }: Walk): void {
  if (signal?.aborted) throw new DermOrbitError('CANCELLED', 'Listing the images was cancelled.');
}
