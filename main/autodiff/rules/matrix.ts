// Gradient rules of matrix products. Y = A B gives dA = dY B^T and dB = A^T dY. Pure.
import { floatAttribute, intAttribute } from '../../onnx/attributes.ts';
import type { Emitter } from '../emitter.ts';
import type { GradientRule } from '../rule.ts';

function swapLast(emit: Emitter, value: string): string {
  const axes = emit.dims(value).map((_, axis) => axis);
  const last = axes.length - 1;
  [axes[last - 1], axes[last]] = [last, last - 1];
  return emit.transpose(value, axes, `${value}.T`);
}

/** op(a) op(b) for two matrices, without transposing either in memory. */
function product(
  emit: Emitter,
  a: string,
  b: string,
  { transA = 0, transB = 0 }: { transA?: number; transB?: number },
  name: string,
): string {
  return emit.op('Gemm', [a, b], { transA, transB }, name);
}

/** MatMul of numpy: the last two axes are matrices, the others broadcast; a vector is a row or a column. */
export const matMul: GradientRule = (context) => {
  const { emit, gradient } = context;
  const [a, b] = [context.input(0), context.input(1)];
  const [aRank, bRank] = [emit.dims(a).length, emit.dims(b).length];
  if (aRank < 2 || bRank < 2) context.unsupported('one operand is a vector; give it a second axis');
  if (bRank === 2) {
    // One matrix for all: every row of A and of dY belongs to the same product.
    const rows = (value: string) => {
      const dims = emit.dims(value);
      if (dims.length === 2) return value;
      const columns = dims.at(-1)!;
      if (typeof columns !== 'number') return context.unsupported('the shared size must be known');
      return emit.reshape(value, [-1, columns], `${value}.rows`);
    };
    return context.each(
      () =>
        emit.reshapeLike(product(emit, rows(gradient), b, { transB: 1 }, context.label('a')), a, `${a}.grad`),
      () => product(emit, rows(a), rows(gradient), { transA: 1 }, context.label('b')),
    );
  }
  return context.each(
    () => emit.sumTo(emit.op('MatMul', [gradient, swapLast(emit, b)], {}, context.label('a')), a),
    () => emit.sumTo(emit.op('MatMul', [swapLast(emit, a), gradient], {}, context.label('b')), b),
  );
};

/** Y = alpha op(A) op(B) + beta C */
export const gemm: GradientRule = (context) => {
  const { emit, node, gradient } = context;
  const [a, b] = [context.input(0), context.input(1)];
  const [transA, transB] = [intAttribute(node, 'transA', 0), intAttribute(node, 'transB', 0)];
  const scaled = (value: string, factor: number) =>
    factor === 1 ? value : emit.multiply(value, emit.scalar(factor, value));
  const alpha = floatAttribute(node, 'alpha', 1);
  if (a === b && transA !== transB && context.wanted(0) && !context.wanted(2)) {
    // A A^T or A^T A: both operands' gradients in one product with the symmetric part.
    const both = emit.add(gradient, swapLast(emit, gradient), context.label('symmetric'));
    const factors = transA ? [a, both] : [both, a];
    return [scaled(product(emit, factors[0]!, factors[1]!, {}, context.label('a')), alpha), null, null];
  }
  return context.each(
    () => {
      const [left, right, turned] = transA ? [b, gradient, 1] : [gradient, b, 0];
      const transposed = turned ? { transA: transB, transB: 1 } : { transB: 1 - transB };
      return scaled(product(emit, left, right, transposed, context.label('a')), alpha);
    },
    () => {
      const [left, right] = transB ? [gradient, a] : [a, gradient];
      const transposed = transB ? { transA: 1, transB: transA } : { transA: 1 - transA };
      return scaled(product(emit, left, right, transposed, context.label('b')), alpha);
    },
    () => scaled(emit.sumTo(gradient, context.input(2)), floatAttribute(node, 'beta', 1)),
  );
};
