// The weights of a TensorFlow.js model: a manifest of groups, each a list of tensors and of the files ("shards") that
// hold their bytes one after the other. 8- and 16-bit quantization: value = stored * scale + min; float16 as it is.
// Reads bytes, touches no disk: the caller knows where the shards lie.
import { z } from 'zod';
import { tensor, type Tensor } from '../../contract/tensor.ts';
import {
  bytesPerElement,
  checkedSize,
  contiguousStrides,
  windowOn,
  type DataType,
} from '../checkpoints/checkpoint-tensor.ts';
import { invalid, unsupported } from './network.ts';

/** A shard is a plain name in the folder of the model, never a path or an address. */
export const shardName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;

const quantizationSchema = z.looseObject({
  dtype: z.string(),
  scale: z.number().optional(),
  min: z.number().optional(),
});

const weightSchema = z.looseObject({
  name: z.string().min(1),
  shape: z.array(z.int().nonnegative()).max(8),
  dtype: z.string(),
  quantization: quantizationSchema.optional(),
});
type WeightEntry = z.infer<typeof weightSchema>;

export const manifestSchema = z
  .array(z.looseObject({ paths: z.array(z.string()).max(10_000), weights: z.array(weightSchema) }))
  .max(10_000);
export type WeightsManifest = z.infer<typeof manifestSchema>;

/** Names of the shards, in order and each once. */
export function shardNames(manifest: WeightsManifest): string[] {
  const names = manifest.flatMap(({ paths }) => paths);
  for (const name of names) {
    if (!shardName.test(name)) {
      throw invalid(
        `It names the file ${JSON.stringify(name.slice(0, 200))}, which is no name in its folder.`,
      );
    }
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw invalid(`It names the file ${twice} twice.`);
  return names;
}

/** How numbers of a type lie in a shard, without quantization. */
const plainTypes: ReadonlyMap<string, DataType> = new Map([
  ['float32', 'float32'],
  ['int32', 'int32'],
  ['bool', 'bool'],
  ['uint8', 'uint8'],
]);

const quantizedTypes: ReadonlyMap<string, DataType> = new Map([
  ['uint8', 'uint8'],
  ['uint16', 'uint16'],
  ['float16', 'float16'],
]);

/** Tensors of a model by their names, each decoded when it is asked for. */
export type TfjsWeights = ReadonlyMap<string, () => Tensor>;

/**
 * @param shards the bytes of every file that the manifest names
 * @throws DermOrbitError TENSORFLOW_INVALID if the shards do not hold exactly what the manifest says,
 *   TENSORFLOW_UNSUPPORTED (element types)
 */
export function readWeights(manifest: WeightsManifest, shards: ReadonlyMap<string, Uint8Array>): TfjsWeights {
  const found = new Map<string, () => Tensor>();
  for (const { paths, weights } of manifest) {
    const bytes = joined(paths.map((path) => shards.get(path) ?? new Uint8Array(0)));
    let position = 0;
    for (const entry of weights) {
      const { name, shape } = entry;
      const stored = storedType(entry);
      const size = checkedSize(shape);
      const length = size === null ? Infinity : size * bytesPerElement(stored);
      if (length > bytes.length - position) {
        throw invalid(
          `${name}: ${stored} [${shape.join(', ')}] needs bytes ${position} to ${position + length} of ${bytes.length} in ${paths.join(', ')}. A file is cut, or not of this model.`,
        );
      }
      if (found.has(name)) throw invalid(`It has two weights named ${name}.`);
      const own = bytes.subarray(position, position + length);
      found.set(name, () => decoded(entry, stored, own));
      position += length;
    }
    if (position !== bytes.length) {
      throw invalid(
        `${bytes.length - position} bytes at the end of ${paths.join(', ')} belong to no weight.`,
      );
    }
  }
  return found;
}

/** Tensors may begin in one shard and end in the next. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function storedType({ name, dtype, quantization }: WeightEntry): DataType {
  const plain = plainTypes.get(dtype);
  const stored = quantization ? quantizedTypes.get(quantization.dtype) : plain;
  if (stored && plain) return stored;
  const told = quantization ? `${dtype} stored as ${quantization.dtype}` : dtype;
  throw unsupported(`${name} has the element type ${told}.`);
}

function decoded(
  { name, shape, dtype, quantization }: WeightEntry,
  stored: DataType,
  bytes: Uint8Array,
): Tensor {
  const window = windowOn(bytes, {
    ...{ dtype: stored, dims: shape, strides: contiguousStrides(shape), offset: 0 },
  });
  if (typeof window === 'string') throw invalid(`${name}: ${window}.`);
  const numbers = window.float32();
  if (!quantization || stored === 'float16') return tensor(numbers, shape);
  const { scale, min } = quantization;
  const most = stored === 'uint8' ? 255 : 65_535;
  if (
    scale === undefined ||
    min === undefined ||
    !(scale > 0) ||
    !Number.isFinite(Math.fround(most * scale + Math.abs(min)))
  ) {
    throw invalid(`${name}: a quantization with scale ${scale ?? 'none'} and minimum ${min ?? 'none'}.`);
  }
  const values = numbers.map((value) => value * scale + min);
  return tensor(dtype === 'int32' ? values.map(Math.round) : values, shape);
}
