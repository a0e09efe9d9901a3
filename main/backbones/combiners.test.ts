// The weight networks against loops in double precision, written from the definitions in METHODS.md, at sizes that
// the published networks do not have: every number is read from the tensors.
import { describe, expect, it } from 'vitest';
import { relativeDistance } from '../testing/distance.ts';
import { naiveLinear } from '../testing/naive-layers.ts';
import { runGraph } from '../testing/run-graph.ts';
import { buildAttentionNet, buildEmbeddingLambdaNet, buildLambdaNet } from './combiners.ts';
import { randomCombiners, visualArchitecture } from './clip-resnet/random-weights.ts';
import { readSafetensors, writeSafetensors } from './checkpoints/safetensors.ts';
import type { Weights, WeightTensor } from './weights.ts';

const relu = (values: number[]) => values.map((value) => Math.max(0, value));

/** Each channel by itself: 3x3 filters without padding, ReLU, flatten (filter, row, column), Linear, ReLU. */
function naiveFront(
  weights: Weights,
  [convolution, projection]: readonly [string, string],
  features: Float32Array,
  channels: number,
  size: number,
): number[] {
  const kernel = weights.get(`${convolution}.weight`)!;
  const [filters, , side] = kernel.dims as [number, number, number];
  const values = kernel.float32();
  const bias = weights.get(`${convolution}.bias`)!.float32();
  const valid = size - side + 1;
  return Array.from({ length: channels }, (_, channel) => {
    const flat: number[] = [];
    for (let filter = 0; filter < filters; filter++) {
      for (let row = 0; row < valid; row++) {
        for (let column = 0; column < valid; column++) {
          let sum = bias[filter]!;
          for (let i = 0; i < side; i++) {
            for (let j = 0; j < side; j++) {
              const cell = features[(channel * size + row + i) * size + column + j]!;
              sum += values[(filter * side + i) * side + j]! * cell;
            }
          }
          flat.push(sum);
        }
      }
    }
    return relu(naiveLinear(weights, projection, relu(flat)));
  }).flat();
}

const visual = visualArchitecture({ layers: [1, 1, 1, 1], width: 2, resolution: 160, embeddingWidth: 6 });
const shape = { channels: visual.featureChannels, size: visual.featureSize };
const weights = readSafetensors(writeSafetensors(randomCombiners(visual, 5)));
const views = 3;
const length = shape.channels * shape.size ** 2;
const features = Float32Array.from({ length: views * length }, (_, i) => Math.sin(i * 0.9 + (i * i) / 131));
const feed = { features: { data: features, dims: [views, shape.channels, shape.size, shape.size] } };
const view = (index: number) => features.subarray(index * length, (index + 1) * length);
const everyView = <T>(compute: (features: Float32Array) => T): T[] =>
  Array.from({ length: views }, (_, index) => compute(view(index)));

describe('combiners', () => {
  it('lambda net', async () => {
    const { score } = await runGraph(buildLambdaNet(weights, shape), feed);
    const expected = everyView((map) => {
      const front = ['lambda.per_channel_preprocessing.0', 'lambda.pre_projection.0'] as const;
      const joined = naiveFront(weights, front, map, shape.channels, shape.size);
      const first = relu(naiveLinear(weights, 'lambda.main.0', joined));
      const second = relu(naiveLinear(weights, 'lambda.main.2', first));
      return naiveLinear(weights, 'lambda.main.4', second)[0]!;
    });
    expect(score!.dims).toEqual([views]);
    expect(relativeDistance(score!.data, expected)).toBeLessThan(1e-5);
  });

  it.each(['query', 'key'] as const)('attention net: %s', async (part) => {
    const outputs = await runGraph(buildAttentionNet(weights, shape), feed);
    const letter = part[0]!;
    const expected = everyView((map) => {
      const front = [
        `attention.per_channel_${part}_preprocessing.0`,
        `attention.pre_${part}_projection.0`,
      ] as const;
      const joined = naiveFront(weights, front, map, shape.channels, shape.size);
      return naiveLinear(
        weights,
        `attention.${letter}.2`,
        relu(naiveLinear(weights, `attention.${letter}.0`, joined)),
      );
    });
    expect(outputs[part]!.dims).toEqual([views, 128]);
    expect(relativeDistance(outputs[part]!.data, expected.flat())).toBeLessThan(1e-5);
  });

  it('lambda net at embedding level: no activation behind its second layer', async () => {
    const width = visual.embeddingWidth;
    const data = features.subarray(0, views * width);
    const { score } = await runGraph(buildEmbeddingLambdaNet(weights, width), {
      embedding: { data, dims: [views, width] },
    });
    const expected = Array.from({ length: views }, (_, index) => {
      const embedding = [...data.subarray(index * width, (index + 1) * width)];
      const first = relu(naiveLinear(weights, 'lambda_embedding.fc1', embedding));
      return naiveLinear(
        weights,
        'lambda_embedding.fc3',
        naiveLinear(weights, 'lambda_embedding.fc2', first),
      )[0]!;
    });
    expect(relativeDistance(score!.data, expected)).toBeLessThan(1e-5);
  });
});

function thrownBy(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe('combiners that do not fit', () => {
  const without = (name: string) => new Map([...weights].filter(([other]) => other !== name));
  const reshaped = (name: string, dims: number[]) => {
    const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
    return new Map<string, WeightTensor>([...weights, [name, { dims, float32: () => data }]]);
  };
  const small = { channels: shape.channels, size: 2 };

  it.each([
    ['a missing tensor', () => buildLambdaNet(without('lambda.main.2.bias'), shape), /lambda\.main\.2\.bias/],
    ['another number of channels', () => buildLambdaNet(weights, { ...shape, channels: 128 }), /main\.0/],
    ['another size of map', () => buildLambdaNet(weights, { ...shape, size: 4 }), /pre_projection/],
    ['a map smaller than the filter', () => buildLambdaNet(weights, small), /at least 3 x 3 cells/],
    [
      'a filter that is not square',
      () => buildLambdaNet(reshaped('lambda.per_channel_preprocessing.0.weight', [32, 1, 3, 2]), shape),
      /per_channel_preprocessing/,
    ],
    [
      'a bias of another length',
      () => buildAttentionNet(reshaped('attention.k.2.bias', [127]), shape),
      /attention\.k\.2\.bias/,
    ],
    [
      'queries wider than keys',
      () =>
        buildAttentionNet(
          new Map<string, WeightTensor>([
            ...reshaped('attention.q.2.weight', [130, 128]),
            ['attention.q.2.bias', { dims: [130], float32: () => new Float32Array(130) }],
          ]),
          shape,
        ),
      /Queries have 130 numbers, keys 128/,
    ],
    ['an embedding of another width', () => buildEmbeddingLambdaNet(weights, 7), /fc1\.weight/],
  ] as const)('%s', (_, build, message) => {
    const error = thrownBy(build);
    expect(error).toMatchObject({ code: 'COMBINERS_INVALID' });
    expect(error).toHaveProperty('message', expect.stringMatching(message));
  });
});
