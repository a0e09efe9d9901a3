// CLIP's modified ResNet up to and including layer4 (M1 of METHODS.md) as an ONNX graph.
// Source: Radford et al. 2021, section 2.4 (ResNet-D stem, average pooling before strided convolutions).
import type { ClipArchitecture } from './architecture.ts';
import { GraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { addWeight, requireWeight, type Weights } from '../weights.ts';

/** PyTorch's default; part of the network, not of the checkpoint. */
const batchNormEpsilon = 1e-5;

/**
 * Batch norm as the scale and shift of a convolution without bias.
 * The weight itself stays as it was saved: the graph multiplies it by the scale in single precision when it is
 * loaded, so that folding never rounds.
 */
function foldBatchNorm(weights: Weights, name: string): { scale: Float32Array; shift: Float32Array } {
  const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
    requireWeight(weights, `${name}.${part}`).float32(),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const scale = gamma.map((value, channel) => value / Math.sqrt(variance[channel]! + batchNormEpsilon));
  const shift = beta.map((value, channel) => value - mean[channel]! * scale[channel]!);
  return { scale, shift };
}

interface ConvolutionOptions {
  readonly stride?: number;
  readonly padding?: number;
}

function convolution(
  graph: GraphBuilder,
  weights: Weights,
  input: string,
  name: string,
  norm: string,
  { stride = 1, padding = 0 }: ConvolutionOptions = {},
): string {
  const { scale, shift } = foldBatchNorm(weights, norm);
  const kernel = addWeight(graph, weights, `${name}.weight`);
  const factor = graph.float32(`${norm}.scale`, scale, [scale.length, 1, 1, 1]);
  const folded = graph.op('Mul', [kernel, factor], {}, `${name}.folded`);
  const bias = graph.float32(`${norm}.shift`, shift, [shift.length]);
  return graph.op(
    'Conv',
    [input, folded, bias],
    { strides: [stride, stride], pads: [padding, padding, padding, padding] },
    name,
  );
}

function averagePool(graph: GraphBuilder, input: string, size: number, name: string): string {
  return graph.op('AveragePool', [input], { kernel_shape: [size, size], strides: [size, size] }, name);
}

function bottleneck(
  graph: GraphBuilder,
  weights: Weights,
  input: string,
  name: string,
  stride: number,
): string {
  const relu = (value: string, part: string) => graph.op('Relu', [value], {}, `${name}.${part}`);
  let value = relu(convolution(graph, weights, input, `${name}.conv1`, `${name}.bn1`), 'relu1');
  value = relu(convolution(graph, weights, value, `${name}.conv2`, `${name}.bn2`, { padding: 1 }), 'relu2');
  if (stride > 1) value = averagePool(graph, value, stride, `${name}.avgpool`);
  value = convolution(graph, weights, value, `${name}.conv3`, `${name}.bn3`);
  let identity = input;
  if (weights.has(`${name}.downsample.0.weight`)) {
    if (stride > 1) identity = averagePool(graph, identity, stride, `${name}.downsample.pool`);
    identity = convolution(graph, weights, identity, `${name}.downsample.0`, `${name}.downsample.1`);
  }
  return relu(graph.op('Add', [value, identity], {}, `${name}.sum`), 'relu3');
}

/**
 * The image tower as a graph: `image` [batch, 3, R, R] (normalised) -> `features` [batch, C, s, s], C = 32 width,
 * s = R / 32.
 * @throws DermOrbitError CHECKPOINT_SHAPE if a tensor is absent
 */
export function buildImageTower(weights: Weights, { visual }: ClipArchitecture): Model {
  const graph = new GraphBuilder('image-tower');
  let value = graph.input('image', 'float32', ['batch', 3, visual.resolution, visual.resolution]);
  for (const [index, stride] of [2, 1, 1].entries()) {
    const number = index + 1;
    value = convolution(graph, weights, value, `visual.conv${number}`, `visual.bn${number}`, {
      stride,
      padding: 1,
    });
    value = graph.op('Relu', [value], {}, `visual.relu${number}`);
  }
  value = averagePool(graph, value, 2, 'visual.avgpool');
  visual.layers.forEach((blocks, index) => {
    for (let block = 0; block < blocks; block++) {
      const stride = index > 0 && block === 0 ? 2 : 1;
      value = bottleneck(graph, weights, value, `visual.layer${index + 1}.${block}`, stride);
    }
  });
  graph.output('features', value, ['batch', visual.featureChannels, visual.featureSize, visual.featureSize]);
  return graph.build();
}
