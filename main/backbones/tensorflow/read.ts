// Networks of TensorFlow on disk: a .tflite file, or model.json of TensorFlow.js with its shards in the same folder.
// Nothing outside that folder is read.
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DermOrbitError } from '../../contract/errors.ts';
import type { Model } from '../../onnx/graph.ts';
import { invalid, type Network } from './network.ts';
import { matchTfjs, parseTfjs, readTfjs, tfjsShards } from './tfjs.ts';
import { matchTflite, readTflite } from './tflite.ts';
import { toOnnx, type ReadOptions } from './to-onnx.ts';

/** 2 GB: what one FlatBuffer or one ONNX file holds. */
const maximumBytes = 2 ** 31;

/**
 * An image network in one of TensorFlow's formats as an ONNX model. Kernels are in ONNX's order, batch norms are folded
 * into the convolutions before them, "same" padding is counted out for the size of the pictures.
 * @param path a .tflite file, a model.json of TensorFlow.js (Keras layers or graph), or a folder that holds one
 * @param options which part of the network, and the size of its pictures
 * @returns `image` float32 [batch, channels, size, size] -> `features` [batch, channels, height, width], or `output`
 *   [batch, length] where the result is no map; operator set 17. No scaling of pixels is added.
 * @throws DermOrbitError CHECKPOINT_NOT_FOUND (a file is missing), CHECKPOINT_UNRECOGNISED (another format),
 *   TENSORFLOW_INVALID (cut, damaged, contradictory), TENSORFLOW_UNSUPPORTED (an operator that DermOrbit does not run,
 *   which is named), CHECKPOINT_NOT_FINITE, OPTION_INVALID
 */
export async function readTensorFlow(path: string, options: ReadOptions = {}): Promise<Model> {
  const folder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  const file = folder ? join(path, 'model.json') : path;
  try {
    return toOnnx(await networkOf(file), options);
  } catch (error) {
    if (!(error instanceof DermOrbitError)) throw error;
    throw new DermOrbitError(error.code, `${basename(file)}: ${error.message}`, { cause: error });
  }
}

async function networkOf(file: string): Promise<Network> {
  const bytes = await bytesOf(file);
  if (matchTflite(bytes)) return readTflite(bytes);
  if (matchTfjs(bytes)) {
    const model = parseTfjs(bytes);
    const shards = new Map<string, Uint8Array>();
    let total = bytes.length;
    for (const name of tfjsShards(model)) {
      const shard = await bytesOf(await insideFolder(file, name));
      total += shard.length;
      if (total > maximumBytes) throw invalid(`Its files have more than ${maximumBytes} bytes.`);
      shards.set(name, shard);
    }
    return readTfjs(model, shards);
  }
  throw new DermOrbitError(
    'CHECKPOINT_UNRECOGNISED',
    'Its first bytes are neither those of TensorFlow Lite nor of model.json of TensorFlow.js.',
  );
}

/** The path of a shard, which may be no link to a file elsewhere. */
async function insideFolder(file: string, name: string): Promise<string> {
  const path = join(dirname(file), name);
  const real = await realpath(path).catch(() => path);
  const folder = await realpath(dirname(file)).catch(() => dirname(file));
  if (dirname(real) !== folder) throw invalid(`The file ${name} leads out of its folder.`);
  return path;
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > maximumBytes)
      throw new Error(`${found.size} bytes are no such model`);
    return await readFile(path);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new DermOrbitError('CHECKPOINT_NOT_FOUND', `${basename(path)}: ${message}`, { cause: error });
  }
}
