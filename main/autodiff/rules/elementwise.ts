// Gradient rules of the ops that act on each element by itself. g is the gradient of the output y. Pure.
import { floatAttribute } from '../../onnx/attributes.ts';
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

/** 1 where `value` is above a number, 0 elsewhere. */
function above(context: RuleContext, value: string, bound: number): string {
  const { emit } = context;
  const is = emit.op('Greater', [value, emit.scalar(bound, value)]);
  return emit.op('Cast', [is], { to: elementTypes[emit.type(value)].onnx }, context.label(`above${bound}`));
}

/** 1 above zero, alpha elsewhere. */
export const leakyRelu = derivative((context) => {
  const { emit, node } = context;
  const x = context.input(0);
  const alpha = floatAttribute(node, 'alpha', 0.01);
  const rise = emit.multiply(above(context, x, 0), emit.scalar(1 - alpha, x));
  return emit.add(rise, emit.scalar(alpha, x), context.label('slope'));
});

/** 1 above zero, y + alpha elsewhere. */
export const elu = derivative((context) => {
  const { emit, node, output } = context;
  const alpha = emit.scalar(floatAttribute(node, 'alpha', 1), output);
  const positive = emit.op('Greater', [output, emit.scalar(0, output)]);
  const below = emit.add(output, alpha);
  return emit.op('Where', [positive, emit.scalar(1, output), below], {}, context.label('slope'));
});

/** The logistic function of x. */
export const softplus = derivative((context) => context.emit.op('Sigmoid', [context.input(0)]));

/** alpha where y is strictly between 0 and 1. */
export const hardSigmoid = derivative((context) => {
  const { emit, node, output } = context;
  const alpha = floatAttribute(node, 'alpha', 0.2);
  const inside = emit.subtract(above(context, output, 0), emit.op('Floor', [output]));
  return emit.multiply(inside, emit.scalar(alpha, output), context.label('slope'));
});

/** 0 below -3, 1 above 3, (2 x + 3) / 6 between. */
export const hardSwish = derivative((context) => {
  const { emit } = context;
  const x = context.input(0);
  const scaled = emit.multiply(x, emit.scalar(1 / 3, x));
  const line = emit.add(scaled, emit.scalar(0.5, x), context.label('line'));
  const inside = emit.op('Less', [emit.op('Abs', [x]), emit.scalar(3, x)]);
  return emit.op('Where', [inside, line, above(context, x, 0)], {}, context.label('slope'));
});

export const sine = derivative((context) => context.emit.op('Cos', [context.input(0)]));

export const cosine = derivative((context) =>
  context.emit.negate(context.emit.op('Sin', [context.input(0)])),
);

/** Above zero g for x and nothing for the slope; elsewhere g slope for x and g x for the slope. */
export const pRelu: GradientRule = (context) => {
  const { emit, gradient } = context;
  const [x, slope] = [context.input(0), context.input(1)];
  const zero = emit.scalar(0, x);
  const positive = emit.op('Greater', [x, zero], {}, context.label('positive'));
  return context.each(
    () => emit.op('Where', [positive, gradient, emit.multiply(gradient, slope)], {}, context.label('x')),
    () => {
      const below = emit.op(
        'Where',
        [positive, zero, emit.multiply(gradient, x)],
        {},
        context.label('slope'),
      );
      return emit.sumTo(below, slope);
    },
  );
};

/** Max and Min of any number of operands: those that are the result share the gradient. */
export const extremeOf: GradientRule = (context) => {
  const { emit, node, gradient, output } = context;
  const type = { to: elementTypes[emit.type(output)].onnx };
  const masks = node.inputs.map((input) => emit.op('Cast', [emit.op('Equal', [input, output])], type));
  const count = masks.reduce((total, mask) => emit.add(total, mask));
  const share = emit.divide(gradient, count, context.label('share'));
  return context.each(
    ...node.inputs.map((input, index) => () => emit.sumTo(emit.multiply(share, masks[index]!), input)),
  );
};

/** Mean of any number of operands: each gets its share. */
export const meanOf: GradientRule = (context) => {
  const { emit, node, gradient } = context;
  const share = emit.multiply(
    gradient,
    emit.scalar(1 / node.inputs.length, gradient),
    context.label('share'),
  );
  return context.each(...node.inputs.map((input) => () => emit.sumTo(share, input)));
};

/** As a trained network is run, Dropout changes nothing; its random mode is refused. */
export const dropout: GradientRule = (context) => {
  const mode = context.node.inputs[2] ?? '';
  if (mode !== '') context.unsupported('its training mode is; multiply by a mask that is an input');
  return [context.wanted(0) ? context.gradient : null];
};
