// Batch norm made live again. A package holds each batch norm as one scale and one shift of its convolution; to be
// normalised by batches it needs statistics. They are measured on training images, and scale and shift are written in
// terms of them, so that the network with running statistics computes what it did before.
import { buildImageTower } from '../../backbones/clip-resnet/image-tower.ts';
import type { WeightTensor } from '../../backbones/weights.ts';
import type { Provider } from '../../contract/settings.ts';
import { weightTensor } from '../graphs/weight-nets.ts';
import type { Part } from '../step.ts';
import { momentsOf, type Moments } from './moments.ts';
import type { ResNetWeights } from './clip-resnet-weights.ts';

const epsilon = 1e-5;

/** Below this a channel is shut: its scale carries nothing that could be measured. */
const smallestScale = 1e-6;

/**
 * @param parts batches of training images, one orientation each: `views` [batch, 3, R, R]
 * @returns the same function with statistics of those images
 */
export async function calibrated(
  start: ResNetWeights,
  parts: readonly (() => Promise<Part>)[],
  provider: Provider,
): Promise<ResNetWeights> {
  const norms = [...start.weights.keys()].flatMap((name) =>
    name.endsWith('.running_mean') ? [name.slice(0, -'.running_mean'.length)] : [],
  );
  const tower = buildImageTower(start.weights, {
    visual: start.visual,
    text: null,
    logitScale: null,
  }).graph;
  const outputs = norms.map((norm) => {
    const convolution = tower.nodes.find(({ op, inputs }) => op === 'Conv' && inputs[2] === `${norm}.shift`)!;
    return { name: norm, output: convolution.outputs[0]! };
  });
  const moments = await momentsOf(tower, outputs, parts, provider);
  const weights = new Map<string, WeightTensor>(start.weights);
  for (const norm of norms) {
    for (const [part, values] of Object.entries(recalibrated(start, norm, moments.get(norm)!))) {
      weights.set(`${norm}.${part}`, weightTensor([values.length], values));
    }
  }
  return { ...start, weights };
}

/** y = s x + b has mean m and variance v: x has mean (m - b) / s and variance v / s^2. */
function recalibrated(start: ResNetWeights, norm: string, { mean: first, variance: spreadOf }: Moments) {
  const part = (name: string) => start.weights.get(`${norm}.${name}`)!.float32();
  const [gamma, beta, before, spread] = [
    part('weight'),
    part('bias'),
    part('running_mean'),
    part('running_var'),
  ];
  const channels = gamma.length;
  const [weight, bias, mean, variance] = [gamma.slice(), beta.slice(), before.slice(), spread.slice()];
  for (let channel = 0; channel < channels; channel++) {
    const scale = gamma[channel]! / Math.sqrt(spread[channel]! + epsilon);
    if (Math.abs(scale) < smallestScale) continue;
    const shift = beta[channel]! - before[channel]! * scale;
    const v = spreadOf[channel]! / scale ** 2;
    const m = (first[channel]! - shift) / scale;
    mean[channel] = m;
    variance[channel] = v;
    weight[channel] = scale * Math.sqrt(v + epsilon);
    bias[channel] = shift + scale * m;
  }
  return { weight, bias, running_mean: mean, running_var: variance };
}
