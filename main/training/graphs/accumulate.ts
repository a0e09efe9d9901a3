// A step over a batch that does not fit into memory at once: parts of it run one after the other through the same
// graph, gradients are added up, and the optimizer acts on their mean. Pure.
import type { Emitter } from '../../autodiff/emitter.ts';
import type { Optimizer } from '../../autodiff/optimizers.ts';
import { mapOf, type Manifest } from '../../contract/manifest.ts';
import type { TrainedNet } from './weight-nets.ts';

/** Name of the slot that holds the sum over the parts before this one. */
export const sumSlot = 'gradient_sum';

/** Added to the norm when clipping, as PyTorch does. */
const clippingEpsilon = 1e-6;

/**
 * An optimizer that acts on (sum + gradient) / parts. Its slot `gradient_sum` comes out as sum + gradient: it is fed
 * back before the last part, and zero again after it; everything else that comes out before the last part is void.
 * @param bound of the mean gradient's norm over all parameters; undefined: none
 */
export function accumulating(inner: Optimizer, parts: number, bound: number | undefined): Optimizer {
  return {
    init: [sumSlot, ...inner.init],
    update(emit, step, parameters) {
      const sums = parameters.map(({ slots, gradient }) => emit.add(slots[0]!, gradient, 'accumulated/sum'));
      const means = sums.map((sum) => emit.multiply(sum, emit.scalar(1 / parts, sum), 'accumulated/mean'));
      const gradients = bound === undefined ? means : clipped(emit, means, bound);
      const updated = inner.update(
        emit,
        step,
        parameters.map((one, index) => ({ ...one, gradient: gradients[index]!, slots: one.slots.slice(1) })),
      );
      return updated.map(({ parameter, slots }, index) => ({ parameter, slots: [sums[index]!, ...slots] }));
    },
  };
}

function clipped(emit: Emitter, gradients: readonly string[], bound: number): string[] {
  const squares = gradients.map((gradient) =>
    emit.op('ReduceSumSquare', [gradient], { keepdims: 0 }, 'accumulated/square'),
  );
  const norm = emit.op('Sqrt', [emit.op('Sum', squares)], {}, 'accumulated/norm');
  const number = (value: number) => emit.scalar(value, norm);
  const share = emit.divide(number(bound), emit.add(norm, number(clippingEpsilon)));
  const factor = emit.op('Min', [share, number(1)], {}, 'accumulated/factor');
  return gradients.map((gradient) => emit.multiply(gradient, factor, 'accumulated/clipped'));
}

/** Bytes that the activations of a weight network's step may take, about. */
const stepBytes = 1.2e9;

/**
 * Images of one part: the largest divisor of the batch whose activations fit.
 * @param bytesPerImage of one image's activations, forward and backward
 * @param bytes that they may take together
 */
export function partSize(batch: number, bytesPerImage: number, bytes = stepBytes): number {
  for (let size = batch; size > 1; size--) {
    if (batch % size === 0 && size * bytesPerImage <= bytes) return size;
  }
  return 1;
}

/**
 * Bytes of one image's activations in the per-channel front of a weight network, the only large ones: four copies of
 * them are alive at once, forward and backward.
 * @param orientations n
 */
export function activationBytes(
  manifest: Pick<Manifest, 'features'>,
  orientations: number,
  net: TrainedNet,
): number {
  if (net === 'lambdaEmbedding') return 1;
  const fronts = net === 'attention' ? 2 : 1;
  const { channels, size } = mapOf(manifest);
  const places = Math.max(1, size - 2) ** 2;
  return orientations * channels * 32 * places * 4 * Float32Array.BYTES_PER_ELEMENT * fronts;
}
