// The checkpoint of a run: everything the next round depends on, and the best weights so far, in one file that is there
// whole or not at all. Layout: a line that names the version, the SHA-256 of what follows, the length of a JSON text,
// the text, the tensors as safetensors.
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { readSafetensors, writeSafetensors } from '../backbones/checkpoints/safetensors.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { Tensor } from '../contract/tensor.ts';
import { roundFiguresSchema } from '../contract/training.ts';
import { writeFileAtomic } from '../base/durable-files.ts';
import type { State } from './step.ts';

const family = 'dermorbit training checkpoint ';
const magic = `${family}1\n`;
const hashBytes = 32;

const metaSchema = z.strictObject({
  /** Of the configuration and the data, so that a run is only continued with its own. */
  identity: z.string(),
  round: z.int().min(0),
  history: z.array(roundFiguresSchema),
  /** The round whose weights are the best; null before the first. */
  best: z.int().nullable(),
});
export type CheckpointMeta = z.infer<typeof metaSchema>;

export interface TrainingCheckpoint extends CheckpointMeta {
  readonly state: State;
  /** Weights of the best round, by name. */
  readonly bestWeights: State;
}

/** @throws DermOrbitError WRITE_FAILED, DISK_FULL; the checkpoint before it is then still there */
export async function writeCheckpoint(path: string, checkpoint: TrainingCheckpoint): Promise<void> {
  const { state, bestWeights, ...meta } = checkpoint;
  const tensors = new Map(
    [...withPrefix('state/', state), ...withPrefix('best/', bestWeights)].map(([name, { dims, data }]) => [
      name,
      { dims, dtype: 'float32' as const, data },
    ]),
  );
  const text = new TextEncoder().encode(JSON.stringify(meta));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const body = Buffer.concat([length, text, writeSafetensors(tensors)]);
  const hash = createHash('sha256').update(body).digest();
  await writeFileAtomic(path, Buffer.concat([Buffer.from(magic), hash, body]));
}

/**
 * @throws DermOrbitError TRAINING_CHECKPOINT_VERSION, TRAINING_CHECKPOINT_DAMAGED
 */
export async function readCheckpoint(path: string): Promise<TrainingCheckpoint> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const message = `${path} cannot be read.`;
    throw new DermOrbitError('TRAINING_CHECKPOINT_DAMAGED', message, { cause: error });
  });
  const start = bytes.subarray(0, magic.length).toString('latin1');
  if (start !== magic && start.startsWith(family)) {
    const message = `${path} is of format ${start.slice(family.length).trim()}, this version reads format 1.`;
    throw new DermOrbitError('TRAINING_CHECKPOINT_VERSION', message);
  }
  const damaged = (what: string) => new DermOrbitError('TRAINING_CHECKPOINT_DAMAGED', `${path}: ${what}.`);
  if (start !== magic) throw damaged('it does not begin as a checkpoint does');
  const body = bytes.subarray(magic.length + hashBytes);
  const hash = bytes.subarray(magic.length, magic.length + hashBytes);
  if (body.length < 8 || !createHash('sha256').update(body).digest().equals(hash)) {
    throw damaged('its bytes are not those that were written');
  }
  // From here on the bytes are our own; lengths are checked all the same.
  const length = Number(body.readBigUInt64LE(0));
  if (length > body.length - 8) throw damaged('it ends too early');
  const meta = metaSchema.safeParse(parseJson(body.subarray(8, 8 + length)));
  if (!meta.success) throw damaged('it says things that a checkpoint does not say');
  const tensors = readSafetensors(Uint8Array.from(body.subarray(8 + length)));
  const part = (prefix: string): State =>
    new Map(
      [...tensors].flatMap(([name, tensor]): [string, Tensor][] =>
        name.startsWith(prefix)
          ? [[name.slice(prefix.length), { data: tensor.float32().slice(), dims: tensor.dims }]]
          : [],
      ),
    );
  return { ...meta.data, state: part('state/'), bestWeights: part('best/') };
}

/** More than any history takes. */
const largestMeta = 256 * 1024 * 1024;

/**
 * What a checkpoint says about its run, without its tensors: for lists, which would not wait for all of it to be read
 * and hashed. Nothing is trained on from this.
 * @returns null if there is none, or none that can be read
 */
export async function readCheckpointMeta(path: string): Promise<CheckpointMeta | null> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return null;
  try {
    const head = Buffer.alloc(magic.length + hashBytes + 8);
    await file.read(head, 0, head.length, 0);
    if (head.subarray(0, magic.length).toString('latin1') !== magic) return null;
    const length = Number(head.readBigUInt64LE(magic.length + hashBytes));
    if (length > largestMeta) return null;
    const text = Buffer.alloc(length);
    await file.read(text, 0, length, head.length);
    return metaSchema.safeParse(parseJson(text)).data ?? null;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

function withPrefix(prefix: string, state: State): [string, Tensor][] {
  return [...state].map(([name, tensor]) => [prefix + name, tensor]);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
