// A small MobileNet-like network with random weights: everything that such a network is made of, and quick. Test use only.
import type { ImportedBackbone } from '../backbones/imported.ts';
import { GraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { normalSource } from '../backbones/clip-resnet/random-weights.ts';

export interface SmallCnnShape {
  /** Side of the input, a multiple of 32. */
  readonly size: number;
  readonly width: number;
  readonly channels: number;
  readonly seed: number;
}

/** `image` [batch, 3, R, R] -> `features` [batch, C, R/32, R/32]; biases instead of batch norms, as exports have it. */
export function smallCnn({ size, width, channels, seed }: SmallCnnShape): Model {
  const graph = new GraphBuilder('small-cnn');
  const random = normalSource(seed);
  const weight = (name: string, dims: readonly number[], spread: number) => {
    const length = dims.reduce((product, dim) => product * dim, 1);
    return graph.float32(
      name,
      Float32Array.from({ length }, () => random() * spread),
      dims,
    );
  };
  const conv = (
    name: string,
    value: string,
    [from, to]: [number, number],
    kernel: number,
    stride: number,
    group = 1,
  ) => {
    const pads = kernel === 1 ? [0, 0, 0, 0] : stride === 2 ? [0, 0, 1, 1] : [1, 1, 1, 1];
    const spread = Math.sqrt(2 / ((from / group) * kernel * kernel));
    const inputs = [
      value,
      weight(`${name}.weight`, [to, from / group, kernel, kernel], spread),
      weight(`${name}.bias`, [to], 0.1),
    ];
    return graph.op(
      'Conv',
      inputs,
      { group, pads, strides: [stride, stride], kernel_shape: [kernel, kernel] },
      name,
    );
  };
  const clip = (value: string) =>
    graph.op('Clip', [
      value,
      graph.float32('zero', Float32Array.of(0), []),
      graph.float32('six', Float32Array.of(6), []),
    ]);
  const image = graph.input('image', 'float32', ['batch', 3, size, size]);
  let value = clip(conv('stem', image, [3, width], 3, 2));
  for (let stage = 1; stage < 5; stage++) {
    const name = `block${stage}`;
    const down = clip(conv(`${name}.depthwise`, value, [width, width], 3, 2, width));
    const narrow = conv(`${name}.project`, down, [width, width], 1, 1);
    const wide = clip(conv(`${name}.expand`, narrow, [width, width], 1, 1));
    value = graph.op('Add', [narrow, conv(`${name}.restore`, wide, [width, width], 1, 1)], {}, `${name}.sum`);
  }
  const features = clip(conv('last', value, [width, channels], 1, 1));
  graph.output('features', features, ['batch', channels, size / 32, size / 32]);
  return graph.build();
}

/** The mean of the cells, then an affine layer: `features` -> `embedding` [batch, E]. */
export function meanHead({ size, channels, seed }: SmallCnnShape, embedding: number): Model {
  const graph = new GraphBuilder('mean-head');
  const random = normalSource(seed + 1);
  const some = (length: number, spread: number) => Float32Array.from({ length }, () => random() * spread);
  const features = graph.input('features', 'float32', ['batch', channels, size / 32, size / 32]);
  const mean = graph.op('ReduceMean', [features], { axes: [2, 3], keepdims: 0 }, 'mean');
  const matrix = graph.float32('fc.weight', some(channels * embedding, Math.sqrt(1 / channels)), [
    channels,
    embedding,
  ]);
  const product = graph.op('MatMul', [mean, matrix], {}, 'product');
  const sum = graph.op(
    'Add',
    [product, graph.float32('fc.bias', some(embedding, 0.1), [embedding])],
    {},
    'fc',
  );
  graph.output('embedding', sum, ['batch', embedding]);
  return graph.build();
}

/** Both as a backbone for the store. */
export function smallCnnBackbone(shape: SmallCnnShape, embedding: number): ImportedBackbone {
  return {
    architecture: { backbone: 'onnx', name: 'small CNN', parameters: 1000 },
    input: { size: shape.size, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], resize: 'shortest-crop' },
    features: { channels: shape.channels, size: shape.size / 32 },
    invariantPart: 0,
    embedding,
    head: { kind: 'mean-pool' },
    tower: () => smallCnn(shape),
    headGraph: () => meanHead(shape, embedding),
    text: null,
    logitScale: null,
    assumed: [],
  };
}
