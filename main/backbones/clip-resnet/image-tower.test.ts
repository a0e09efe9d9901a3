// The image tower's graph against the textbook in double precision: convolution, batch norm as it is defined (not
// folded), ReLU, average pooling, residual sums.
import { expect, it } from 'vitest';
import { relativeDistance } from '../../testing/distance.ts';
import { runGraph } from '../../testing/run-graph.ts';
import { buildImageTower } from './image-tower.ts';
import { randomClip, visualArchitecture } from './random-weights.ts';
import { readSafetensors, writeSafetensors, type SafetensorsInput } from '../checkpoints/safetensors.ts';

/** Planes one after the other. */
interface Planes {
  readonly data: Float64Array;
  readonly channels: number;
  readonly size: number;
}

/** Batch norm with statistics far from 0 and 1, so that forgetting any of them shows. */
function withStatistics(tensors: Map<string, SafetensorsInput>): Map<string, SafetensorsInput> {
  const changed = new Map(tensors);
  for (const [name, { dims }] of tensors) {
    if (!/running_(mean|var)$/.test(name)) continue;
    const offset = name.endsWith('var') ? 0.5 : -0.2;
    const data = Float32Array.from(
      { length: dims[0]! },
      (_, i) => offset + ((i * 7 + name.length) % 11) / 10,
    );
    changed.set(name, { dims, dtype: 'float32', data });
  }
  return changed;
}

const visual = visualArchitecture({ layers: [1, 2, 1, 2], width: 2, resolution: 64, embeddingWidth: 3 });
const weights = readSafetensors(writeSafetensors(withStatistics(randomClip(visual, 21))));
const numbers = (name: string) => weights.get(name)!.float32();

function planes(channels: number, size: number, value: (c: number, y: number, x: number) => number): Planes {
  const data = new Float64Array(channels * size * size);
  for (let i = 0; i < data.length; i++) {
    data[i] = value(Math.floor(i / (size * size)), Math.floor(i / size) % size, i % size);
  }
  return { data, channels, size };
}

function convolve(input: Planes, name: string, stride = 1): Planes {
  const [outputs, inputs, side] = weights.get(`${name}.weight`)!.dims as [number, number, number];
  const kernel = numbers(`${name}.weight`);
  // 3 x 3 kernels keep the size by a border of zeros; 1 x 1 kernels need none.
  const border = (side - 1) / 2;
  return planes(outputs, input.size / stride, (output, y, x) => {
    let sum = 0;
    for (let c = 0; c < inputs; c++) {
      for (let i = 0; i < side; i++) {
        for (let j = 0; j < side; j++) {
          const [row, column] = [y * stride + i - border, x * stride + j - border];
          if (row < 0 || column < 0 || row >= input.size || column >= input.size) continue;
          const weight = kernel[((output * inputs + c) * side + i) * side + j]!;
          sum += weight * input.data[(c * input.size + row) * input.size + column]!;
        }
      }
    }
    return sum;
  });
}

function batchNorm(input: Planes, name: string): Planes {
  const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
    numbers(`${name}.${part}`),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const plane = input.size ** 2;
  const data = input.data.map((value, i) => {
    const c = Math.floor(i / plane);
    return ((value - mean[c]!) / Math.sqrt(variance[c]! + 1e-5)) * gamma[c]! + beta[c]!;
  });
  return { ...input, data };
}

const relu = (input: Planes): Planes => ({ ...input, data: input.data.map((value) => Math.max(0, value)) });

function halve(input: Planes): Planes {
  const at = (c: number, y: number, x: number) => input.data[(c * input.size + y) * input.size + x]!;
  return planes(input.channels, input.size / 2, (c, y, x) => {
    const [row, column] = [2 * y, 2 * x];
    return (
      (at(c, row, column) + at(c, row, column + 1) + at(c, row + 1, column) + at(c, row + 1, column + 1)) / 4
    );
  });
}

function bottleneck(input: Planes, name: string, strided: boolean): Planes {
  const pooled = (value: Planes) => (strided ? halve(value) : value);
  const first = relu(batchNorm(convolve(input, `${name}.conv1`), `${name}.bn1`));
  const second = relu(batchNorm(convolve(first, `${name}.conv2`), `${name}.bn2`));
  const third = batchNorm(convolve(pooled(second), `${name}.conv3`), `${name}.bn3`);
  const identity = weights.has(`${name}.downsample.0.weight`)
    ? batchNorm(convolve(pooled(input), `${name}.downsample.0`), `${name}.downsample.1`)
    : input;
  return relu({ ...third, data: third.data.map((value, i) => value + identity.data[i]!) });
}

function naiveTower(image: Planes): Planes {
  let value = image;
  for (const number of [1, 2, 3]) {
    value = relu(
      batchNorm(convolve(value, `visual.conv${number}`, number === 1 ? 2 : 1), `visual.bn${number}`),
    );
  }
  value = halve(value);
  visual.layers.forEach((blocks, stage) => {
    for (let block = 0; block < blocks; block++) {
      value = bottleneck(value, `visual.layer${stage + 1}.${block}`, stage > 0 && block === 0);
    }
  });
  return value;
}

it('the image tower is the network of the textbook, for every view of a batch', async () => {
  const image = (phase: number) =>
    planes(
      3,
      visual.resolution,
      (c, y, x) => Math.sin(phase + 0.3 * x + 0.05 * y * (c + 1)) + (x * y) / 4096,
    );
  const images = [image(0), image(2)];
  const { resolution: size, featureChannels, featureSize } = visual;
  const { features } = await runGraph(buildImageTower(weights, { visual, text: null, logitScale: null }), {
    image: { data: Float32Array.from(images.flatMap(({ data }) => [...data])), dims: [2, 3, size, size] },
  });
  expect(features!.dims).toEqual([2, featureChannels, featureSize, featureSize]);
  const expected = images.flatMap((one) => [...naiveTower(one).data]);
  expect(expected.filter((value) => value > 0).length).toBeGreaterThan(expected.length / 10);
  expect(relativeDistance(features!.data, expected)).toBeLessThan(1e-5);
});
