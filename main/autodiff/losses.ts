// The loss of a classifier as nodes: cross entropy of class logits, with the variants that class imbalance asks
// for. Pure. Sources: Vlasenko et al. (`updated` and `original`, METHODS.md); Menon et al. 2021 (logit adjustment);
// Szegedy et al. 2016, section 7 (label smoothing).
import { elementTypes } from '../onnx/graph.ts';
import type { Emitter } from './emitter.ts';
import { AutodiffError } from './error.ts';

/** What is minimised. */
export interface LossSpec {
  /** Cross entropy on logits (`updated`) or on softmaxed logits, a double softmax (`original`). */
  readonly kind: 'updated' | 'original';
  /** Name of the forward graph's output of logits [batch, K]. */
  readonly logits: string;
  /**
   * How the truth is fed: `labels` [batch], int64, a class index each; or `targets` [batch, K], a distribution
   * over the classes each (self-distillation, mixed images).
   */
  readonly target?: 'labels' | 'targets';
  /** One factor per class, for the samples of that class; the loss is the weighted mean. */
  readonly classWeights?: readonly number[];
  /** Added to the logits before the loss (tau log prior), and to nothing else. */
  readonly logitAdjustment?: readonly number[];
  /** Share of the truth that is spread evenly over all classes; in [0, 1). */
  readonly labelSmoothing?: number;
}

/**
 * Adds the loss to a graph:
 * L = - sum_ic w_c q_ic log p_ic / sum_ic w_c q_ic, with targets q, class weights w and p = softmax(logits).
 * @returns the loss, one number
 * @throws AutodiffError LOSS_INVALID
 */
export function addLoss(emit: Emitter, spec: LossSpec): string {
  const { logits, kind, classWeights, logitAdjustment } = spec;
  if (!emit.has(logits)) throw new AutodiffError('LOSS_INVALID', `The graph has no logits ${logits}.`);
  const dims = emit.dims(logits);
  const classes = dims[1];
  if (dims.length !== 2 || typeof classes !== 'number') {
    throw new AutodiffError('LOSS_INVALID', `The logits ${logits} are [${dims.join(', ')}], not [batch, K].`);
  }
  const row = (what: string, values: readonly number[]) => classRow(emit, logits, what, values, classes);
  const adjusted = logitAdjustment
    ? emit.add(logits, row('logit_adjustment', logitAdjustment), 'loss/adjusted')
    : logits;
  const scores =
    kind === 'original' ? emit.op('Softmax', [adjusted], { axis: -1 }, 'loss/softmax') : adjusted;
  const logarithms = emit.op('LogSoftmax', [scores], { axis: -1 }, 'loss/log_probabilities');
  const targets = smoothed(emit, spec, addTargets(emit, spec, classes), classes);
  const weights = classWeights
    ? emit.multiply(targets, row('class_weights', classWeights), 'loss/weights')
    : targets;
  const entropy = emit.sum(emit.multiply(weights, logarithms), [0, 1], false, 'loss/log_likelihood');
  const total = emit.sum(weights, [0, 1], false, 'loss/total_weight');
  return emit.negate(emit.divide(entropy, total), 'loss/value');
}

function classRow(
  emit: Emitter,
  logits: string,
  what: string,
  values: readonly number[],
  classes: number,
): string {
  if (values.length !== classes || !values.every(Number.isFinite)) {
    throw new AutodiffError('LOSS_INVALID', `${what}: ${values.length} numbers for ${classes} classes.`);
  }
  const row = emit.float32(`loss/${what}`, Float32Array.from(values), [classes]);
  const type = emit.type(logits);
  return type === 'float32' ? row : emit.op('Cast', [row], { to: elementTypes[type].onnx });
}

/** The truth as one distribution over the classes per sample. */
function addTargets(emit: Emitter, { logits, target = 'labels' }: LossSpec, classes: number): string {
  const batch = emit.dims(logits)[0]!;
  const type = emit.type(logits);
  if (target === 'targets') return emit.input('targets', type, [batch, classes]);
  const labels = emit.input('labels', 'int64', [batch]);
  const column = emit.op('Unsqueeze', [labels, emit.list([1])], {}, 'loss/labels');
  const indices = emit.list(Array.from({ length: classes }, (_, index) => index));
  const same = emit.op('Equal', [column, indices], {}, 'loss/is_label');
  return emit.op('Cast', [same], { to: elementTypes[type].onnx }, 'loss/one_hot');
}

function smoothed(emit: Emitter, { labelSmoothing = 0 }: LossSpec, targets: string, classes: number): string {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new AutodiffError('LOSS_INVALID', `Label smoothing ${labelSmoothing} is not in [0, 1).`);
  }
  if (labelSmoothing === 0) return targets;
  const kept = emit.multiply(targets, emit.scalar(1 - labelSmoothing, targets));
  return emit.add(kept, emit.scalar(labelSmoothing / classes, targets), 'loss/smoothed');
}
