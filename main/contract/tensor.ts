// Dense tensors as plain data, so that they cross process borders and enter pure functions unchanged.

/** Numbers in row-major order with their shape; `data.length` is the product of `dims`. */
export interface Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Number of elements of a shape (1 for a scalar). */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/**
 * Wraps data as a tensor.
 * @throws RangeError if the length is not the product of the dimensions.
 */
export function tensor(data: Float32Array, dims: readonly number[]): Tensor {
  if (data.length !== sizeOf(dims)) {
    throw new RangeError(`${data.length} numbers do not fill the shape [${dims.join(', ')}]`);
  }
  return { data, dims };
}
