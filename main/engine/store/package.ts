// One model package on disk: a folder with manifest.json and the files it names. Nothing is used before its bytes
// are known to be the ones that the manifest promises.
import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { heads } from '../../backbones/heads.ts';
import { asDermOrbitError, DermOrbitError } from '../../contract/errors.ts';
import { combinerSchema } from '../../contract/settings.ts';
import {
  readManifest,
  type Manifest,
  type ModelSummary,
  type PackageFile,
  type PackageFileRole,
  type Verification,
} from '../../contract/manifest.ts';

export const manifestName = 'manifest.json';

/** A manifest is a page of JSON; a larger one is not ours. */
const maximumManifestBytes = 1_000_000;

export interface ModelPackage {
  readonly folder: string;
  readonly bundled: boolean;
  readonly manifest: Manifest;
  /** Of manifest.json: pins the whole package, since the manifest holds the hash of every other file. */
  readonly sha256: string;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Reads the manifest of a package.
 * @throws DermOrbitError MODEL_NOT_FOUND (no manifest there), MANIFEST_INVALID
 */
export async function openPackage(folder: string, bundled = false): Promise<ModelPackage> {
  const path = join(folder, manifestName);
  const bytes = await readRegularFile(path, maximumManifestBytes).catch((error: unknown) => {
    throw isAbsent(error)
      ? new DermOrbitError('MODEL_NOT_FOUND', `There is no model package in ${folder}.`, { cause: error })
      : asDermOrbitError(error, 'MANIFEST_INVALID');
  });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new DermOrbitError('MANIFEST_INVALID', `${path} is not JSON.`, { cause: error });
  }
  const parsed = readManifest(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DermOrbitError(
      'MANIFEST_INVALID',
      `${path}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
    );
  }
  return { folder, bundled, manifest: parsed.data, sha256: sha256Of(bytes) };
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** Refuses links and anything that is not a plain file: no path leads out of a package. */
async function readRegularFile(path: string, maximumBytes: number): Promise<Uint8Array> {
  const status = await lstat(path);
  if (!status.isFile()) throw new Error(`${path} is not a regular file`);
  if (status.size > maximumBytes) throw new Error(`${path} has ${status.size} bytes, more than expected`);
  return readFile(path);
}

/**
 * The bytes of one file of a package, checked against the manifest.
 * @throws DermOrbitError MODEL_FILE_MISSING, MODEL_HASH_MISMATCH
 */
export async function readPackageFile(
  { folder }: Pick<ModelPackage, 'folder'>,
  file: PackageFile,
): Promise<Uint8Array> {
  const path = join(folder, file.path);
  const status = await lstat(path).catch(() => null);
  if (!status?.isFile()) {
    const what = status ? 'is not a regular file (links are not followed)' : 'is missing';
    throw new DermOrbitError('MODEL_FILE_MISSING', `${path} ${what}.`);
  }
  const bytes = status.size === file.bytes ? await readFile(path) : null;
  if (!bytes || sha256Of(bytes) !== file.sha256) {
    throw new DermOrbitError('MODEL_HASH_MISMATCH', `${path} is not the file that the manifest names.`);
  }
  return bytes;
}

/** The files that a manifest names, by role. */
export function packageFiles(manifest: Manifest): [PackageFileRole, PackageFile][] {
  return Object.entries(manifest.files) as [PackageFileRole, PackageFile][];
}

/** Checks every file of a package against its manifest. */
export async function verifyPackage(opened: ModelPackage): Promise<Verification> {
  const files = await Promise.all(
    packageFiles(opened.manifest).map(async ([, file]) => {
      const state = await readPackageFile(opened, file).then(
        () => 'ok' as const,
        (error: unknown) => (isMissing(error) ? ('missing' as const) : ('changed' as const)),
      );
      return { path: file.path, state };
    }),
  );
  return { id: opened.manifest.id, ok: files.every(({ state }) => state === 'ok'), files };
}

function isMissing(error: unknown): boolean {
  return error instanceof DermOrbitError && error.code === 'MODEL_FILE_MISSING';
}

export function summarise({ manifest, sha256, bundled }: ModelPackage): ModelSummary {
  const files = packageFiles(manifest);
  return {
    id: manifest.id,
    name: manifest.name,
    sha256,
    bundled,
    bytes: files.reduce((total, [, file]) => total + file.bytes, 0),
    classes: manifest.classes,
    architecture: manifest.architecture.name,
    backbone: manifest.architecture.backbone,
    features: manifest.features,
    invariantPart: manifest.invariantPart,
    head: manifest.head.kind,
    evidence: manifest.features ? heads[manifest.head.kind].evidence(manifest.head) : 'none',
    input: manifest.input,
    assumed: manifest.assumed ?? [],
    inputSize: manifest.input.size,
    combiners: combinerSchema.options.filter((name) => files.some(([role]) => role === name)),
  };
}
