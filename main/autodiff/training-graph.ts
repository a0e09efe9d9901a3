// A forward graph and a loss become one training graph: loss, gradients, clipping and optimizer update, computed by
// a single run, with everything that changes from step to step as inputs and outputs. Pure.
import type { Model } from '../onnx/graph.ts';
import { pruneToOutputs } from '../onnx/graph.ts';
import { knownSizes } from '../onnx/dimensions.ts';
import { exposeBatchStatistics, runningStatisticNames, type RunningStatistic } from './batch-statistics.ts';
import { Emitter } from './emitter.ts';
import { AutodiffError } from './error.ts';
import { addGradients } from './gradients.ts';
import { addLoss, type LossSpec } from './losses.ts';
import type { Optimizer } from './optimizers.ts';
import { parametersAsInputs, type StoredWeight } from './parameters.ts';

/** A weight that learns. */
export interface ParameterSpec {
  /** Name of a stored weight of the forward graph. */
  readonly name: string;
  /** 0 where absent; vectors (biases, normalization) are usually not decayed. */
  readonly weightDecay?: number;
  /** Multiplies the learning rate; 1 where absent. */
  readonly learningRateScale?: number;
}

export interface TrainingSpec {
  /** Named dimensions may stay named, or be bound beforehand (bindDimensions), which leaves the runtime less to do. */
  readonly forward: Model;
  readonly loss: LossSpec;
  readonly parameters: readonly ParameterSpec[];
  readonly optimizer: Optimizer;
  /** Gradients are scaled down together where their norm over all parameters exceeds this. */
  readonly maxGradientNorm?: number;
  /** Outputs of the forward graph that the training graph gives too; only the logits where absent. */
  readonly outputs?: readonly string[];
}

/** One tensor that goes into a step under `name` and comes out of it under `next`. */
export interface StateSpec {
  readonly role: 'parameter' | 'statistic' | 'optimizer';
  readonly name: string;
  readonly next: string;
  readonly dims: readonly number[];
  /** Its value before the first step. */
  readonly initial: () => Float32Array;
}

/**
 * Inputs: those of the forward graph; `labels` or `targets` (see LossSpec); `learning_rate` []; every state by its
 * `name`. Outputs: `loss` [], `gradient_norm` [] (over all parameters, before clipping), those asked for, every
 * state by its `next`.
 */
export interface TrainingGraph {
  readonly model: Model;
  readonly state: readonly StateSpec[];
}

/** Name of the state that counts steps. */
const stepName = 'optimizer.step';

/** Added to the norm when clipping, as PyTorch does. */
const clippingEpsilon = 1e-6;

/**
 * Makes the training graph of a model.
 * @throws AutodiffError
 * @throws ShapeError if the shapes of the forward graph cannot be inferred
 */
export function trainingGraph(spec: TrainingSpec): TrainingGraph {
  const { forward, loss, parameters, optimizer } = spec;
  const kept = [...new Set([loss.logits, ...(spec.outputs ?? [])])];
  requireOpset(forward);
  requireOutputs(forward, kept);
  const pruned = pruneToOutputs(forward.graph, kept);
  const names = parameters.map(({ name }) => name);
  const { graph, stored } = parametersAsInputs(pruned, [...names, ...runningStatisticNames(pruned)]);
  const exposed = exposeBatchStatistics(graph);

  const emit = new Emitter({ ...exposed.graph, name: `${forward.graph.name}-training` });
  const lossValue = addLoss(emit, loss);
  const gradients = addGradients(emit, [...emit.nodes], lossValue, names);
  const clipped = addClipping(emit, names, gradients, spec.maxGradientNorm);
  emit.output('loss', lossValue, []);
  emit.output('gradient_norm', clipped.norm, []);
  const state = [
    ...addUpdate(emit, { parameters, optimizer, stored, gradients: clipped.gradients }),
    ...exposed.statistics.map((statistic) => statisticState(emit, statistic, stored)),
  ];
  return { model: emit.build(), state };
}

