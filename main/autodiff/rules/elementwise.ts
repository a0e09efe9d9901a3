// Gradient rules of the ops that act on each element by itself. g is the gradient of the output y. Pure.
import { elementTypes } from '../../onnx/graph.ts';
import { floatTypes } from '../emitter.ts';
import type { GradientRule, RuleContext } from '../rule.ts';

/** Every operand of a sum gets g, summed over the axes along which it was stretched. */
export const sum: GradientRule = (context) =>
  context.each(...context.node.inputs.map((input) => () => context.emit.sumTo(context.gradient, input)));

export const subtract: GradientRule = (context) => {
  const { emit, gradient } = context;
  return context.each(
    () => emit.sumTo(gradient, context.input(0)),
    () => emit.negate(emit.sumTo(gradient, context.input(1)), context.label('b')),
  );
};

export const multiply: GradientRule = (context) => {
  const { emit, gradient } = context;
  const [a, b] = [context.input(0), context.input(1)];
  return context.each(
    () => emit.sumTo(emit.multiply(gradient, b, context.label('a')), a),
    () => emit.sumTo(emit.multiply(gradient, a, context.label('b')), b),
  );
};

/** d/da = g / b, d/db = -(g / b) y. */
export const divide: GradientRule = (context) => {
  const { emit, gradient } = context;
  const [a, b] = [context.input(0), context.input(1)];
  const share = emit.divide(gradient, b, context.label('a'));
  return context.each(
    () => emit.sumTo(share, a),
    () => emit.negate(emit.sumTo(emit.multiply(share, context.output), b), context.label('b')),
  );
};

/** d/da = g b a^(b-1), d/db = g y ln a (a > 0). */
export const power: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  const [a, b] = [context.input(0), context.input(1)];
  if (emit.type(a) !== emit.type(b)) context.unsupported('base and exponent must have the same element type');
  return context.each(
    () => {
      const lower = emit.op('Pow', [a, emit.subtract(b, emit.scalar(1, b))], {}, context.label('lower'));
      return emit.sumTo(emit.multiply(gradient, emit.multiply(b, lower), context.label('a')), a);
    },
    () => {
      const logarithm = emit.op('Log', [a], {}, context.label('log'));
      return emit.sumTo(emit.multiply(gradient, emit.multiply(output, logarithm), context.label('b')), b);
    },
  );
};

/** A rule for a function of one operand: g times a derivative made of x or y. */
function derivative(make: (context: RuleContext) => string): GradientRule {
  return (context) =>
    context.each(() => context.emit.multiply(context.gradient, make(context), context.label('x')));
}

export const negate: GradientRule = (context) =>
  context.each(() => context.emit.negate(context.gradient, context.label('x')));

export const identity: GradientRule = (context) => context.each(() => context.gradient);

/** Steep enough that every positive single-precision number but the very smallest is clipped to 1. */
const steep = 1e38;

/**
 * 1 above zero, 0 elsewhere: the sign of y = max(x, 0). In single precision it is computed as a clipped line, which
 * the runtime does in half the time that Sign takes.
 */
export const relu = derivative((context) => {
  const { emit, output } = context;
  if (emit.type(output) !== 'float32') return emit.op('Sign', [output], {}, context.label('slope'));
  const line = { alpha: { float: steep }, beta: { float: 0 } };
  return emit.op('HardSigmoid', [output], line, context.label('slope'));
});

/** y (1 - y) */
export const sigmoid = derivative(({ emit, output }) =>
  emit.multiply(output, emit.subtract(emit.scalar(1, output), output)),
);

/** 1 - y^2 */
export const tanh = derivative(({ emit, output }) =>
  emit.subtract(emit.scalar(1, output), emit.multiply(output, output)),
);

/** 2 / sqrt(pi) exp(-x^2) */
export const erf = derivative((context) => {
  const { emit } = context;
  const x = context.input(0);
  const bell = emit.op('Exp', [emit.negate(emit.multiply(x, x))]);
  return emit.multiply(bell, emit.scalar(2 / Math.sqrt(Math.PI), x));
});

export const exponential = derivative(({ output }) => output);

export const logarithm: GradientRule = (context) =>
  context.each(() => context.emit.divide(context.gradient, context.input(0), context.label('x')));

/** g / (2 y) */
export const squareRoot: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  return context.each(() =>
    emit.divide(gradient, emit.multiply(output, emit.scalar(2, output)), context.label('x')),
  );
};

/** -y^2 */
export const reciprocal = derivative(({ emit, output }) => emit.negate(emit.multiply(output, output)));

export const absolute = derivative((context) => context.emit.op('Sign', [context.input(0)]));

/** What was not changed passes its gradient; the bounds themselves are constants. */
export const clip: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  context.refuse([1, 2], 'its bounds are not differentiated');
  return context.each(() => {
    const inside = emit.op('Equal', [context.input(0), output], {}, context.label('inside'));
    return emit.op('Where', [inside, gradient, emit.scalar(0, gradient)], {}, context.label('x'));
  });
};

/** The condition is not differentiated; each branch gets g where it was taken. */
export const where: GradientRule = (context) => {
  const { emit, gradient } = context;
  const [condition, zero] = [context.input(0), emit.scalar(0, gradient)];
  const branch = (index: number, taken: readonly string[]) => {
    if (!context.wanted(index)) return null;
    const kept = emit.op('Where', [condition, ...taken], {}, context.label(`branch${index}`));
    return emit.sumTo(kept, context.input(index));
  };
  return [null, branch(1, [gradient, zero]), branch(2, [zero, gradient])];
};

/** Back to the precision that was cast from; whole numbers have no gradient. */
export const cast: GradientRule = (context) => {
  const { emit, gradient } = context;
  const type = emit.type(context.input(0));
  if (!floatTypes.has(type) || !floatTypes.has(emit.type(gradient))) return [null];
  return context.each(() => emit.op('Cast', [gradient], { to: elementTypes[type].onnx }, context.label('x')));
};
