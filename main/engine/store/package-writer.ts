// Writing a model package: its files, its manifest, and the moment it gets its name.
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DermOrbitError } from '../../contract/errors.ts';
import type { Manifest, PackageFile, PackageFileRole } from '../../contract/manifest.ts';
import { writeDurably } from '../../base/durable-files.ts';
import { manifestName, sha256Of } from './package.ts';

const fileNames: Readonly<Record<PackageFileRole, string>> = {
  imageTower: 'image-tower.onnx',
  head: 'head.onnx',
  classEmbeddings: 'class-embeddings.safetensors',
  lambda: 'lambda.onnx',
  attention: 'attention.onnx',
  lambdaEmbedding: 'lambda-embedding.onnx',
  canonical: 'canonical.onnx',
  canonicalImage: 'canonical-image.onnx',
  distance: 'class-distance.onnx',
  textTower: 'text-tower.onnx',
  card: 'MODEL_CARD.md',
};

/** Writes the files of a package and keeps their names, sizes and hashes for the manifest. */
export class PackageWriter {
  readonly written: Partial<Record<PackageFileRole, PackageFile>> = {};
  readonly #folder: string;

  /** @param folder exists; a power loss leaves it as a temporary folder, never as half a model */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(role: PackageFileRole, bytes: Uint8Array): Promise<void> {
    const path = fileNames[role];
    await writeDurably(join(this.#folder, path), bytes);
    this.written[role] = { path, sha256: sha256Of(bytes), bytes: bytes.length };
  }

  /** The last file: it names all others. */
  async writeManifest(manifest: Manifest): Promise<void> {
    const json = `${JSON.stringify(manifest, null, 2)}\n`;
    await writeDurably(join(this.#folder, manifestName), new TextEncoder().encode(json));
  }
}

/**
 * Gives a finished package its name.
 * @throws DermOrbitError MODEL_EXISTS if another import took it meanwhile
 */
export async function moveTo(target: string, temporary: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await rename(temporary, target).catch((error: unknown) => {
    if (!existsSync(target)) throw error;
    throw new DermOrbitError('MODEL_EXISTS', `${target} was taken meanwhile.`, { cause: error });
  });
}
