// What can be counted out beforehand: batch norms, biases and scalings go into the convolution before them, and a frame
// of zeros into the pads of the convolution behind it. Weights are scaled in double precision and rounded once. Pure.
import { sizeOf, tensor } from '../../contract/tensor.ts';
import { invalid, type AffineLayer, type ConvLayer, type Layer, type Pads, type Step } from './network.ts';

/** A step whose layer has been read; `label` is that of the layer whose weights it has. */
export interface ReadStep {
  readonly id: string;
  readonly label: string;
  readonly inputs: readonly string[];
  readonly layer: Layer;
}

/** 1 GB in single precision: four times the largest image networks that come in these formats. */
const maximumWeights = 2 ** 28;

/**
 * The layers of the steps, read and put together where they can be.
 * @param steps in order
 * @param result the value that must stay
 * @throws DermOrbitError as Step.layer, and TENSORFLOW_INVALID if many layers that share their weights ask for more
 *   than any network has
 */
export function folded(steps: readonly Step[], result: string): ReadStep[] {
  const takers = new Map<string, number>([[result, 1]]);
  for (const { inputs } of steps) for (const id of inputs) takers.set(id, (takers.get(id) ?? 0) + 1);
  const done = new Map<string, ReadStep>();
  let weights = 0;
  for (const { id, label, inputs, layer: read } of steps) {
    const layer = read();
    weights += weightsOf(layer);
    if (weights > maximumWeights) throw invalid(`It has more than ${maximumWeights} weights.`);
    const before = done.get(inputs[0] ?? '');
    const alone = before !== undefined && takers.get(before.id) === 1;
    if (before && alone && layer.kind === 'affine' && before.layer.kind === 'conv') {
      done.delete(before.id);
      done.set(id, { ...before, id, layer: scaled(before.layer, layer, label) });
    } else if (before?.layer.kind === 'pad' && layer.kind === 'conv' && layer.padding !== 'same') {
      if (alone) done.delete(before.id);
      const padding = sumOf(before.layer.pads, layer.padding);
      done.set(id, { id, label, inputs: before.inputs, layer: { ...layer, padding } });
    } else {
      done.set(id, { id, label, inputs, layer });
    }
  }
  return [...done.values()];
}

const weightsOf = (layer: Layer) => ('kernel' in layer ? layer.kernel.data.length : 0);

function sumOf(pads: Pads, padding: Pads | 'valid'): Pads {
  if (padding === 'valid') return pads;
  return [pads[0] + padding[0], pads[1] + padding[1], pads[2] + padding[2], pads[3] + padding[3]];
}

/** (conv(x) + bias) scale + shift as one convolution. */
function scaled(conv: ConvLayer, { scale, shift }: AffineLayer, label: string): ConvLayer {
  const { kernel, bias, depthwise } = conv;
  // Both layouts end in what is made: out, or multiplier within channel, which is the order of the channels made.
  const channels = depthwise ? sizeOf(kernel.dims.slice(2)) : kernel.dims[3]!;
  if (bias && bias.data.length !== channels) {
    throw invalid(`${label}: a bias of ${bias.data.length} numbers for ${channels} channels.`);
  }
  for (const part of [scale, shift]) {
    if (part.length !== channels && part.length !== 1) {
      throw invalid(`${label}: ${part.length} numbers for ${channels} channels.`);
    }
  }
  const at = (part: Float64Array, channel: number) => part[part.length === 1 ? 0 : channel]!;
  const weights = kernel.data.map((value, i) => value * at(scale, i % channels));
  const biases = Float32Array.from(
    { length: channels },
    (_, channel) => (bias?.data[channel] ?? 0) * at(scale, channel) + at(shift, channel),
  );
  return { ...conv, kernel: tensor(weights, kernel.dims), bias: tensor(biases, [channels]) };
}
