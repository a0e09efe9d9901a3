// Checkpoint files made in memory for tests: a tiny CLIP with random weights in all three formats, and the parts to
// make malformed ones from. Test use only. No disk, no network, the same bytes on every run.
import { crc32 } from 'node:zlib';
import {
  expectedTensors,
  type TextArchitecture,
  type VisualArchitecture,
} from '../backbones/clip-resnet/architecture.ts';
import {
  bytesPerElement,
  contiguousStrides,
  type DataType,
} from '../backbones/checkpoints/checkpoint-tensor.ts';
import { writeSafetensors, type SafetensorsInput } from '../backbones/checkpoints/safetensors.ts';
import { float32ToFloat16 } from '../onnx/float16.ts';

/** 32 px input, a feature map of one cell with 64 channels. */
export const tinyVisual: VisualArchitecture = {
  layers: [1, 2, 1, 1],
  width: 2,
  heads: 1,
  resolution: 32,
  featureChannels: 64,
  featureSize: 1,
  embeddingWidth: 4,
};

export const tinyText: TextArchitecture = {
  layers: 1,
  width: 64,
  heads: 1,
  contextLength: 5,
  vocabularySize: 8,
};

/** Uniform numbers in [0, 1) from a seed (Lehmer's generator, multiplier 48271). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** Random weights for every tensor of an architecture; matrices and kernels in half precision, as OpenAI's. */
export function randomClip(
  visual: VisualArchitecture = tinyVisual,
  text: TextArchitecture | null = tinyText,
): Map<string, SafetensorsInput> {
  const random = seededRandom(7);
  const tensors = new Map<string, SafetensorsInput>();
  for (const [name, dims] of expectedTensors(visual, text)) {
    const size = dims.reduce((product, dim) => product * dim, 1);
    // Positive, so that variances are valid.
    const values = Float32Array.from({ length: size }, () => 0.1 + random());
    const half = dims.length > 1;
    tensors.set(name, {
      dims,
      dtype: half ? 'float16' : 'float32',
      data: half ? float32ToFloat16(values) : values,
    });
  }
  if (text) tensors.set('logit_scale', { dims: [], dtype: 'float32', data: Float32Array.of(Math.log(100)) });
  return tensors;
}

/** Bytes one after the other; texts as Latin-1, so that '\x80' is the byte 0x80. */
export function joinBytes(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Pieces of pickles. Each returns the instructions that leave one value on the stack. */
export const pickled = {
  text: (value: string) => joinBytes('X', uint32(Buffer.byteLength(value)), Buffer.from(value)),
  integer: (value: number) => joinBytes('J', uint32(value >>> 0)),
  global: (module: string, name: string) => joinBytes(`c${module}\n${name}\n`),
  tuple: (...items: Uint8Array[]) => joinBytes('(', ...items, 't'),
  list: (...items: Uint8Array[]) => joinBytes('](', ...items, 'e'),
  dict: (entries: Iterable<readonly [string, Uint8Array]>) =>
    joinBytes('}(', ...[...entries].flatMap(([key, value]) => [pickled.text(key), value]), 'u'),
  call: (target: Uint8Array, ...args: Uint8Array[]) => joinBytes(target, pickled.tuple(...args), 'R'),
  instance: (className: readonly [string, string], attributes: Uint8Array) =>
    joinBytes(pickled.global(...className), ')\x81', attributes, 'b'),
  /** A whole pickle, protocol 2. */
  program: (...body: (Uint8Array | string)[]) => joinBytes('\x80\x02', ...body, '.'),
};

const storageNames: Partial<Record<DataType, string>> = {
  float16: 'HalfStorage',
  bfloat16: 'BFloat16Storage',
  float32: 'FloatStorage',
  float64: 'DoubleStorage',
  int64: 'LongStorage',
};

/** How a tensor lies in its storage; what is absent is row-major from the start. */
export interface PickledTensor {
  readonly key: string;
  readonly dtype: DataType;
  readonly dims: readonly number[];
  readonly strides?: readonly number[];
  readonly offset?: number;
  /** Elements that the storage claims to have. */
  readonly count: number;
}

/** The instructions for one tensor, as torch.save writes them. */
export function pickledTensor(tensor: PickledTensor): Uint8Array {
  const { key, dtype, dims, strides = contiguousStrides(dims), offset = 0, count } = tensor;
  const integers = (values: readonly number[]) => pickled.tuple(...values.map(pickled.integer));
  const storage = joinBytes(
    pickled.tuple(
      pickled.text('storage'),
      pickled.global('torch', storageNames[dtype] ?? 'ByteStorage'),
      pickled.text(key),
      pickled.text('cpu'),
      pickled.integer(count),
    ),
    'Q',
  );
  return pickled.call(
    pickled.global('torch._utils', '_rebuild_tensor_v2'),
    storage,
    pickled.integer(offset),
    integers(dims),
    integers(strides),
    joinBytes('\x89'),
    pickled.call(pickled.global('collections', 'OrderedDict')),
  );
}

/** An entry of a ZIP archive; what is not given is right. */
export interface ZipInput {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly checksum?: number;
  /** What the directory claims; all ones with `zip64`. */
  readonly size?: number;
  readonly offset?: number;
  /** Whether sizes and offset stand in the ZIP64 extra field. */
  readonly zip64?: boolean;
}

/** A ZIP archive of uncompressed entries. */
export function zipOf(entries: readonly ZipInput[]): Uint8Array {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const { flags = 0, method = 0, checksum = crc32(entry.data), size = entry.data.length } = entry;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const extra = Buffer.alloc(entry.zip64 ? 28 : 0);
    if (entry.zip64) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      [size, size, position].forEach((value, i) => extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i));
    }
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(checksum, 16);
    central.writeUInt32LE(entry.zip64 ? 0xffffffff : size, 20);
    central.writeUInt32LE(entry.zip64 ? 0xffffffff : size, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt16LE(extra.length, 30);
    central.writeUInt32LE(entry.zip64 ? 0xffffffff : (entry.offset ?? position), 42);
    directory.push(central, name, extra);
    locals.push(local, name, entry.data);
    position += 30 + name.length + entry.data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(position, 16);
  return joinBytes(...locals, ...directory, end);
}