function requireOpset({ opset, graph }: Model): void {
  if (opset >= 13 && opset <= 17) return;
  const message = `graph ${graph.name} is of operator set ${opset}, not 13 to 17.`;
  throw new AutodiffError('GRADIENT_NOT_SUPPORTED', message);
}

function requireOutputs({ graph }: Model, names: readonly string[]): void {
  const missing = names.find((name) => !graph.outputs.some((output) => output.name === name));
  if (missing === undefined) return;
  throw new AutodiffError('LOSS_INVALID', `graph ${graph.name} has no output ${missing}.`);
}

/** The norm of all gradients together, and the gradients scaled so that it does not exceed a bound. */
function addClipping(
  emit: Emitter,
  names: readonly string[],
  gradients: ReadonlyMap<string, string>,
  bound: number | undefined,
): { norm: string; gradients: ReadonlyMap<string, string> } {
  const squares = names.map((name) =>
    emit.op('ReduceSumSquare', [gradients.get(name)!], { keepdims: 0 }, 'clipping/square'),
  );
  const norm = emit.op('Sqrt', [emit.op('Sum', squares, {}, 'clipping/squares')], {}, 'clipping/norm');
  if (bound === undefined) return { norm, gradients };
  const number = (value: number) => emit.scalar(value, norm);
  const share = emit.divide(number(bound), emit.add(norm, number(clippingEpsilon)), 'clipping/share');
  const factor = emit.op('Min', [share, number(1)], {}, 'clipping/factor');
  const scaled = names.map((name): [string, string] => [
    name,
    emit.multiply(gradients.get(name)!, factor, `clipped/${name}`),
  ]);
  return { norm, gradients: new Map(scaled) };
}

interface UpdateParts {
  readonly parameters: readonly ParameterSpec[];
  readonly optimizer: Optimizer;
  readonly stored: ReadonlyMap<string, StoredWeight>;
  readonly gradients: ReadonlyMap<string, string>;
}

function addUpdate(emit: Emitter, { parameters, optimizer, stored, gradients }: UpdateParts): StateSpec[] {
  const learningRate = emit.input('learning_rate', 'float32', []);
  const before = emit.input(stepName, 'float32', []);
  const step = emit.add(before, emit.scalar(1, before), 'step');
  const prepared = parameters.map(({ name, weightDecay = 0, learningRateScale = 1 }) => {
    const { dims } = stored.get(name)!;
    const slots = optimizer.init.map((slot) => emit.input(`optimizer.${slot}.${name}`, 'float32', dims));
    return { parameter: name, gradient: gradients.get(name)!, slots, weightDecay, learningRateScale };
  });
  const updated = optimizer.update(emit, { learningRate, step }, prepared);
  const state = (role: StateSpec['role'], name: string, value: string, initial: StateSpec['initial']) => {
    const dims = knownSizes(emit.dims(name))!;
    const next = `${name}.next`;
    emit.output(next, value, dims);
    return { role, name, next, dims, initial };
  };
  const zeros = (dims: readonly number[]) => () => new Float32Array(dims.reduce((n, dim) => n * dim, 1));
  return [
    ...prepared.flatMap(({ parameter, slots }, index) => [
      state('parameter', parameter, updated[index]!.parameter, () => stored.get(parameter)!.values.slice()),
      ...slots.map((slot, at) =>
        state('optimizer', slot, updated[index]!.slots[at]!, zeros(stored.get(parameter)!.dims)),
      ),
    ]),
    state('optimizer', stepName, step, zeros([])),
  ];
}

function statisticState(
  emit: Emitter,
  { name, next: value }: RunningStatistic,
  stored: ReadonlyMap<string, StoredWeight>,
): StateSpec {
  const { dims, values } = stored.get(name)!;
  const next = `${name}.next`;
  emit.output(next, value, dims);
  return { role: 'statistic', name, next, dims, initial: () => values.slice() };
}
