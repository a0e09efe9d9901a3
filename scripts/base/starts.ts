// The networks that the bundled model's recipe starts from (`--start`): a row of start-rows.ts by its name, a network of
// one's own by a JSON file that says the same of it, or none.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { readTensorFlow } from '../../main/backbones/tensorflow/read.ts';
import { checkedTfjs, readTfjs, tfjsShards } from '../../main/backbones/tensorflow/tfjs.ts';
import { readTflite } from '../../main/backbones/tensorflow/tflite.ts';
import { toOnnx } from '../../main/backbones/tensorflow/to-onnx.ts';
import type { Network } from '../../main/backbones/tensorflow/network.ts';
import { DermOrbitError } from '../../main/contract/errors.ts';
import { decodeModel } from '../../main/onnx/codec.ts';
import type { Model } from '../../main/onnx/graph.ts';
import { packageFiles } from './npm-package.ts';
import { startRows, type Provenance, type StartName, type StartRow } from './start-rows.ts';

/** A network that was trained elsewhere. */
export interface PretrainedNetwork {
  readonly name: string;
  /** `image` [batch, 3, size, size] -> `features` [batch, C, h, w]; weights are float32 constants, batch norm is folded. */
  readonly tower: Model;
  readonly mean: [number, number, number];
  readonly std: [number, number, number];
}

export interface Start {
  readonly provenance: Provenance;
  /**
   * @param size side of the pictures in pixels
   * @throws DermOrbitError as packageFiles and readTensorFlow
   */
  readonly read: (size: number) => Promise<PretrainedNetwork>;
}

/**
 * @param name a row's name, `scratch`, or the path of a JSON file with `network` (a TensorFlow or ONNX file beside it),
 *   `name`, `source`, `mean` and `std`, and if need be `from`, `to`, `known`, `inferred`, `unknown`
 * @returns null for `scratch`
 * @throws DermOrbitError OPTION_INVALID
 */
export function startNamed(name: string): Start | null {
  if (name === 'scratch') return null;
  if (isStart(name)) return startOf(startRows[name]);
  if (name.endsWith('.json')) return ownStart(resolve(name));
  const known = Object.keys(startRows).join(', ');
  throw new DermOrbitError('OPTION_INVALID', `--start is ${known}, scratch or a JSON file, not "${name}".`);
}

function isStart(name: string): name is StartName {
  return Object.hasOwn(startRows, name);
}

function startOf(row: StartRow): Start {
  const { source, known, inferred, unknown, name, mean, std } = row;
  return {
    provenance: { source, known, inferred, unknown },
    async read(size) {
      const tower = toOnnx(await networkOf(row), { ...row.part, size });
      return { name, tower, mean: [...mean], std: [...std] };
    },
  };
}

async function networkOf(row: StartRow): Promise<Network> {
  const [first, ...rest] = (await packageFiles(row.package, row.files)) as [string, ...string[]];
  if ('tflite' in row.layout) {
    const [from, to] = row.layout.tflite;
    return readTflite((await readFile(first)).subarray(from, to));
  }
  // Modules that hold data and nothing else; their hashes are those of the ones that were looked at.
  const require = createRequire(import.meta.url);
  const model = checkedTfjs(require(first));
  const names = tfjsShards(model);
  const shards = names.map((name, i) => [name, Buffer.from(String(require(rest[i]!)), 'base64')] as const);
  return readTfjs(model, new Map(shards));
}

const colours = z.tuple([z.number(), z.number(), z.number()]);
const ignored = z.unknown().optional();
const ownSchema = z.strictObject({
  network: z.string().min(1),
  name: z.string().min(1),
  source: z.string().min(1),
  mean: colours,
  std: colours.refine((values) => values.every((value) => value > 0)),
  from: z.string().optional(),
  to: z.string().optional(),
  known: z.array(z.string()).default([]),
  inferred: z.array(z.string()).default([]),
  unknown: z.array(z.string()).default([]),
  // What scripts/pretrained.ts writes beside it.
  ...{ size: ignored, sha256: ignored, package: ignored, files: ignored },
});

function ownStart(path: string): Start {
  let told: z.infer<typeof ownSchema>;
  try {
    told = ownSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new DermOrbitError('OPTION_INVALID', `${path}: ${message}`, { cause: error });
  }
  const { network, name, mean, std, from, to, source, known, inferred, unknown } = told;
  const file = join(dirname(path), network);
  return {
    provenance: { source, known, inferred, unknown },
    async read(size) {
      const onnx = file.endsWith('.onnx');
      const tower = onnx ? decodeModel(await readFile(file)) : await readTensorFlow(file, { from, to, size });
      return { name, tower: requireTower(network, tower, size), mean, std };
    },
  };
}

function requireTower(network: string, tower: Model, size: number): Model {
  const { inputs, outputs } = tower.graph;
  const [image, features] = [inputs.find(({ name }) => name === 'image'), outputs[0]];
  const fits = String(image?.dims.slice(1)) === `3,${size},${size}`;
  if (fits && features?.name === 'features' && features.dims.length === 4) return tower;
  const text = `${network} is no graph from image [batch, 3, ${size}, ${size}] to features [batch, C, h, w].`;
  throw new DermOrbitError('OPTION_INVALID', text);
}
