// Small classifiers as other programs export them: convolutional networks of several shapes, with the axes, the ends and
// the operator sets that are met in the wild. Test use only.
import { GraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { normalSource } from '../backbones/clip-resnet/random-weights.ts';

export interface ClassifierDraw {
  readonly seed: number;
  /** Side of the picture, a multiple of 8. */
  readonly size: number;
  readonly channels: number;
  readonly classes: number;
  /** Channels last at the input, as Keras has it, turned by the graph itself. */
  readonly channelsLast: boolean;
  readonly depthwise: boolean;
  readonly squeezeExcite: boolean;
  /** How the last map becomes a row of numbers. */
  readonly pooling: 'global' | 'reduce' | 'window' | 'flatten' | 'computed-shape';
  readonly hidden: boolean;
  /** The last layer as Gemm, or as MatMul and Add. */
  readonly product: 'gemm' | 'matmul';
  readonly ending: 'none' | 'softmax' | 'log-softmax';
  readonly batch: 'free' | 1;
  readonly opset: 13 | 17;
}

export function drawnClassifier(draw: ClassifierDraw): Model {
  const { size, channels, classes, seed } = draw;
  const random = normalSource(seed);
  const graph = new GraphBuilder('drawn');
  const weight = (dims: readonly number[], fan: number, name: string) => {
    const length = dims.reduce((all, dim) => all * dim, 1);
    return graph.float32(
      name,
      Float32Array.from({ length }, () => random() * Math.sqrt(2 / fan)),
      dims,
    );
  };
  const conv = (value: string, from: number, to: number, stride: number, group = 1, kernel = 3) => {
    const fan = (from / group) * kernel * kernel;
    const inputs = [
      value,
      weight([to, from / group, kernel, kernel], fan, 'kernel'),
      weight([to], 20, 'bias'),
    ];
    const pad = (kernel - 1) / 2;
    return graph.op('Conv', inputs, {
      ...{ group, kernel_shape: [kernel, kernel], strides: [stride, stride] },
      pads: [pad, pad, pad, pad],
    });
  };
  const dims = draw.channelsLast ? [size, size, 3] : [3, size, size];
  const picture = graph.input('picture', 'float32', [draw.batch === 'free' ? 'N' : 1, ...dims]);
  let value = draw.channelsLast ? graph.transpose(picture, [0, 3, 1, 2]) : picture;
  value = graph.op('Relu', [conv(value, 3, channels, 2)]);
  const middle = draw.depthwise
    ? conv(value, channels, channels, 2, channels)
    : conv(value, channels, channels, 2);
  value = graph.op('Relu', [middle]);
  if (draw.squeezeExcite) {
    const pooled = graph.op('GlobalAveragePool', [value]);
    const gate = graph.op('Sigmoid', [conv(pooled, channels, channels, 1, 1, 1)]);
    value = graph.op('Mul', [value, gate]);
  }
  value = graph.op('Relu', [conv(value, channels, channels, 2)], {}, 'last_map');
  const side = size / 8;
  let width = draw.pooling === 'flatten' ? channels * side * side : channels;
  value = flattened(graph, value, draw, width, side);
  const linear = (input: string, from: number, to: number, name: string) => {
    const bias = weight([to], 4, `${name}.bias`);
    if (draw.product === 'gemm') {
      return graph.op('Gemm', [input, weight([to, from], from, name), bias], { transB: 1 });
    }
    return graph.op('Add', [graph.op('MatMul', [input, weight([from, to], from, name)]), bias]);
  };
  if (draw.hidden) {
    value = graph.op('Relu', [linear(value, width, 12, 'hidden')]);
    width = 12;
  }
  value = linear(value, width, classes, 'classes');
  if (draw.ending !== 'none') {
    value = graph.op(draw.ending === 'softmax' ? 'Softmax' : 'LogSoftmax', [value], { axis: -1 });
  }
  graph.output('scores', value, [draw.batch === 'free' ? 'N' : 1, classes]);
  return { ...graph.build(), opset: draw.opset };
}

function flattened(
  graph: GraphBuilder,
  value: string,
  { pooling, batch }: ClassifierDraw,
  width: number,
  side: number,
): string {
  switch (pooling) {
    case 'global':
      return graph.op('Flatten', [graph.op('GlobalAveragePool', [value])], { axis: 1 });
    case 'reduce':
      return graph.op('ReduceMean', [value], { axes: [2, 3], keepdims: 0 });
    case 'window': {
      const pooled = graph.op('AveragePool', [value], { kernel_shape: [side, side], strides: [1, 1] });
      return graph.op('Squeeze', [pooled, graph.int64('axes', [2, 3])]);
    }
    case 'flatten':
      return batch === 1 ? graph.reshape(value, [1, -1]) : graph.op('Flatten', [value], { axis: 1 });
    case 'computed-shape': {
      // As PyTorch writes x.mean((2, 3)).view(x.shape[0], -1).
      const pooled = graph.op('GlobalAveragePool', [value]);
      const first = graph.op('Gather', [graph.op('Shape', [value]), graph.int64('place', [0], [])], {
        axis: 0,
      });
      const row = graph.op('Unsqueeze', [first, graph.int64('front', [0])]);
      const shape = graph.op('Concat', [row, graph.int64('rest', [width])], { axis: 0 });
      return graph.op('Reshape', [pooled, shape]);
    }
  }
}