/** A PyTorch archive around a pickle. */
export function torchArchive(pickle: Uint8Array, storages: readonly Uint8Array[] = [], ...more: ZipInput[]) {
  return zipOf([
    { name: 'archive/data.pkl', data: pickle },
    ...storages.map((data, key) => ({ name: `archive/data/${key}`, data })),
    { name: 'archive/version', data: joinBytes('3\n') },
    ...more,
  ]);
}

function bytesOf({ data }: SafetensorsInput): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function storageOf(tensor: SafetensorsInput, index: number): Uint8Array {
  const { dtype, dims } = tensor;
  return pickledTensor({
    key: String(index),
    dtype,
    dims,
    count: bytesOf(tensor).length / bytesPerElement(dtype),
  });
}

/**
 * What torch.save writes for a state dict.
 * @param wrap puts the dictionary into something else
 */
export function stateDictFile(
  tensors: ReadonlyMap<string, SafetensorsInput>,
  wrap: (dict: Uint8Array) => Uint8Array = (dict) => dict,
): Uint8Array {
  const entries = [...tensors].map(([name, tensor], i) => [name, storageOf(tensor, i)] as const);
  return torchArchive(pickled.program(wrap(pickled.dict(entries))), [...tensors.values()].map(bytesOf));
}

/** What torch.jit.save writes for modules with these tensors: one module per part of a dotted name. */
export function torchScriptFile(tensors: ReadonlyMap<string, SafetensorsInput>): Uint8Array {
  const parts = [...tensors].map(([name, tensor], i) => ({
    path: name.split('.'),
    value: storageOf(tensor, i),
  }));
  const moduleOf = (items: typeof parts): Uint8Array => {
    const names = [...new Set(items.map(({ path }) => path[0]!))];
    const attributes = names.map((name) => {
      const inside = items.filter(({ path }) => path[0] === name);
      const leaf = inside.find(({ path }) => path.length === 1);
      const value =
        leaf?.value ?? moduleOf(inside.map(({ path, value }) => ({ path: path.slice(1), value })));
      return [name, value] as const;
    });
    return pickled.instance(
      ['__torch__.clip.model', 'Module'],
      pickled.dict([['training', joinBytes('\x89')], ...attributes]),
    );
  };
  return torchArchive(pickled.program(moduleOf(parts)), [...tensors.values()].map(bytesOf), {
    name: 'archive/constants.pkl',
    data: pickled.program('N'),
  });
}

/** A safetensors file with this header, which need not be right. */
export function safetensorsFile(header: unknown, data: Uint8Array, claimedLength?: bigint): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimedLength ?? BigInt(json.length));
  return joinBytes(length, json, data);
}

/** The same weights in every format, by format name. */
export function checkpointFiles(tensors: ReadonlyMap<string, SafetensorsInput>): Record<string, Uint8Array> {
  return {
    torchscript: torchScriptFile(tensors),
    'state-dict': stateDictFile(tensors),
    safetensors: writeSafetensors(tensors),
  };
}
