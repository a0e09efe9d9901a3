// The installed models: those that come with DermOrbit, then those that people imported.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve, sep } from 'node:path';
import { isOwnerGone, processTag } from '../../base/process-tag.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { modelIdSchema, type ModelDetails } from '../../contract/manifest.ts';
import type { ModelFolders } from '../folders.ts';
import { manifestName, openPackage, readPackageFile, summarise, type ModelPackage } from './package.ts';

/** The model that is used where none is named. */
export const defaultModelId = 'dermorbit-base';

/** Folders that are being written or removed; never listed, and swept away by the next import. */
export const temporaryPrefix = '.tmp-';

export class ModelStore {
  readonly #folders: ModelFolders;

  constructor(folders: ModelFolders) {
    this.#folders = folders;
  }

  /** Every installed package whose manifest can be read, and what is wrong with the others. */
  async list(): Promise<{ packages: ModelPackage[]; problems: DermOrbitError[] }> {
    const packages: ModelPackage[] = [];
    const problems: DermOrbitError[] = [];
    for (const [folder, bundled] of [
      [this.#folders.bundled, true],
      [this.#folders.imported, false],
    ] as const) {
      for (const name of await packageNames(folder)) {
        await openInstalled(join(folder, name), bundled).then(
          (opened) => packages.push(opened),
          (error: unknown) => {
            if (!(error instanceof DermOrbitError)) throw error;
            problems.push(error);
          },
        );
      }
    }
    return { packages, problems };
  }

  /**
   * Finds a model by id or by the folder of its package.
   * @throws DermOrbitError MODEL_NOT_FOUND, MANIFEST_INVALID
   */
  async find(idOrFolder: string = defaultModelId): Promise<ModelPackage> {
    if (modelIdSchema.safeParse(idOrFolder).success) {
      for (const [root, bundled] of [
        [this.#folders.bundled, true],
        [this.#folders.imported, false],
      ] as const) {
        const folder = join(root, idOrFolder);
        if (existsSync(join(folder, manifestName))) return openInstalled(folder, bundled);
      }
    }
    const looksLikeFolder = isAbsolute(idOrFolder) || idOrFolder.includes(sep) || idOrFolder.includes('/');
    if (looksLikeFolder || existsSync(join(idOrFolder, manifestName))) return openPackage(idOrFolder);
    throw new DermOrbitError('MODEL_NOT_FOUND', `No installed model has the id "${idOrFolder}".`);
  }

  /**
   * The name by which a model is found from any folder, as whoever goes on with a job may be in another one.
   * @throws DermOrbitError MODEL_NOT_FOUND, MANIFEST_INVALID
   */
  async lastingName(idOrFolder: string): Promise<string> {
    const { folder } = await this.find(idOrFolder);
    return resolve(folder) === resolve(idOrFolder) ? resolve(idOrFolder) : idOrFolder;
  }

  /** One model with its manifest and card. */
  async details(idOrFolder: string): Promise<ModelDetails> {
    const opened = await this.find(idOrFolder);
    const { card } = opened.manifest.files;
    const text = card ? new TextDecoder().decode(await readPackageFile(opened, card)) : null;
    return { ...summarise(opened), folder: opened.folder, manifest: opened.manifest, card: text };
  }

  /**
   * Where an import with this id may put its package.
   * @throws DermOrbitError MODEL_ID_INVALID, MODEL_EXISTS
   */
  async reserve(id: string): Promise<{ target: string; temporary: string }> {
    if (!modelIdSchema.safeParse(id).success) {
      throw new DermOrbitError('MODEL_ID_INVALID', `"${id}" cannot be the id of a model.`);
    }
    const target = join(this.#folders.imported, id);
    if (existsSync(target) || existsSync(join(this.#folders.bundled, id))) {
      throw new DermOrbitError('MODEL_EXISTS', `A model with the id "${id}" is installed already.`);
    }
    await this.#sweep();
    // A name of its own for each import, so that two under one id cannot write into each other's files.
    const name = `${temporaryPrefix}${id}-${randomUUID()}-${processTag()}`;
    return { target, temporary: join(this.#folders.imported, name) };
  }

  /**
   * Removes an imported model, damaged or not.
   * @returns the folder that it had
   * @throws DermOrbitError MODEL_NOT_FOUND, MODEL_BUNDLED
   */
  async remove(id: string): Promise<string> {
    const valid = modelIdSchema.safeParse(id).success;
    if (valid && existsSync(join(this.#folders.bundled, id))) {
      throw new DermOrbitError('MODEL_BUNDLED', `"${id}" came with DermOrbit.`);
    }
    const folder = join(this.#folders.imported, id);
    if (!valid || !existsSync(folder)) {
      throw new DermOrbitError('MODEL_NOT_FOUND', `No imported model has the id "${id}".`);
    }
    // Renamed first: a removal that is interrupted leaves no half package that could be opened.
    const doomed = join(this.#folders.imported, `${temporaryPrefix}${id}-${randomUUID()}-${processTag()}`);
    await rename(folder, doomed);
    await rm(doomed, { recursive: true, force: true });
    return folder;
  }

  /** Removes what imports and removals that were killed left behind, unless their process still runs. */
  async #sweep(): Promise<void> {
    const names = await readdir(this.#folders.imported).catch(() => []);
    const abandoned: string[] = [];
    for (const name of names.filter((each) => each.startsWith(temporaryPrefix))) {
      const found = await stat(join(this.#folders.imported, name)).catch(() => null);
      if (found && isOwnerGone(name.split('-').at(-1) ?? '', found.mtimeMs)) abandoned.push(name);
    }
    await Promise.all(
      abandoned.map((name) => rm(join(this.#folders.imported, name), { recursive: true, force: true })),
    );
  }
}

/** A package of the store: its folder is named by its id, so that an id means one model to every operation. */
async function openInstalled(folder: string, bundled: boolean): Promise<ModelPackage> {
  const opened = await openPackage(folder, bundled);
  if (opened.manifest.id !== basename(folder)) {
    throw new DermOrbitError('MANIFEST_INVALID', `${folder} holds the model "${opened.manifest.id}".`);
  }
  return opened;
}

async function packageNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}
