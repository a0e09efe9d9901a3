// Gradients and loss curves of the public PyTorch reference for the tiny CLIP: pre-finetuning of the lambda net on
// cached orbit features, and finetuning end to end.
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { detectArchitecture } from '../backbones/clip-resnet/architecture.ts';
import { buildAttentionPool } from '../backbones/clip-resnet/attention-pool.ts';
import { readCheckpoint } from '../backbones/checkpoints/checkpoint.ts';
import { buildLambdaNet } from '../backbones/combiners.ts';
import { buildImageTower } from '../backbones/clip-resnet/image-tower.ts';
import { readSafetensors as readWeights } from '../backbones/checkpoints/safetensors.ts';
import { requireWeight, type Weights } from '../backbones/weights.ts';
import { gridPermutation, orbitOf } from '../groups/action.ts';
import { groups } from '../groups/groups.ts';
import { GraphBuilder } from '../onnx/builder.ts';
import { encodeModel } from '../onnx/codec.ts';
import { inlineGraph } from '../onnx/compose.ts';
import { pruneToOutputs, type Model } from '../onnx/graph.ts';
import { bindDimensions } from '../onnx/shapes.ts';
import { relativeDistance } from '../testing/distance.ts';
import { readSafetensors } from '../testing/safetensors.ts';
import { sharedFolder, sharedPath } from '../testing/shared.ts';
import type { LossSpec } from './losses.ts';
import { sgd } from './optimizers.ts';
import { trainingGraph, type TrainingGraph } from './training-graph.ts';

const tolerance = 1e-3;
const present = sharedFolder() !== null;
const expected = present
  ? readSafetensors(sharedPath('golden', 'expected.safetensors'))
  : new Map<never, never>();
const wanted = (name: string) => expected.get(name)!.data;
const group = groups.c4;
const batch = 3;

/**
 * The model with every weight that its graph rounded to half precision as the checkpoint has it: gradients feel the
 * rounding more than predictions do, since it moves activations across the kinks of ReLU.
 */
function unrounded(model: Model, ...sources: readonly Weights[]): Model {
  const { graph } = model;
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.filter(({ op, inputs, outputs }) => {
    const stored = graph.constants.get(inputs[0]!);
    const weight = sources.find((weights) => weights.has(outputs[0]!))?.get(outputs[0]!);
    if (op !== 'Cast' || !stored || !weight) return true;
    const bytes = new Uint8Array(Float32Array.from(weight.float32()).buffer);
    constants.set(outputs[0]!, { type: 'float32', dims: stored.dims, bytes });
    return false;
  });
  return { ...model, graph: { ...graph, nodes, constants } };
}

function load() {
  const checkpoint = readCheckpoint(readFileSync(sharedPath('golden', 'tiny-clip.safetensors')), 'tiny');
  const architecture = detectArchitecture(checkpoint);
  const combiners = readWeights(readFileSync(sharedPath('golden', 'combiners.safetensors')));
  const classEmbeddings = readWeights(readFileSync(sharedPath('golden', 'class-embeddings.safetensors')));
  return { architecture, combiners, weights: checkpoint.tensors, classEmbeddings };
}

/**
 * Feature-level lambda with the inverse and the plain head. Input: `orbit` [batch * n, C, s, s] features, or, with
 * the image tower in front, images [batch * n, 3, R, R]. Output: `logits` [batch, K].
 */
