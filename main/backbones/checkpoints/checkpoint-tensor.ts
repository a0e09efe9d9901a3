// A tensor inside a checkpoint file: a typed, possibly strided window on bytes of the file, converted only when
// asked for. Every number that describes the window comes from the file and is checked before it is used.
import { float16ToFloat32 } from '../../onnx/float16.ts';

interface DataTypeReader {
  /** Bytes per element. */
  readonly size: number;
  /** Little-endian elements (every platform that Electron runs on is little-endian) as float32. */
  readonly float32: (bytes: Uint8Array) => Float32Array;
}

type ElementArray = ArrayLike<number | bigint> & { readonly length: number };

/** A typed view on bytes; copies first where the bytes do not start at a multiple of the element size. */
function viewOf<T extends ElementArray>(
  Type: { new (buffer: ArrayBufferLike, offset: number, length: number): T; BYTES_PER_ELEMENT: number },
  bytes: Uint8Array,
): T {
  const size = Type.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);
  return new Type(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / size));
}

function converted(elements: ElementArray): Float32Array {
  const values = new Float32Array(elements.length);
  for (let i = 0; i < values.length; i++) values[i] = Number(elements[i]);
  return values;
}

/** bfloat16 is the upper half of a float32. */
function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16;
  return new Float32Array(wide.buffer);
}

const readers = {
  float16: { size: 2, float32: (bytes) => float16ToFloat32(viewOf(Uint16Array, bytes)) },
  bfloat16: { size: 2, float32: (bytes) => bfloat16ToFloat32(viewOf(Uint16Array, bytes)) },
  float32: { size: 4, float32: (bytes) => viewOf(Float32Array, bytes) },
  float64: { size: 8, float32: (bytes) => converted(viewOf(Float64Array, bytes)) },
  bool: { size: 1, float32: (bytes) => converted(bytes) },
  uint8: { size: 1, float32: (bytes) => converted(bytes) },
  int8: { size: 1, float32: (bytes) => converted(viewOf(Int8Array, bytes)) },
  uint16: { size: 2, float32: (bytes) => converted(viewOf(Uint16Array, bytes)) },
  int16: { size: 2, float32: (bytes) => converted(viewOf(Int16Array, bytes)) },
  uint32: { size: 4, float32: (bytes) => converted(viewOf(Uint32Array, bytes)) },
  int32: { size: 4, float32: (bytes) => converted(viewOf(Int32Array, bytes)) },
  uint64: { size: 8, float32: (bytes) => converted(viewOf(BigUint64Array, bytes)) },
  int64: { size: 8, float32: (bytes) => converted(viewOf(BigInt64Array, bytes)) },
} as const satisfies Record<string, DataTypeReader>;

/** Element types that checkpoints may hold. */
export type DataType = keyof typeof readers;

/** Bytes per element. */
export function bytesPerElement(dtype: DataType): number {
  return readers[dtype].size;
}

/** A tensor of a checkpoint. What the methods return may be a view on the file's bytes: do not write to it. */
export interface CheckpointTensor {
  readonly dims: readonly number[];
  readonly dtype: DataType;
  /** The elements in row-major order as float32; exact for every element type of at most 24 significant bits. */
  float32(): Float32Array;
  /** The elements in row-major order as raw half-precision bits; present only where dtype is float16. */
  float16Bits?(): Uint16Array;
}

/** A window on the elements of a storage, in elements (not bytes), as PyTorch describes its tensors. */
export interface StridedWindow {
  readonly dtype: DataType;
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Row-major strides of a shape, in elements. */
export function contiguousStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let step = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= Math.max(1, dims[axis]!);
  }
  return strides;
}

/**
 * Number of elements of an unchecked shape.
 * @returns null unless every dimension is a non-negative integer and the product is an exact integer
 */
export function checkedSize(dims: readonly number[]): number | null {
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) return null;
  if (dims.includes(0)) return 0;
  const size = dims.reduce((product, dim) => product * dim, 1);
  return Number.isSafeInteger(size) ? size : null;
}

/**
 * A tensor on the bytes of its storage.
 * @param storage all bytes of the storage; the window may cover a part of it, in any order
 * @returns the tensor, or a sentence that says why the window does not fit the storage
 */
export function windowOn(storage: Uint8Array, window: StridedWindow): CheckpointTensor | string {
  const { dtype, dims, strides, offset } = window;
  const available = Math.floor(storage.byteLength / bytesPerElement(dtype));
  const size = checkedSize(dims);
  if (size === null) return `its shape [${dims.join(', ')}] is not a shape`;
  if (
    strides.length !== dims.length ||
    !strides.every((stride) => Number.isSafeInteger(stride) && stride >= 0)
  ) {
    return `its strides [${strides.join(', ')}] do not go with the shape [${dims.join(', ')}]`;
  }
  const last = size === 0 ? -1 : dims.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis]!, 0);
  // A stride of 0 could make a huge tensor of one stored number: weights never have more elements than are stored.
  const outside = size > available || offset + last >= available;
  if (!Number.isSafeInteger(offset) || offset < 0 || outside) {
    return `shape [${dims.join(', ')}] at offset ${offset} leaves its storage of ${available} elements`;
  }
  return tensorOf(storage, window, size);
}

function tensorOf(storage: Uint8Array, window: StridedWindow, size: number): CheckpointTensor {
  const { dtype, dims } = window;
  const rowMajor = () => gather(storage, window, size);
  const base = { dims: [...dims], dtype, float32: () => readers[dtype].float32(rowMajor()) };
  return dtype === 'float16' ? { ...base, float16Bits: () => viewOf(Uint16Array, rowMajor()) } : base;
}

/** The bytes of a window in row-major order: a view where they lie so already, else a copy. */
function gather(storage: Uint8Array, window: StridedWindow, size: number): Uint8Array {
  const { dims, strides, offset } = window;
  const width = bytesPerElement(window.dtype);
  const natural = contiguousStrides(dims);
  if (size === 0) return new Uint8Array(0);
  if (dims.every((dim, axis) => dim === 1 || strides[axis] === natural[axis])) {
    return storage.subarray(offset * width, (offset + size) * width);
  }
  const bytes = new Uint8Array(size * width);
  const position = new Array<number>(dims.length).fill(0);
  let source = offset;
  for (let target = 0; target < size; target++) {
    for (let b = 0; b < width; b++) bytes[target * width + b] = storage[source * width + b]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++position[axis]! < dims[axis]!) break;
      source -= position[axis]! * strides[axis]!;
      position[axis] = 0;
    }
  }
  return bytes;
}
