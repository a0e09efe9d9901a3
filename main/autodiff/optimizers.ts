// Optimizers as pure pairs: the state a parameter needs, and the nodes of one update. Pure.
// Both compute what PyTorch's optimizers of the same name do. Sources: Sutskever et al. 2013 (momentum, Nesterov);
// Kingma and Ba 2015, Loshchilov and Hutter 2019 (AdamW).
import type { Emitter } from './emitter.ts';

/** One parameter at the time of an update; every field but the factors names a value of the graph. */
export interface ParameterUpdate {
  readonly parameter: string;
  readonly gradient: string;
  /** In the order of the optimizer's `slots`. */
  readonly slots: readonly string[];
  readonly weightDecay: number;
  /** Multiplies the learning rate for this parameter. */
  readonly learningRateScale: number;
}

/** Values after the update. */
export interface UpdatedParameter {
  readonly parameter: string;
  readonly slots: readonly string[];
}

/** What all parameters of a step share: scalars of the graph. */
export interface StepValues {
  readonly learningRate: string;
  /** Number of this step, from 1. */
  readonly step: string;
}

export interface Optimizer {
  /** Names of the tensors that are kept for each parameter, in the parameter's shape, all zero at first. */
  readonly init: readonly string[];
  readonly update: (
    emit: Emitter,
    step: StepValues,
    parameters: readonly ParameterUpdate[],
  ) => UpdatedParameter[];
}

/** The learning rate of a parameter: the common one, scaled. */
function rateOf(emit: Emitter, common: string, scale: number): string {
  return scale === 1 ? common : emit.multiply(common, emit.scalar(scale, common));
}

export interface SgdOptions {
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/** Stochastic gradient descent; weight decay is added to the gradient. */
export function sgd({ momentum = 0, nesterov = false }: SgdOptions = {}): Optimizer {
  return {
    init: momentum === 0 ? [] : ['momentum'],
    update: (emit, { learningRate }, parameters) =>
      parameters.map(({ parameter, gradient, slots, weightDecay, learningRateScale }) => {
        const scaled = (value: string, factor: number) => emit.multiply(value, emit.scalar(factor, value));
        const slope =
          weightDecay === 0 ? gradient : emit.add(gradient, scaled(parameter, weightDecay), 'sgd/decayed');
        const velocity =
          momentum === 0 ? slope : emit.add(scaled(slots[0]!, momentum), slope, 'sgd/velocity');
        const direction =
          momentum !== 0 && nesterov ? emit.add(slope, scaled(velocity, momentum), 'sgd/ahead') : velocity;
        const step = emit.multiply(direction, rateOf(emit, learningRate, learningRateScale), 'sgd/step');
        return {
          parameter: emit.subtract(parameter, step, 'sgd/next'),
          slots: momentum === 0 ? [] : [velocity],
        };
      }),
  };
}

export interface AdamWOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** Adam with decoupled weight decay. */
export function adamW({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamWOptions = {}): Optimizer {
  return {
    init: ['first_moment', 'second_moment'],
    update(emit, { learningRate, step }, parameters) {
      const number = (value: number) => emit.scalar(value, step);
      const correction = (beta: number) => emit.subtract(number(1), emit.op('Pow', [number(beta), step]));
      const first = correction(beta1);
      const secondRoot = emit.op('Sqrt', [correction(beta2)], {}, 'adamw/second_correction');
      // Towards a value by a share of the way: three passes over the tensor instead of four.
      const approach = (from: string, to: string, share: number, name: string) =>
        emit.add(from, emit.multiply(emit.subtract(to, from), number(share)), name);
      return parameters.map(({ parameter, gradient, slots, weightDecay, learningRateScale }) => {
        const rate = rateOf(emit, learningRate, learningRateScale);
        const mean = approach(slots[0]!, gradient, 1 - beta1, 'adamw/first_moment');
        const square = emit.multiply(gradient, gradient);
        const variance = approach(slots[1]!, square, 1 - beta2, 'adamw/second_moment');
        // m / c1 / (sqrt(v) / sqrt(c2) + epsilon), with the corrections on scalars.
        const deviation = emit.op('Sqrt', [variance], {}, 'adamw/deviation');
        const bound = emit.add(deviation, emit.multiply(secondRoot, number(epsilon)), 'adamw/bound');
        const reach = emit.divide(emit.multiply(rate, secondRoot), first, 'adamw/reach');
        const move = emit.multiply(emit.divide(mean, bound), reach, 'adamw/move');
        const keep = emit.subtract(number(1), emit.multiply(rate, number(weightDecay)));
        const decayed = weightDecay === 0 ? parameter : emit.multiply(parameter, keep, 'adamw/decayed');
        return { parameter: emit.subtract(decayed, move, 'adamw/next'), slots: [mean, variance] };
      });
    },
  };
}
