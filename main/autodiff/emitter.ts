// Adds nodes to a graph while keeping account of the shape of every value, so that a gradient rule can ask for it.
// Pure; depends on main/onnx.
import { GraphBuilder } from '../onnx/builder.ts';
import { knownSizes, product, sameShape, type Dimension } from '../onnx/dimensions.ts';
import { float32ToFloat16 } from '../onnx/float16.ts';
import { elementTypes, type Constant, type ElementType, type Graph, type Node } from '../onnx/graph.ts';
import type { ShapeContext } from '../onnx/shape-context.ts';
import { inferShapes, type ShapeTable } from '../onnx/shapes.ts';

/** Element types with which gradients are computed. */
export const floatTypes: ReadonlySet<ElementType> = new Set(['float16', 'float32', 'float64']);

export class Emitter extends GraphBuilder {
  readonly #shapes: ShapeTable;
  readonly #scalars = new Map<string, string>();
  readonly #lists = new Map<string, string>();
  readonly #ranked = new Map<string, string>();

  /** @throws ShapeError if the graph's shapes cannot be inferred */
  constructor(graph: Graph) {
    super(graph.name, graph);
    this.#shapes = inferShapes(graph);
  }

  override input(name: string, type: ElementType, dims: readonly Dimension[]): string {
    this.#shapes.addInput(name, { type, dims });
    return super.input(name, type, dims);
  }

  override constant(name: string, constant: Constant): string {
    const unique = super.constant(name, constant);
    this.#shapes.addConstant(unique, constant);
    return unique;
  }

  protected override added(node: Node): void {
    this.#shapes.addNode(node);
  }

  /** @throws ShapeError if there is no such value */
  dims(value: string): readonly Dimension[] {
    return this.#shapes.get(value).dims;
  }

  /** @throws ShapeError if there is no such value */
  type(value: string): ElementType {
    return this.#shapes.get(value).type;
  }

  has(value: string): boolean {
    return this.#shapes.has(value);
  }

  /** The numbers of an int64 constant; null if the value is not one. */
  integers(value: string): readonly number[] | null {
    return this.#shapes.integers(value);
  }

  shapeContext(node: Node): ShapeContext {
    return this.#shapes.context(node);
  }

  /** A number as a constant of the element type of `like`; the same number is stored once. */
  scalar(value: number, like: string): string {
    const type = this.type(like);
    const key = `${type}:${value}`;
    const known = this.#scalars.get(key);
    if (known !== undefined) return known;
    const made = this.constant(`number.${value}`, { type, dims: [], bytes: numberBytes(value, type) });
    this.#scalars.set(key, made);
    return made;
  }

  /** Axes or a shape as a constant; the same list is stored once. */
  list(values: readonly number[]): string {
    const key = values.join(',');
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const made = this.int64(`list.${key}`, values);
    this.#lists.set(key, made);
    return made;
  }

  /** The shape of a value as an int64 list: a constant where it is known, read at run time where it is not. */
  shapeOf(value: string): string {
    const sizes = knownSizes(this.dims(value));
    return sizes ? this.list(sizes) : this.op('Shape', [value], {}, `${value}.shape`);
  }

  add(a: string, b: string, name = 'sum'): string {
    return this.op('Add', this.#aligned(a, b), {}, name);
  }

  subtract(a: string, b: string, name = 'difference'): string {
    return this.op('Sub', this.#aligned(a, b), {}, name);
  }

  multiply(a: string, b: string, name = 'product'): string {
    return this.op('Mul', this.#aligned(a, b), {}, name);
  }

  divide(a: string, b: string, name = 'quotient'): string {
    return this.op('Div', this.#aligned(a, b), {}, name);
  }

  /**
   * The operands of an elementwise op. ONNX Runtime takes a number of lower rank beside a tensor whose last axis has
   * size 1 element by element, forty times slower than one of the same rank.
   */
  #aligned(a: string, b: string): [string, string] {
    return [this.#numberBeside(a, b), this.#numberBeside(b, a)];
  }

  #numberBeside(value: string, other: string): string {
    const [own, dims] = [this.dims(value), this.dims(other)];
    if (product(own) !== 1 || own.length >= dims.length || dims.at(-1) !== 1) return value;
    const key = `${value}:${dims.length}`;
    const known = this.#ranked.get(key);
    if (known !== undefined) return known;
    const made = this.reshape(
      value,
      dims.map(() => 1),
      `${value}.rank${dims.length}`,
    );
    this.#ranked.set(key, made);
    return made;
  }

  negate(value: string, name = 'negative'): string {
    return this.op('Neg', [value], {}, name);
  }

  sum(value: string, axes: readonly number[], keep = true, name = 'total'): string {
    return this.op('ReduceSum', [value, this.list(axes)], { keepdims: keep ? 1 : 0 }, name);
  }

  /** The value in the shape of another with as many elements. */
  reshapeLike(value: string, like: string, name = 'reshaped'): string {
    if (sameShape(this.dims(value), this.dims(like))) return value;
    const reshaped = this.op('Reshape', [value, this.#reshapeTarget(like)], {}, name);
    return reshaped;
  }

  /** A Reshape target that shape inference understands: at most one named dimension is left to be inferred. */
  #reshapeTarget(like: string): string {
    const dims = this.dims(like);
    const named = dims.filter((dim) => typeof dim === 'string').length;
    if (named > 1) return this.shapeOf(like);
    return this.list(dims.map((dim) => (typeof dim === 'number' ? dim : -1)));
  }

  /** The value stretched to the shape of another; it must broadcast to it. */
  expandLike(value: string, like: string, name = 'expanded'): string {
    if (sameShape(this.dims(value), this.dims(like))) return value;
    if (knownSizes(this.dims(like))) return this.op('Expand', [value, this.shapeOf(like)], {}, name);
    // A shape that is only known at run time: adding zeros of that shape stretches as Expand does.
    return this.add(this.multiply(like, this.scalar(0, like)), value, name);
  }

  /**
   * The adjoint of broadcasting: sums over the axes that were stretched.
   * @param like the value as it was before it was stretched
   */
  sumTo(value: string, like: string, name = 'summed'): string {
    const from = this.dims(value);
    const to = this.dims(like);
    if (sameShape(from, to)) return value;
    const lead = from.length - to.length;
    const axes = from.flatMap((dim, axis) => {
      const stretched = axis < lead || (to[axis - lead] === 1 && dim !== 1);
      return stretched ? [axis] : [];
    });
    const summed = axes.length > 0 ? this.sum(value, axes, true, name) : value;
    return this.reshapeLike(summed, like, name);
  }

  /** How many elements of `value` make one of `part`, as a float scalar: the divisor of a mean. */
  ratioOfSizes(value: string, part: string): string {
    const [many, few] = [this.dims(value), this.dims(part)].map((dims) => knownSizes(dims));
    if (many && few) {
      const size = (dims: readonly number[]) => dims.reduce((total, dim) => total * dim, 1);
      return this.scalar(size(many) / size(few), value);
    }
    const count = (source: string) =>
      this.op('Cast', [this.op('Size', [source])], { to: elementTypes[this.type(value)].onnx });
    return this.divide(count(value), count(part));
  }
}

function numberBytes(value: number, type: ElementType): Uint8Array {
  const single = Float32Array.of(value);
  if (type === 'float64') return new Uint8Array(Float64Array.of(value).buffer);
  return new Uint8Array(type === 'float16' ? float32ToFloat16(single).buffer : single.buffer);
}
