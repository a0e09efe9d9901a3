// The files of a checkpoint on disk: one file, or a folder as model hubs lay it out (weights in one file or in shards
// with an index, their configuration beside them). Nothing outside the folder is read.
import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { readCheckpoint, mergedCheckpoint, type Checkpoint } from '../../backbones/checkpoints/checkpoint.ts';
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { ForeignModel } from '../../onnx/foreign/read.ts';
import { looksLikeOnnx, pointedSize, readOnnx } from './onnx-source.ts';

/** Larger than any published CLIP (a ViT-bigG in single precision with its optimiser is not a model to run here). */
const maximumCheckpointBytes = 8 * 2 ** 30;

/** Weights by the names that hubs give them, in the order in which they are looked for. */
export const weightNames: readonly string[] = [
  'model.safetensors',
  'model.safetensors.index.json',
  'open_clip_model.safetensors',
  'open_clip_pytorch_model.bin',
  'pytorch_model.bin',
  'model.onnx',
];

/** Configurations beside the weights: what decides the network, then what decides the pictures. */
const configNames = ['open_clip_config.json', 'config.json'];
const preprocessorName = 'preprocessor_config.json';

/** Names of a classifier's classes beside its graph. */
const labelNames = [
  'labels.txt',
  'labels.json',
  'classes.txt',
  'classes.json',
  'class_names.txt',
  'class_names.json',
];

/** A checkpoint of tensors, and what lies beside it. */
export interface SourceFiles extends Omit<ModelSource, 'content'> {
  readonly checkpoint: Checkpoint;
}

/** A model, and what lies beside it. */
export interface ModelSource {
  readonly name: string;
  readonly sha256: string;
  /** Tensors by name, or a whole graph. */
  readonly content: { readonly checkpoint: Checkpoint } | { readonly graph: ForeignModel };
  /** JSON, or null where there is none. */
  readonly config: unknown;
  readonly preprocessor: unknown;
  /** Text of a file of class names; null where there is none. */
  readonly labels: string | null;
}

/**
 * Reads a checkpoint and what lies beside it.
 * @param path a file, or a folder that holds the weights under one of the usual names
 * @param config a configuration that counts instead of the one beside the weights
 * @throws DermOrbitError CHECKPOINT_NOT_FOUND, OPTION_INVALID (configuration), and as readCheckpoint
 */
export async function readModelSource(path: string, config: string | undefined): Promise<ModelSource> {
  const file = await weightsAt(path);
  const folder = dirname(file);
  const read = file.endsWith('.index.json') ? await readShards(file) : await readWhole(file);
  const named = config === undefined ? undefined : await readJson(config);
  return {
    name: basename(file),
    ...read,
    labels: await firstText(labelNames.map((name) => join(folder, name))),
    config: named ?? (await firstJson(configNames.map((name) => join(folder, name)))),
    preprocessor: await firstJson([join(folder, preprocessorName)]),
  };
}

/**
 * The same, for what is made of tensors alone.
 * @throws DermOrbitError CHECKPOINT_UNRECOGNISED for a graph, and as readModelSource
 */
export async function readSource(path: string, config: string | undefined): Promise<SourceFiles> {
  const { content, ...rest } = await readModelSource(path, config);
  if ('checkpoint' in content) return { ...rest, ...content };
  throw new DermOrbitError('CHECKPOINT_UNRECOGNISED', `${rest.name} is a graph (ONNX), not tensors by name.`);
}

async function weightsAt(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return path;
  for (const name of weightNames) {
    if (await stat(join(path, name)).catch(() => null)) return join(path, name);
  }
  const graphs = (await readdir(path)).filter((name) => name.toLowerCase().endsWith('.onnx'));
  if (graphs.length === 1) return join(path, graphs[0]!);
  throw new DermOrbitError(
    'CHECKPOINT_NOT_FOUND',
    `${path} holds none of ${weightNames.join(', ')}. Name the file of the weights.`,
  );
}

