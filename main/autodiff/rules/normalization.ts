// Gradient rules of batch and layer normalization. Pure.
// Sources: Ioffe and Szegedy 2015, section 3; Ba et al. 2016.
import { floatAttribute, intAttribute } from '../../onnx/attributes.ts';
import { normalAxis } from '../../onnx/dimensions.ts';
import type { GradientRule, InputGradients, RuleContext } from '../rule.ts';

const defaultEpsilon = 1e-5;

/** What both forms of batch normalization need, per channel. */
interface ChannelTerms {
  /** Axes that the statistics run over: all but the channels. */
  readonly axes: readonly number[];
  readonly inverseDeviation: string;
  /** A per-channel vector [C] in the shape that broadcasts against x. */
  readonly column: (vector: string) => string;
}

function channelTerms(context: RuleContext, variance: string): ChannelTerms {
  const { emit, node } = context;
  const rank = emit.dims(context.input(0)).length;
  const epsilon = emit.scalar(floatAttribute(node, 'epsilon', defaultEpsilon), variance);
  const deviation = emit.op('Sqrt', [emit.add(variance, epsilon)], {}, context.label('deviation'));
  const spatial = Array.from({ length: Math.max(rank - 2, 0) }, (_, axis) => axis + 1);
  return {
    axes: [0, ...spatial.map((axis) => axis + 1)],
    inverseDeviation: emit.op('Reciprocal', [deviation], {}, context.label('inverse_deviation')),
    column: (vector) =>
      spatial.length === 0
        ? vector
        : emit.op('Unsqueeze', [vector, emit.list(spatial)], {}, `${vector}.column`),
  };
}

/** Sums over a channel of g and of g times the normalised input: the gradients of shift and scale. */
function channelGradients(
  context: RuleContext,
  mean: string,
  { axes, inverseDeviation }: ChannelTerms,
): { shift: string; scale: string } {
  const { emit, gradient } = context;
  const shift = emit.sum(gradient, axes, false, context.label('shift'));
  const against = emit.sum(emit.multiply(gradient, context.input(0)), axes, false, context.label('against'));
  const centred = emit.subtract(against, emit.multiply(mean, shift));
  return { shift, scale: emit.multiply(centred, inverseDeviation, context.label('scale')) };
}

/** b x + c with b and c per channel: batch normalization by mean 0 and variance 1 does it in one pass. */
function perChannel(context: RuleContext, x: string, b: string, c: string): string {
  const { emit } = context;
  const zeros = emit.multiply(c, emit.scalar(0, c));
  const ones = emit.add(zeros, emit.scalar(1, c));
  return emit.op(
    'BatchNormalization',
    [x, b, c, zeros, ones],
    { epsilon: { float: 0 } },
    context.label('affine'),
  );
}

/** Statistics are constants: y is x times a factor per channel, plus a shift. */
function withFixedStatistics(context: RuleContext): InputGradients {
  const { emit, gradient } = context;
  context.refuse([3, 4], 'its running statistics are not differentiated');
  const [, scale, , mean, variance] = [0, 1, 2, 3, 4].map((index) => context.input(index)) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const terms = channelTerms(context, variance);
  const sums = context.wanted(1) || context.wanted(2) ? channelGradients(context, mean, terms) : null;
  return context.each(
    () => {
      const factor = terms.column(emit.multiply(scale, terms.inverseDeviation));
      return emit.multiply(gradient, factor, context.label('x'));
    },
    () => sums!.scale,
    () => sums!.shift,
  );
}

/**
 * Statistics of the batch: dx = s (g - mean(g) - z mean(g z)), z the normalised input and s scale over deviation;
 * written as a g + b x + c with a, b, c per channel, so that x is read once.
 * Mean and variance are the node's second and third outputs, which hold the batch's own where momentum is 0
 * (batch-statistics.ts sees to that).
 */
function withBatchStatistics(context: RuleContext): InputGradients {
  const { emit, node, gradient } = context;
  const [, mean, variance] = node.outputs;
  if (!mean || !variance || floatAttribute(node, 'momentum', 0.9) !== 0) {
    return context.unsupported('its batch statistics are not among its outputs');
  }
  const x = context.input(0);
  const terms = channelTerms(context, variance);
  const sums = channelGradients(context, mean, terms);
  return context.each(
    () => {
      const count = emit.ratioOfSizes(x, mean);
      const factor = emit.multiply(context.input(1), terms.inverseDeviation);
      const slope = emit.divide(emit.multiply(terms.inverseDeviation, sums.scale), count);
      const b = emit.negate(emit.multiply(factor, slope), context.label('b'));
      const rest = emit.divide(emit.multiply(factor, sums.shift), count);
      const c = emit.negate(emit.add(emit.multiply(b, mean), rest), context.label('c'));
      const scaled = perChannel(context, x, b, c);
      return emit.add(emit.multiply(gradient, terms.column(factor)), scaled, context.label('x'));
    },
    () => sums.scale,
    () => sums.shift,
  );
}

export const batchNormalization: GradientRule = (context) =>
  intAttribute(context.node, 'training_mode', 0) === 1
    ? withBatchStatistics(context)
    : withFixedStatistics(context);

/** dx = (h - mean(h) - z mean(h z)) / deviation with h = g scale; the statistics are computed again from x. */
export const layerNormalization: GradientRule = (context) => {
  const { emit, node, gradient } = context;
  const [x, scale] = [context.input(0), context.input(1)];
  const rank = emit.dims(x).length;
  const first = normalAxis(intAttribute(node, 'axis', -1), rank);
  const axes = Array.from({ length: rank - first }, (_, index) => first + index);
  const mean = (value: string) => {
    const total = emit.sum(value, axes);
    return emit.divide(total, emit.ratioOfSizes(value, total));
  };
  const centred = emit.subtract(x, mean(x), context.label('centred'));
  const variance = mean(emit.multiply(centred, centred));
  const epsilon = emit.scalar(floatAttribute(node, 'epsilon', defaultEpsilon), x);
  const deviation = emit.op('Sqrt', [emit.add(variance, epsilon)], {}, context.label('deviation'));
  const z = emit.divide(centred, deviation, context.label('z'));
  return context.each(
    () => {
      const h = emit.multiply(gradient, scale);
      const level = emit.add(mean(h), emit.multiply(z, mean(emit.multiply(h, z))));
      return emit.divide(emit.subtract(h, level), deviation, context.label('x'));
    },
    () => emit.sumTo(emit.multiply(gradient, z), scale),
    () => emit.sumTo(gradient, context.input(2)),
  );
};
