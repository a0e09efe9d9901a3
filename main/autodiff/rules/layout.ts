// Gradient rules of the ops that move elements without changing them: their adjoints move the gradients back. Pure.
import { intAttribute, intsAttribute, stringAttribute } from '../../onnx/attributes.ts';
import { normalAxis } from '../../onnx/dimensions.ts';
import { sliceRanges } from '../../onnx/shape-context.ts';
import type { GradientRule, RuleContext } from '../rule.ts';

/** Reshape, Flatten, Squeeze, Unsqueeze. */
export const reshape: GradientRule = (context) =>
  context.each(() => context.emit.reshapeLike(context.gradient, context.input(0), context.label('x')));

export const transpose: GradientRule = (context) => {
  const { emit, node, gradient } = context;
  const rank = emit.dims(gradient).length;
  const order = intsAttribute(node, 'perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  const back = order.map((_, axis) => order.indexOf(axis));
  return context.each(() => emit.transpose(gradient, back, context.label('x')));
};

export const expand: GradientRule = (context) =>
  context.each(() => context.emit.sumTo(context.gradient, context.input(0), context.label('x')));

export const concat: GradientRule = (context) => {
  const { emit, node, gradient } = context;
  const axis = normalAxis(intAttribute(node, 'axis', 0), emit.dims(gradient).length);
  let start = 0;
  return node.inputs.map((input, index) => {
    const size = emit.dims(input)[axis]!;
    if (typeof size !== 'number') return context.unsupported(`the joined size ${size} must be known`);
    const [from, to] = [start, start + size];
    start = to;
    if (!context.wanted(index)) return null;
    const bounds = [emit.list([from]), emit.list([to]), emit.list([axis])];
    return emit.op('Slice', [gradient, ...bounds], {}, context.label(`part${index}`));
  });
};

/** Zeros go where the slice took nothing. */
export const slice: GradientRule = (context) => {
  const { emit, gradient } = context;
  const dims = emit.dims(context.input(0));
  const ranges = sliceRanges(emit.shapeContext(context.node));
  const sizeOf = (axis: number) => dims[axis] as number;
  return context.each(() => {
    let value = gradient;
    const pads = [...dims, ...dims].map(() => 0);
    for (const { axis, start, step, count } of ranges) {
      if (step === 1) {
        pads[axis] = start;
        pads[axis + dims.length] = sizeOf(axis) - start - count;
      } else {
        const taken = Array.from({ length: count }, (_, index) => start + index * step);
        value = spread(context, value, axis, taken, sizeOf(axis));
      }
    }
    if (pads.every((pad) => pad === 0)) return value;
    return emit.op('Pad', [value, emit.list(pads)], {}, context.label('x'));
  });
};

/**
 * Puts slice i of a value at position `places[i]` of an axis, and zeros elsewhere: the adjoint of taking those
 * slices once each. A permutation becomes one Gather.
 */
function spread(
  context: RuleContext,
  value: string,
  axis: number,
  places: readonly number[],
  size: number,
): string {
  const { emit } = context;
  const source = Array.from({ length: size }, () => -1);
  places.forEach((place, index) => (source[place] = index));
  const complete = !source.includes(-1);
  const rank = emit.dims(value).length;
  const after = Array.from({ length: 2 * rank }, (_, index) => (index === axis + rank ? 1 : 0));
  // A slice of zeros behind the others, for the positions that nothing was taken from.
  const padded = complete ? value : emit.op('Pad', [value, emit.list(after)], {}, context.label('padded'));
  const indices = emit.list(source.map((index) => (index < 0 ? places.length : index)));
  return emit.op('Gather', [padded, indices], { axis }, context.label('x'));
}

/** Slices that were taken get their gradients back; one that was taken often gets their sum. */
export const gather: GradientRule = (context) => {
  const { emit, node } = context;
  const [data, indices] = [context.input(0), context.input(1)];
  const dims = emit.dims(data);
  const axis = normalAxis(intAttribute(node, 'axis', 0), dims.length);
  const size = dims[axis]!;
  if (typeof size !== 'number') return context.unsupported(`the size ${size} must be known`);
  return context.each(() => {
    const flat = flatIndices(context, axis);
    const places = (emit.integers(indices) ?? []).map((index) => (index < 0 ? index + size : index));
    if (places.length > 0 && new Set(places).size === places.length)
      return spread(context, flat, axis, places, size);
    return scatterSum(context, flat, axis);
  });
};

/** The gradient with the axes of the indices joined to one. */
function flatIndices(context: RuleContext, axis: number): string {
  const { emit, gradient } = context;
  const rank = emit.dims(context.input(1)).length;
  if (rank === 1) return gradient;
  if (rank === 0) return emit.op('Unsqueeze', [gradient, emit.list([axis])], {}, context.label('flat'));
  const dims = emit.dims(gradient);
  const joined = [...dims.slice(0, axis), -1, ...dims.slice(axis + rank)];
  if (joined.filter((dim) => typeof dim === 'string' || dim === -1).length > 1) {
    return context.unsupported(`the shape [${dims.join(', ')}] must be known`);
  }
  return emit.reshape(gradient, joined as number[], context.label('flat'));
}

function scatterSum(context: RuleContext, flat: string, axis: number): string {
  const { emit } = context;
  const data = context.input(0);
  const sizes = context.sizes(flat);
  const column = sizes.map((_, at) => (at === axis ? -1 : 1));
  const listed = emit.reshape(context.input(1), column, context.label('indices'));
  const everywhere = emit.op('Expand', [listed, emit.list(sizes)], {}, context.label('places'));
  const zeros = emit.op('Expand', [emit.scalar(0, data), emit.shapeOf(data)], {}, context.label('zeros'));
  const inputs = [zeros, everywhere, flat];
  return emit.op('ScatterElements', inputs, { axis, reduction: 'add' }, context.label('x'));
}

/** Constant padding: what was added is cut off again. */
export const pad: GradientRule = (context) => {
  const { emit, node, gradient } = context;
  if (stringAttribute(node, 'mode', 'constant') !== 'constant') {
    context.unsupported('only constant padding is');
  }
  context.refuse([2], 'its fill value is not differentiated');
  const pads = emit.integers(context.input(1));
  if (!pads) return context.unsupported('the padding must be a constant');
  const rank = pads.length / 2;
  return context.each(() => {
    const axes = Array.from({ length: rank }, (_, axis) => axis).filter(
      (axis) => pads[axis] !== 0 || pads[axis + rank] !== 0,
    );
    const starts = axes.map((axis) => pads[axis]!);
    const ends = axes.map((axis) => (emit.dims(gradient)[axis] as number) - pads[axis + rank]!);
    const bounds = [emit.list(starts), emit.list(ends), emit.list(axes)];
    return emit.op('Slice', [gradient, ...bounds], {}, context.label('x'));
  });
};

/** The parts' gradients joined again; zeros for a part that the loss does not depend on. */
export const split: GradientRule = (context) => {
  const { emit, node, gradients } = context;
  const axis = normalAxis(intAttribute(node, 'axis', 0), emit.dims(context.input(0)).length);
  return context.each(() => {
    const parts = node.outputs.map((output, index) => {
      const part = gradients[index] ?? null;
      return part ?? emit.multiply(output, emit.scalar(0, output), context.label(`zero${index}`));
    });
    return emit.op('Concat', parts, { axis }, context.label('x'));
  });
};
