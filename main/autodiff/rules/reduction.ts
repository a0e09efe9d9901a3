// Gradient rules of sums, means, maxima, and of what is normalised by a sum (softmax). Pure.
import { intAttribute } from '../../onnx/attributes.ts';
import { normalAxis } from '../../onnx/dimensions.ts';
import { elementTypes } from '../../onnx/graph.ts';
import { axesOf } from '../../onnx/shape-context.ts';
import type { GradientRule, RuleContext } from '../rule.ts';

function reducedAxes(context: RuleContext): readonly number[] {
  const rank = context.emit.dims(context.input(0)).length;
  const axes = axesOf(context.emit.shapeContext(context.node));
  return axes?.map((axis) => normalAxis(axis, rank)) ?? Array.from({ length: rank }, (_, axis) => axis);
}

/** A reduced value with its reduced axes back, each of size 1. */
function withAxes(context: RuleContext, value: string): string {
  const { emit, node } = context;
  if (intAttribute(node, 'keepdims', 1) === 1) return value;
  return emit.op('Unsqueeze', [value, emit.list(reducedAxes(context))], {}, `${value}.kept`);
}

export const reduceSum: GradientRule = (context) =>
  context.each(() =>
    context.emit.expandLike(withAxes(context, context.gradient), context.input(0), context.label('x')),
  );

export const reduceMean: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  return context.each(() => {
    const share = emit.divide(gradient, emit.ratioOfSizes(context.input(0), output), context.label('share'));
    return emit.expandLike(withAxes(context, share), context.input(0), context.label('x'));
  });
};

/** Equal largest elements share the gradient. */
export const reduceExtreme: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  const x = context.input(0);
  return context.each(() => {
    const largest = emit.op('Equal', [x, withAxes(context, output)], {}, context.label('largest'));
    const mask = emit.op('Cast', [largest], { to: elementTypes[emit.type(x)].onnx }, context.label('mask'));
    const share = emit.divide(withAxes(context, gradient), emit.sum(mask, reducedAxes(context)));
    return emit.multiply(mask, share, context.label('x'));
  });
};

/** 2 g x */
export const reduceSumSquare: GradientRule = (context) => {
  const { emit, gradient } = context;
  return context.each(() => {
    const doubled = emit.multiply(withAxes(context, gradient), emit.scalar(2, gradient));
    return emit.multiply(context.input(0), doubled, context.label('x'));
  });
};

/** g x / y */
export const reduceL2: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  return context.each(() => {
    const share = withAxes(context, emit.divide(gradient, output));
    return emit.multiply(context.input(0), share, context.label('x'));
  });
};

/** g exp(x - y) */
export const reduceLogSumExp: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  return context.each(() => {
    const share = emit.op('Exp', [emit.subtract(context.input(0), withAxes(context, output))]);
    return emit.multiply(share, withAxes(context, gradient), context.label('x'));
  });
};

function softmaxAxis({ emit, node, output }: RuleContext): number {
  return normalAxis(intAttribute(node, 'axis', -1), emit.dims(output).length);
}

/** y (g - sum(g y)) */
export const softmax: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  return context.each(() => {
    const weighted = emit.sum(emit.multiply(gradient, output), [softmaxAxis(context)]);
    return emit.multiply(output, emit.subtract(gradient, weighted), context.label('x'));
  });
};

/** g - exp(y) sum(g) */
export const logSoftmax: GradientRule = (context) => {
  const { emit, gradient, output } = context;
  return context.each(() => {
    const share = emit.multiply(emit.op('Exp', [output]), emit.sum(gradient, [softmaxAxis(context)]));
    return emit.subtract(gradient, share, context.label('x'));
  });
};
