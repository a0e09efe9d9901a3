// Imported language models: a folder each in `language/` of the data folder, with a manifest and the files it names.
// Nothing is used before its bytes are known to be the ones that the manifest promises.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, isAbsolute, join, sep } from 'node:path';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import {
  languageManifestSchema,
  type LanguageManifest,
  type LanguageSummary,
} from '../../contract/language.ts';
import { modelIdSchema } from '../../contract/manifest.ts';
import { dataFolder } from '../../engine/folders.ts';
import { readLimited } from '../../engine/store/source-files.ts';
import { manifestName, sha256Of } from '../../engine/store/package.ts';
import { ModelStore } from '../../engine/store/store.ts';

export interface LanguagePackage {
  readonly folder: string;
  readonly manifest: LanguageManifest;
  /** Of manifest.json, which holds the hash of every other file. */
  readonly sha256: string;
}

/** Where imported language models lie. */
export const languageFolder = (home = dataFolder()) => join(home, 'language');

/** Places for new models, and their removal: the same rules as for models of images. */
export function languagePlaces(folder: string): Pick<ModelStore, 'reserve' | 'remove'> {
  return new ModelStore({ bundled: join(folder, '.none'), imported: folder });
}

/**
 * Finds a model by id, or by the folder of its package.
 * @throws DermOrbitError LANGUAGE_MODEL_NOT_FOUND, MANIFEST_INVALID
 */
export async function findLanguageModel(
  idOrFolder: string,
  folder = languageFolder(),
): Promise<LanguagePackage> {
  const installed = join(folder, idOrFolder);
  if (modelIdSchema.safeParse(idOrFolder).success && existsSync(join(installed, manifestName))) {
    return openLanguagePackage(installed);
  }
  const looksLikeFolder = isAbsolute(idOrFolder) || idOrFolder.includes(sep) || idOrFolder.includes('/');
  if (looksLikeFolder && existsSync(join(idOrFolder, manifestName))) return openLanguagePackage(idOrFolder);
  throw new DermOrbitError(
    'LANGUAGE_MODEL_NOT_FOUND',
    `No imported language model has the id "${idOrFolder}".`,
  );
}

/** @throws DermOrbitError MANIFEST_INVALID */
export async function openLanguagePackage(folder: string): Promise<LanguagePackage> {
  const path = join(folder, manifestName);
  const bytes = await readLimited(path, 'MANIFEST_INVALID');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new DermOrbitError('MANIFEST_INVALID', `${path} is not JSON.`, { cause: error });
  }
  const parsed = languageManifestSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const message = `${path}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`;
    throw new DermOrbitError('MANIFEST_INVALID', message);
  }
  return { folder, manifest: parsed.data, sha256: sha256Of(bytes) };
}

/** Every imported model whose manifest can be read, and what is wrong with the others. */
export async function listLanguageModels(
  folder = languageFolder(),
): Promise<{ models: LanguageSummary[]; problems: DermOrbitError[] }> {
  const models: LanguageSummary[] = [];
  const problems: DermOrbitError[] = [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    await openLanguagePackage(join(folder, entry.name)).then(
      (opened) => models.push(summariseLanguage(opened)),
      (error: unknown) => problems.push(asDermOrbitError(error)),
    );
  }
  return { models, problems };
}

export function summariseLanguage({ manifest, sha256, folder }: LanguagePackage): LanguageSummary {
  const { parts, tokenizer, lambda } = manifest.files;
  const files = [...parts.map(({ file }) => file), tokenizer, ...(lambda ? [lambda] : [])];
  return {
    id: basename(folder) === manifest.id ? manifest.id : folder,
    name: manifest.name,
    sha256,
    bytes: files.reduce((total, { bytes }) => total + bytes, 0),
    architecture: manifest.architecture,
    lambda: lambda !== undefined,
    assumed: manifest.assumed,
  };
}