async function readWhole(file: string): Promise<Pick<ModelSource, 'content' | 'sha256'>> {
  const bytes = await readLimited(file, 'CHECKPOINT_NOT_FOUND');
  requireNoPointer(bytes, basename(file));
  const hash = createHash('sha256').update(bytes);
  const content = looksLikeOnnx(file, bytes)
    ? { graph: await readOnnx(file, bytes, hash) }
    : { checkpoint: readCheckpoint(bytes, basename(file)) };
  return { content, sha256: hash.digest('hex') };
}

/** @throws DermOrbitError CHECKPOINT_POINTER */
function requireNoPointer(bytes: Uint8Array, name: string): void {
  const size = pointedSize(bytes);
  if (size === null) return;
  throw new DermOrbitError(
    'CHECKPOINT_POINTER',
    `${name} is a pointer to the model (Git LFS), not the model itself. Download the real file (${size.toLocaleString('en')} bytes).`,
  );
}

/** A shard is a plain name in the folder of its index, never a path. */
const indexSchema = z.looseObject({
  weight_map: z.record(z.string(), z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/)),
});

/** Shards that an index names; the hash is of index and shards, one after the other. */
async function readShards(index: string): Promise<Pick<ModelSource, 'content' | 'sha256'>> {
  const bytes = await readLimited(index, 'CHECKPOINT_NOT_FOUND');
  const hash = createHash('sha256').update(bytes);
  let parsed: z.infer<typeof indexSchema>;
  try {
    parsed = indexSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new DermOrbitError(
      'SAFETENSORS_INVALID',
      `${basename(index)} is no index of shards in its folder.`,
      {
        cause: error,
      },
    );
  }
  const shards: Checkpoint[] = [];
  for (const name of [...new Set(Object.values(parsed.weight_map))].sort()) {
    const shard = await readLimited(join(dirname(index), name), 'CHECKPOINT_NOT_FOUND');
    hash.update(shard);
    shards.push(readCheckpoint(shard, name, false));
  }
  const checkpoint = mergedCheckpoint(shards, Object.keys(parsed.weight_map), basename(index));
  return { content: { checkpoint }, sha256: hash.digest('hex') };
}

async function firstJson(paths: readonly string[]): Promise<unknown> {
  for (const path of paths) {
    if (await stat(path).catch(() => null)) return readJson(path).catch(() => null);
  }
  return null;
}

async function firstText(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const found = await stat(path).catch(() => null);
    if (found?.isFile() && found.size <= maximumConfigBytes) return readFile(path, 'utf8');
  }
  return null;
}

/** A configuration is a page of JSON; a larger file is not one. */
const maximumConfigBytes = 4_000_000;

const readJson = (path: string) => readJsonFile(path, 'OPTION_INVALID', maximumConfigBytes);

/**
 * The content of a JSON file.
 * @param largest bytes that such a file may have
 * @throws DermOrbitError with the code
 */
export async function readJsonFile(path: string, code: ErrorCode, largest: number): Promise<unknown> {
  try {
    const { size } = await stat(path);
    if (size > largest) throw new Error(`${size} bytes are more than such a file has`);
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new DermOrbitError(code, `${path}: ${message}`, { cause: error });
  }
}

/** The bytes of a file of a plausible size. */
export async function readLimited(path: string, code: ErrorCode): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > maximumCheckpointBytes) {
      throw new Error(`${size} bytes are more than the models have that DermOrbit runs`);
    }
    return size > longestRead ? await readInPieces(path, size) : await readFile(path);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new DermOrbitError(code, `${path}: ${message}`, { cause: error });
  }
}

/** Node reads no more than 2 GiB at once. */
const longestRead = 2 ** 30;

async function readInPieces(path: string, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  const file = await open(path, 'r');
  try {
    for (let at = 0; at < size;) {
      const { bytesRead } = await file.read(bytes, at, Math.min(longestRead, size - at), at);
      if (bytesRead === 0) throw new Error(`the file ends after ${at} of ${size} bytes`);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  return bytes;
}
