// A minimal safetensors reader for golden vectors. Test use only: it trusts its files. The reader for
// checkpoints from outside, which trusts nothing, is in main/backbones/checkpoints.
import { readFileSync } from 'node:fs';

/** A tensor as float32, row-major. */
interface TestTensor {
  dims: number[];
  data: Float32Array;
}

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** Bytes per element, and how element at a byte offset is read. */
const readers: Record<string, { size: number; read: (view: DataView, offset: number) => number }> = {
  F16: { size: 2, read: (view, offset) => halfToNumber(view.getUint16(offset, true)) },
  F32: { size: 4, read: (view, offset) => view.getFloat32(offset, true) },
  F64: { size: 8, read: (view, offset) => view.getFloat64(offset, true) },
  I32: { size: 4, read: (view, offset) => view.getInt32(offset, true) },
  I64: { size: 8, read: (view, offset) => Number(view.getBigInt64(offset, true)) },
  U8: { size: 1, read: (view, offset) => view.getUint8(offset) },
  BOOL: { size: 1, read: (view, offset) => view.getUint8(offset) },
};

/**
 * Every tensor of a safetensors file, converted to float32.
 * @throws Error if the file holds an element type that golden vectors do not use
 */
export function readSafetensors(path: string): Map<string, TestTensor> {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, HeaderEntry>;
  const tensors = new Map<string, TestTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const reader = readers[entry.dtype];
    if (!reader) throw new Error(`${path}: ${name} has element type ${entry.dtype}`);
    const count = entry.shape.reduce((product, dim) => product * dim, 1);
    const data = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      data[i] = reader.read(view, start + entry.data_offsets[0] + i * reader.size);
    }
    tensors.set(name, { dims: entry.shape, data });
  }
  return tensors;
}

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
