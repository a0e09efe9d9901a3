// The safetensors format: 8 bytes of header length, a JSON header, then the tensors without gaps.
// Specification: https://github.com/huggingface/safetensors#format. Nothing in the header is trusted.
import { z } from 'zod';
import { DermOrbitError } from '../../contract/errors.ts';
import {
  bytesPerElement,
  checkedSize,
  contiguousStrides,
  windowOn,
  type CheckpointTensor,
  type DataType,
} from './checkpoint-tensor.ts';
import { duplicateKey } from './json-keys.ts';

/** The cap of the specification's own implementation. */
const MAX_HEADER_BYTES = 100_000_000;

const dataTypes: ReadonlyMap<string, DataType> = new Map([
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F32', 'float32'],
  ['F64', 'float64'],
  ['BOOL', 'bool'],
  ['U8', 'uint8'],
  ['I8', 'int8'],
  ['U16', 'uint16'],
  ['I16', 'int16'],
  ['U32', 'uint32'],
  ['I32', 'int32'],
  ['U64', 'uint64'],
  ['I64', 'int64'],
]);

const metadataSchema = z.record(z.string(), z.string());
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

interface Entry {
  readonly name: string;
  readonly dtype: DataType;
  readonly dims: number[];
  readonly begin: number;
  readonly end: number;
}

function invalid(message: string, cause?: unknown): DermOrbitError {
  return new DermOrbitError('SAFETENSORS_INVALID', message, { cause });
}

/** Whether the bytes look like safetensors: a length, then the opening brace of the header. */
export function matchSafetensors(bytes: Uint8Array): boolean {
  return bytes.length > 8 && bytes[8] === 0x7b;
}

/**
 * Every tensor of a safetensors file, in the order of the header.
 * @throws DermOrbitError SAFETENSORS_INVALID if the header contradicts the format or itself, CHECKPOINT_TRUNCATED
 *   if the header is sound and the file ends before the data it describes
 */
export function readSafetensors(bytes: Uint8Array): Map<string, CheckpointTensor> {
  const { header, dataStart } = readHeader(bytes);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => readEntry(name, entry));
  const metadata = metadataSchema.safeParse(header.__metadata__ ?? {});
  if (!metadata.success) throw invalid('The header has a __metadata__ that is not an object of texts.');
  requireGapless(entries, bytes.length - dataStart);
  return new Map(
    entries.map((entry) => {
      const storage = bytes.subarray(dataStart + entry.begin, dataStart + entry.end);
      const { dtype, dims } = entry;
      const tensor = windowOn(storage, { dtype, dims, strides: contiguousStrides(dims), offset: 0 });
      if (typeof tensor === 'string') throw invalid(`Tensor "${entry.name}": ${tensor}.`);
      return [entry.name, tensor];
    }),
  );
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8) {
    throw new DermOrbitError('CHECKPOINT_TRUNCATED', `The file ends after ${bytes.length} bytes.`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw invalid(`The header claims ${length.toString()} bytes; at most ${MAX_HEADER_BYTES} are allowed.`);
  }
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.length) {
    throw new DermOrbitError(
      'CHECKPOINT_TRUNCATED',
      `The file ends inside its header: ${bytes.length} bytes of at least ${dataStart}.`,
    );
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart));
    const header: unknown = JSON.parse(text);
    if (!isObject(header)) throw invalid('The header is a JSON value that is not an object.');
    const twice = duplicateKey(text);
    if (twice !== null) throw invalid(`The header names "${twice}" twice.`);
    return { header, dataStart };
  } catch (error) {
    if (error instanceof DermOrbitError) throw error;
    throw invalid('The header is not JSON in UTF-8.', error);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readEntry(name: string, unchecked: unknown): Entry {
  const parsed = entrySchema.safeParse(unchecked);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(
      `Tensor "${name}": ${issue?.path.join('.') ?? 'entry'}: ${issue?.message ?? 'not understood'}.`,
    );
  }
  const { shape: dims, data_offsets } = parsed.data;
  const [begin, end] = data_offsets;
  const dtype = dataTypes.get(parsed.data.dtype);
  if (!dtype) throw invalid(`Tensor "${name}" has the unsupported data type "${parsed.data.dtype}".`);
  const size = checkedSize(dims);
  if (size === null || size * bytesPerElement(dtype) !== end - begin) {
    throw invalid(
      `Tensor "${name}": ${parsed.data.dtype} of shape [${dims.join(', ')}] does not fill bytes ${begin} to ${end}.`,
    );
  }
  return { name, dtype, dims, begin, end };
}

/** The format allows neither overlaps nor holes: sorted by offset, each tensor begins where the last one ended. */
function requireGapless(entries: readonly Entry[], available: number): void {
  let position = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < position) throw invalid(`Tensor "${name}" overlaps the tensor before it (byte ${begin}).`);
    if (begin > position)
      throw invalid(`Bytes ${position} to ${begin}, before "${name}", belong to no tensor.`);
    position = end;
  }
  if (position > available) {
    throw new DermOrbitError(
      'CHECKPOINT_TRUNCATED',
      `The file holds ${available} of ${position} bytes of tensor data.`,
    );
  }
  if (position < available) throw invalid(`${available - position} bytes at the end belong to no tensor.`);
}

/** A tensor to write: row-major elements as their little-endian bytes. */
export interface SafetensorsInput {
  readonly dims: readonly number[];
  readonly dtype: DataType;
  readonly data: Float32Array | Float64Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array;
}

/**
 * A safetensors file. Same tensors, same bytes: tensors are ordered by element size (largest first, so that each
 * is aligned), then by name.
 * @throws RangeError if data do not fill their shape
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsInput>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const names = new Map([...dataTypes].map(([name, dtype]) => [dtype, name]));
  const ordered = [...tensors].toSorted(
    ([nameA, a], [nameB, b]) =>
      bytesPerElement(b.dtype) - bytesPerElement(a.dtype) || (nameA < nameB ? -1 : nameA > nameB ? 1 : 0),
  );
  const header: [string, unknown][] = metadata ? [['__metadata__', metadata]] : [];
  let position = 0;
  for (const [name, { dims, dtype, data }] of ordered) {
    if (checkedSize(dims) !== data.byteLength / bytesPerElement(dtype)) {
      throw new RangeError(`${name}: ${data.byteLength} bytes do not fill ${dtype} [${dims.join(', ')}]`);
    }
    const range = [position, position + data.byteLength];
    header.push([name, { dtype: names.get(dtype), shape: dims, data_offsets: range }]);
    position += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + position).fill(0x20, 8, 8 + padded);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  let target = 8 + padded;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), target);
    target += data.byteLength;
  }
  return bytes;
}
