// Batch norm made live again. A package holds each batch norm as one scale and one shift of its convolution; to be
// normalised by batches it needs statistics. They are measured on training images, and scale and shift are written in
// terms of them, so that the network with running statistics computes what it did before.
import { buildImageTower } from '../../backbones/clip-resnet/image-tower.ts';
import type { WeightTensor } from '../../backbones/weights.ts';
import type { Provider } from '../../contract/settings.ts';
import { openSession } from '../../engine/runtime.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import { encodeModel } from '../../onnx/codec.ts';
import { inlineGraph } from '../../onnx/compose.ts';
import type { Model } from '../../onnx/graph.ts';
import { weightTensor } from '../graphs/weight-nets.ts';
import type { Part } from '../step.ts';
import type { StartingPoint } from './starting-point.ts';

const epsilon = 1e-5;

/** Below this a channel is shut: its scale carries nothing that could be measured. */
const smallestScale = 1e-6;

/**
 * @param parts batches of training images, one orientation each: `views` [batch, 3, R, R]
 * @returns the same function with statistics of those images
 */
export async function calibrated(
  start: StartingPoint,
  parts: readonly (() => Promise<Part>)[],
  provider: Provider,
): Promise<StartingPoint> {
  const norms = [...start.weights.keys()].flatMap((name) =>
    name.endsWith('.running_mean') ? [name.slice(0, -'.running_mean'.length)] : [],
  );
  const session = await openSession(encodeModel(momentsGraph(start, norms)), provider);
  const sums = new Map<string, Float64Array>();
  try {
    for (const part of parts) {
      const outputs = await session.run((await part()).feeds);
      for (const [name, { data }] of Object.entries(outputs)) {
        const sum = sums.get(name) ?? new Float64Array(data.length);
        data.forEach((value, channel) => (sum[channel]! += value / parts.length));
        sums.set(name, sum);
      }
    }
  } finally {
    await session.release();
  }
  const weights = new Map<string, WeightTensor>(start.weights);
  for (const norm of norms) {
    const parts = recalibrated(start, norm, sums.get(`${norm}.first`)!, sums.get(`${norm}.second`)!);
    for (const [part, values] of Object.entries(parts)) {
      weights.set(`${norm}.${part}`, weightTensor([values.length], values));
    }
  }
  return { ...start, weights };
}

/** `views` -> for every norm the mean of its output y (`NORM.first`) and of y squared (`NORM.second`), [C] each. */
function momentsGraph(start: StartingPoint, norms: readonly string[]): Model {
  const { visual, weights } = start;
  const tower = buildImageTower(weights, { visual, text: null, logitScale: null }).graph;
  const graph = new GraphBuilder('moments');
  const size = visual.resolution;
  const views = graph.input('views', 'float32', ['batch', 3, size, size]);
  inlineGraph(graph, tower, { image: views });
  for (const norm of norms) {
    const { outputs } = tower.nodes.find(({ op, inputs }) => op === 'Conv' && inputs[2] === `${norm}.shift`)!;
    const y = outputs[0]!;
    const square = graph.op('Mul', [y, y], {}, `${norm}.square`);
    for (const [moment, value] of [
      ['first', y],
      ['second', square],
    ] as const) {
      const mean = graph.op(
        'ReduceMean',
        [value],
        { axes: [0, 2, 3], keepdims: 0 },
        `${norm}.mean_${moment}`,
      );
      graph.output(`${norm}.${moment}`, mean, [weights.get(`${norm}.bias`)!.dims[0]!]);
    }
  }
  return graph.build();
}

/** y = s x + b has mean m and variance v: x has mean (m - b) / s and variance v / s^2. */
function recalibrated(start: StartingPoint, norm: string, first: Float64Array, second: Float64Array) {
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
    const v = Math.max(0, second[channel]! - first[channel]! ** 2) / scale ** 2;
    const m = (first[channel]! - shift) / scale;
    mean[channel] = m;
    variance[channel] = v;
    weight[channel] = scale * Math.sqrt(v + epsilon);
    bias[channel] = shift + scale * m;
  }
  return { weight, bias, running_mean: mean, running_var: variance };
}
