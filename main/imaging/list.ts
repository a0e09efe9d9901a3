// Files and folders, as a person names them, become a list of files in a stable, natural order.
import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join, sep } from 'node:path';
import { DermOrbitError } from '../contract/errors.ts';
import { claimedFormat } from './formats.ts';

/** Something inside a named folder that was left out, and why: nothing is skipped in silence. */
interface ListNote {
  readonly path: string;
  readonly message: string;
}

export interface ImageList {
  /** Each file once, in the order of the given paths; inside a folder in natural order (2 before 10). */
  readonly files: string[];
  readonly notes: ListNote[];
}

/** Archive leftovers of macOS: resource forks under image names. */
const ignoredFolders: ReadonlySet<string> = new Set(['__MACOSX']);

const collator = new Intl.Collator('en', { numeric: true });

interface Walk {
  readonly files: Set<string>;
  readonly notes: ListNote[];
  readonly signal: AbortSignal | undefined;
}

/**
 * The image files that paths stand for. A named file is kept whatever its extension, and even if it does not
 * exist: its failure belongs into the results, in its place. A folder gives its JPEG, PNG, TIFF and WebP files,
 * recursively; hidden files are left out. Links inside a folder are followed only to files, and only to files
 * inside that folder.
 * @throws DermOrbitError NO_IMAGES if there is nothing at all to classify, CANCELLED
 */
export async function listImages(
  paths: readonly string[],
  options: { signal?: AbortSignal } = {},
): Promise<ImageList> {
  const walk: Walk = { files: new Set(), notes: [], signal: options.signal };
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
  if (files.length === 0) {
    const places = paths.length === 0 ? 'No file or folder was named.' : `${paths.join(', ')}: no images.`;
    const skipped = walk.notes.filter((note) => !paths.includes(note.path));
    const details = skipped.slice(0, 3).map((note) => ` ${note.path} ${note.message}.`);
    throw new DermOrbitError('NO_IMAGES', places + details.join(''));
  }
  return { files, notes: walk.notes };
}

async function walkFolder(folder: string, root: string, walk: Walk): Promise<void> {
  refuseAborted(walk);
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    walk.notes.push({ path: folder, message: `could not be read (${reason})` });
    return;
  }
  entries.sort((a, b) => collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) {
      if (!ignoredFolders.has(entry.name)) await walkFolder(path, root, walk);
    } else if (entry.isSymbolicLink()) {
      const refusal = await refusedLink(path, root);
      if (refusal !== null) walk.notes.push({ path, message: refusal });
      else if (claimedFormat(path) !== null) walk.files.add(path);
    } else if (claimedFormat(path) !== null) {
      if (entry.isFile()) walk.files.add(path);
      else walk.notes.push({ path, message: 'is a device, pipe or socket' });
    }
  }
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