function forwardGraph(endToEnd: boolean): Model {
  const { architecture, combiners, weights, classEmbeddings } = load();
  const { featureChannels: channels, featureSize: size, resolution } = architecture.visual;
  const cells = size * size;
  const graph = new GraphBuilder('forward');
  const rows = endToEnd ? [3, resolution, resolution] : [channels, size, size];
  const orbit = graph.input('orbit', 'float32', [`${group.order}*batch`, ...rows]);
  const tower = buildImageTower(weights, architecture).graph;
  const features = endToEnd ? inlineGraph(graph, tower, { image: orbit }).features! : orbit;
  const lambda = buildLambdaNet(combiners, { channels, size }).graph;
  const { score } = inlineGraph(graph, lambda, { features });
  const weight = graph.op('Softmax', [graph.reshape(score!, [-1, group.order])], { axis: 1 });

  const planes = graph.reshape(features, [-1, group.order, channels, cells]);
  const turnedBack = group.elements.map((_, g) => {
    const inverse = group.elements[group.inverse[g]!]!;
    const map = graph.op('Gather', [planes, graph.int64('orientation', [g])], { axis: 1 });
    const permutation = graph.int64('inverse', Array.from(gridPermutation(inverse, size)));
    return graph.op('Gather', [map, permutation], { axis: 3 });
  });
  const joined = graph.op('Concat', turnedBack, { axis: 1 }, 'turned_back');
  const factors = graph.op('Unsqueeze', [weight, graph.int64('axes', [2, 3])]);
  const sum = graph.op('ReduceSum', [graph.op('Mul', [joined, factors]), graph.int64('axis', [1])], {
    keepdims: 0,
  });
  const combined = graph.reshape(sum, [-1, channels, size, size]);

  const pool = pruneToOutputs(buildAttentionPool(weights, architecture).graph, ['embedding']);
  const { embedding } = inlineGraph(graph, pool, { features: combined });
  const T = requireWeight(classEmbeddings, 'class_embeddings');
  const classes = graph.float32('class_embeddings', T.float32(), T.dims);
  graph.output('logits', graph.op('MatMul', [embedding!, classes]), ['batch', T.dims[1]!]);
  return unrounded(graph.build(), combiners, weights);
}

/** Losses of some steps on the same data, and the gradients of the first: momentum is the gradient after one step. */
async function train({ model, state }: TrainingGraph, steps: number, orbit: ort.Tensor) {
  const session = await ort.InferenceSession.create(encodeModel(model), { logSeverityLevel: 3 });
  const labels = new ort.Tensor('int64', BigInt64Array.from(wanted('labels'), BigInt), [batch]);
  const feeds: Record<string, ort.Tensor> = {
    orbit,
    labels,
    learning_rate: new ort.Tensor('float32', Float32Array.of(0.05), []),
  };
  for (const { name, dims, initial } of state) feeds[name] = new ort.Tensor('float32', initial(), dims);
  const losses: number[] = [];
  const gradients = new Map<string, Float32Array>();
  for (let step = 0; step < steps; step++) {
    const outputs = await session.run(feeds);
    losses.push(Number(outputs.loss!.data[0]));
    for (const { name, next } of state) {
      feeds[name] = outputs[next]!;
      const slot = /^optimizer\.momentum\.(.*)$/.exec(name);
      if (step === 0 && slot) gradients.set(slot[1]!, outputs[next]!.data as Float32Array);
    }
  }
  await session.release();
  return { losses, gradients };
}

function trainingOf(forward: Model, kind: LossSpec['kind'], names: readonly string[]): TrainingGraph {
  return trainingGraph({
    forward: bindDimensions(forward, { batch }),
    loss: { kind, logits: 'logits' },
    parameters: names.map((name) => ({ name })),
    optimizer: sgd({ momentum: 0.9 }),
  });
}

const losses = ['updated', 'original'] as const;
const lambdaNames = () => [...load().combiners.keys()].filter((name) => name.startsWith('lambda.'));
const gradientNames = (kind: LossSpec['kind']) =>
  lambdaNames().map((name) => [name, `prefinetune.${kind}.grad.${name.replace('lambda.', '')}`] as const);

function orbitFeatures(): ort.Tensor {
  const { dims, data } = expected.get('c4.orbit_features')!;
  return new ort.Tensor('float32', data, [dims[0]! * dims[1]!, ...dims.slice(2)]);
}

