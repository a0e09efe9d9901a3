// What shape rules and gradient rules both read from a node: axes, windows, slices. Pure.
import { intsAttribute, stringAttribute } from './attributes.ts';
import { normalAxis, ShapeError, type Dimension } from './dimensions.ts';
import type { ElementType, Node } from './graph.ts';

/** What is known of a value before the graph runs. */
export interface ValueType {
  readonly type: ElementType;
  readonly dims: readonly Dimension[];
}

/** What a rule may ask about the node it is applied to. */
export interface ShapeContext {
  readonly node: Node;
  /** @throws ShapeError if the input is absent */
  readonly input: (index: number) => ValueType;
  /** The numbers of an input that is a constant of integers; null where there is no such input. */
  readonly integers: (index: number) => readonly number[] | null;
  /** The same, where some of the numbers may only be named (`batch`). */
  readonly sizes: (index: number) => readonly Dimension[] | null;
}

/** Axes are an attribute in older operator sets and an input in newer ones. */
export function axesOf({ node, integers }: ShapeContext): readonly number[] | null {
  return intsAttribute(node, 'axes') ?? integers(1);
}

/** Sizes of a sliding window over the spatial axes. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
}

/**
 * Strides, padding and dilation of a convolution or a pool.
 * @param kernel its spatial sizes
 * @throws ShapeError if the padding is to be chosen at run time
 */
export function windowOf(node: Node, kernel: readonly number[]): Window {
  if (stringAttribute(node, 'auto_pad', 'NOTSET') !== 'NOTSET')
    throw new ShapeError('auto_pad is not supported');
  const ones = kernel.map(() => 1);
  return {
    kernel,
    strides: intsAttribute(node, 'strides') ?? ones,
    pads: intsAttribute(node, 'pads') ?? [...ones, ...ones].map(() => 0),
    dilations: intsAttribute(node, 'dilations') ?? ones,
  };
}

/** One axis of a slice, with its ends brought into range. */
export interface SliceRange {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/**
 * What a Slice keeps of each axis that it cuts.
 * @throws ShapeError if starts, ends, axes or steps are not constants, or a size is unknown
 */
export function sliceRanges(context: ShapeContext): SliceRange[] {
  const { dims } = context.input(0);
  const [starts, ends] = [context.integers(1), context.integers(2)];
  if (!starts || !ends) throw new ShapeError('the bounds of a slice must be constants');
  const axes = context.integers(3) ?? starts.map((_, index) => index);
  const steps = context.integers(4) ?? starts.map(() => 1);
  return starts.map((from, index) => {
    const axis = normalAxis(axes[index]!, dims.length);
    const size = dims[axis]!;
    if (typeof size !== 'number') throw new ShapeError(`the sliced size ${size} must be known`);
    const step = steps[index]!;
    const clamp = (value: number, low: number, high: number) =>
      Math.min(Math.max(value < 0 ? value + size : value, low), high);
    const start = step > 0 ? clamp(from, 0, size) : clamp(from, 0, size - 1);
    const end = step > 0 ? clamp(ends[index]!, 0, size) : clamp(ends[index]!, -1, size - 1);
    return { axis, start, step, count: Math.max(0, Math.ceil((end - start) / step)) };
  });
}
