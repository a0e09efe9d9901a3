// Dimensions of a shape, some of which are only named (`batch`) until the graph runs. Pure.

/** A size, or a product of a factor and names: `batch`, `4*batch`, `batch*tokens`. */
export type Dimension = number | string;

/** A shape that cannot be inferred, or operands that do not fit each other. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

interface Size {
  factor: number;
  names: string[];
}

function parse(dimension: Dimension): Size {
  if (typeof dimension === 'number') return { factor: dimension, names: [] };
  const parts = dimension.split('*');
  const first = Number(parts[0]);
  return Number.isFinite(first) ? { factor: first, names: parts.slice(1) } : { factor: 1, names: parts };
}

function write({ factor, names }: Size): Dimension {
  if (names.length === 0 || factor === 0) return factor;
  const product = [...names].sort().join('*');
  return factor === 1 ? product : `${factor}*${product}`;
}

/** The number of elements of a shape, as far as it is known. */
export function product(dims: readonly Dimension[]): Dimension {
  const total: Size = { factor: 1, names: [] };
  for (const dim of dims) {
    const { factor, names } = parse(dim);
    total.factor *= factor;
    total.names.push(...names);
  }
  return write(total);
}

/** a / b; null if it is not a whole dimension. */
export function quotient(a: Dimension, b: Dimension): Dimension | null {
  const whole = parse(a);
  const part = parse(b);
  const names = [...whole.names];
  for (const name of part.names) {
    const at = names.indexOf(name);
    if (at < 0) return null;
    names.splice(at, 1);
  }
  if (part.factor === 0 || whole.factor % part.factor !== 0) return null;
  return write({ factor: whole.factor / part.factor, names });
}

/** Replaces names by sizes; what is not in the table stays named. */
export function bindDimension(dimension: Dimension, sizes: Readonly<Record<string, number>>): Dimension {
  const { factor, names } = parse(dimension);
  const unknown = names.filter((name) => sizes[name] === undefined);
  const known = names.reduce((value, name) => value * (sizes[name] ?? 1), factor);
  return write({ factor: known, names: unknown });
}

/** Whether two shapes are surely the same. */
export function sameShape(a: readonly Dimension[], b: readonly Dimension[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** The sizes, if every one of them is known. */
export function knownSizes(dims: readonly Dimension[]): readonly number[] | null {
  return dims.every((dim) => typeof dim === 'number') ? dims : null;
}

/**
 * The shape of an elementwise result (numpy's rule: align at the right, 1 stretches).
 * @throws ShapeError if the shapes do not fit
 */
export function broadcast(a: readonly Dimension[], b: readonly Dimension[]): Dimension[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    // A name beside a size other than 1 can only be that size.
    if (typeof left !== typeof right) return typeof left === 'number' ? left : right;
    throw new ShapeError(`[${a.join(', ')}] and [${b.join(', ')}] do not broadcast`);
  });
}

/**
 * An axis counted from the front.
 * @throws ShapeError if the shape has no such axis
 */
export function normalAxis(axis: number, rank: number): number {
  const index = axis < 0 ? axis + rank : axis;
  if (index < 0 || index >= rank) throw new ShapeError(`a shape of ${rank} axes has no axis ${axis}`);
  return index;
}