describe.skipIf(!present)('pre-finetuning', () => {
  it.each(losses)('loss %s: the loss curve of the reference', async (kind) => {
    const training = trainingOf(forwardGraph(false), kind, lambdaNames());
    const curve = wanted(`prefinetune.${kind}.losses`);
    const found = await train(training, curve.length, orbitFeatures());
    found.losses.forEach((loss, step) => {
      expect(Math.abs(loss - curve[step]!)).toBeLessThan(tolerance);
    });
  });

  it.each(losses)('loss %s: the gradients of the reference', async (kind) => {
    const training = trainingOf(forwardGraph(false), kind, lambdaNames());
    const { gradients } = await train(training, 1, orbitFeatures());
    for (const [name, reference] of gradientNames(kind)) {
      // The score's bias shifts all weights alike: its gradient is zero but for rounding.
      if (name === 'lambda.main.4.bias') expect(Math.abs(gradients.get(name)![0]!)).toBeLessThan(1e-6);
      else expect(relativeDistance(gradients.get(name)!, wanted(reference)), name).toBeLessThan(tolerance);
    }
  });

  it('loss original: the slope of the loss along its gradient', async () => {
    const training = trainingOf(forwardGraph(false), 'original', lambdaNames());
    const { gradients } = await train(training, 1, orbitFeatures());
    const square = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
    const length = Math.sqrt([...gradients.values()].reduce((sum, values) => sum + square(values), 0));
    const distance = 3e-4;
    const along = async (sign: number) => {
      const state = training.state.map((spec) => {
        const gradient = gradients.get(spec.name);
        if (!gradient) return spec;
        const moved = () =>
          spec.initial().map((value, i) => value + (sign * distance * gradient[i]!) / length);
        return { ...spec, initial: moved };
      });
      return (await train({ ...training, state }, 1, orbitFeatures())).losses[0]!;
    };
    const slope = ((await along(1)) - (await along(-1))) / (2 * distance);
    expect(Math.abs(slope / length - 1)).toBeLessThan(5e-3);
  });
});

describe.skipIf(!present)('finetuning end to end, batch norm fixed', () => {
  it('has the loss and the gradients of the reference', async () => {
    const { architecture, weights } = load();
    const { resolution } = architecture.visual;
    const references = [...expected.keys()].filter((name) => name.startsWith('finetune.grad.'));
    const names = references.map((name) => name.replace('finetune.grad.', ''));
    // Batch norm is folded in the forward graph: scale and shift stand for its weight and bias.
    const folded = ['visual.bn1.weight', 'visual.bn1.bias'];
    const parameters = [
      ...names.filter((name) => !folded.includes(name)),
      'visual.bn1.scale',
      'visual.bn1.shift',
    ];
    const images = wanted('image');
    const side = 3 * resolution * resolution;
    const orbits = Array.from({ length: batch }, (_, index) =>
      orbitOf(group, images.subarray(index * side, (index + 1) * side), resolution),
    );
    const orbit = new ort.Tensor('float32', Float32Array.from(orbits.flatMap((one) => Array.from(one))), [
      batch * group.order,
      ...[3, resolution, resolution],
    ]);
    const { losses, gradients } = await train(
      trainingOf(forwardGraph(true), 'updated', parameters),
      1,
      orbit,
    );
    expect(Math.abs(losses[0]! - wanted('finetune.loss')[0]!)).toBeLessThan(tolerance);

    const [mean, variance] = ['running_mean', 'running_var'].map((part) =>
      requireWeight(weights, `visual.bn1.${part}`).float32(),
    ) as [Float32Array, Float32Array];
    const [scale, shift] = [gradients.get('visual.bn1.scale')!, gradients.get('visual.bn1.shift')!];
    gradients.set('visual.bn1.bias', shift);
    gradients.set(
      'visual.bn1.weight',
      scale.map((slope, i) => (slope - shift[i]! * mean[i]!) / Math.sqrt(variance[i]! + 1e-5)),
    );
    for (const name of names) {
      const distance = relativeDistance(gradients.get(name)!, wanted(`finetune.grad.${name}`));
      expect(distance, name).toBeLessThan(tolerance);
    }
  });
});
