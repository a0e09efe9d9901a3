// Reads TensorFlow.js models: model.json (topology and manifest) and the shards that it names. Reads bytes, touches no
// disk: whoever calls says where the shards come from.
import { z } from 'zod';
import { duplicateKey } from '../checkpoints/json-keys.ts';
import { readGraph } from './graph-def.ts';
import { readKeras } from './keras.ts';
import { invalid, type Network } from './network.ts';
import { manifestSchema, readWeights, shardNames } from './tfjs-weights.ts';

const modelSchema = z.looseObject({
  format: z.string().optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: manifestSchema,
});

/** A parsed model.json. */
export type TfjsModel = z.infer<typeof modelSchema>;

/** Whether the bytes may be a model.json: an object that names a manifest. */
export function matchTfjs(bytes: Uint8Array): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  return (
    start.startsWith('{') &&
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('"weightsManifest"')
  );
}

/**
 * Parses model.json.
 * @throws DermOrbitError TENSORFLOW_INVALID
 */
export function parseTfjs(bytes: Uint8Array): TfjsModel {
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
    const twice = duplicateKey(text);
    if (twice !== null) throw invalid(`It has the entry "${twice}" twice.`);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      throw invalid('It is no JSON in UTF-8; its end may be missing.', error);
    }
    throw error;
  }
  return checkedTfjs(value);
}

/**
 * A model.json that is parsed already.
 * @throws DermOrbitError TENSORFLOW_INVALID
 */
export function checkedTfjs(value: unknown): TfjsModel {
  const parsed = modelSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`model.json: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}.`);
}

/** Names of the files beside model.json, in order. @throws DermOrbitError TENSORFLOW_INVALID (a path, a name twice) */
export function tfjsShards({ weightsManifest }: TfjsModel): string[] {
  return shardNames(weightsManifest);
}

/**
 * The network of a TensorFlow.js model.
 * @param shards the bytes of every file that tfjsShards names
 * @throws DermOrbitError TENSORFLOW_INVALID, TENSORFLOW_UNSUPPORTED
 */
export function readTfjs(model: TfjsModel, shards: ReadonlyMap<string, Uint8Array>): Network {
  const weights = readWeights(model.weightsManifest, shards);
  const graph = model.format === 'graph-model' || Array.isArray(model.modelTopology.node);
  return graph ? readGraph(model.modelTopology, model, weights) : readKeras(model.modelTopology, weights);
}
