// The three formats against plain loops: random small networks, written in each, give what their definitions say.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestDifference } from '../../testing/distance.ts';
import { runGraph } from '../../testing/run-graph.ts';
import { seededRandom } from '../../testing/checkpoint-files.ts';
import { runNaively, smallNet, type NetPiece, type SmallNet } from '../../testing/tensorflow-nets.ts';
import { asGraph, asKeras, type TfjsStorage } from '../../testing/tfjs-files.ts';
import { liteFile, liteParts, type TfliteStorage } from '../../testing/tflite-files.ts';
import { costOf } from '../../onnx/bounds.ts';
import type { Network } from './network.ts';
import { parseTfjs, readTfjs } from './tfjs.ts';
import { readTflite } from './tflite.ts';
import { toOnnx } from './to-onnx.ts';

const tfjs = (files: Map<string, Uint8Array>) => readTfjs(parseTfjs(files.get('model.json')!), files);

/** How a network is written and read, and how far its answers may be off: half precision rounds folded weights. */
const formats: readonly (readonly [string, (net: SmallNet) => Network, number])[] = [
  ['Keras layers', (net) => tfjs(asKeras(net)), 2e-5],
  ['graph', (net) => tfjs(asGraph(net)), 2e-5],
  ['TensorFlow Lite', (net) => readTflite(liteFile(liteParts(net))), 2e-5],
  ['TensorFlow Lite, half precision', (net) => readTflite(liteFile(liteParts(net, 'float16'))), 1e-2],
];

function picture(net: SmallNet): number[] {
  const random = seededRandom(net.about.seed + 1);
  return Array.from({ length: net.about.size ** 2 * net.about.channels }, () => random() * 2 - 1);
}

/** NHWC -> NCHW of one picture. */
function channelsFirst(data: readonly number[], channels: number): number[] {
  const cells = data.length / channels;
  return data.map((_, i) => data[(i % cells) * channels + Math.floor(i / cells)]!);
}

/** What the ONNX model of a network makes of a picture, in the order of the plain loops. */
async function runOnnx(
  network: Network,
  net: SmallNet,
): Promise<{ found: Float32Array; expected: number[] }> {
  const { size, channels } = net.about;
  const model = toOnnx(network);
  costOf(model, { image: [8, channels, size, size] });
  expect(model.graph.nodes.some(({ op }) => op === 'Transpose' || op === 'BatchNormalization')).toBe(false);
  const image = picture(net);
  const feed = { data: Float32Array.from(channelsFirst(image, channels)), dims: [1, channels, size, size] };
  const outputs = await runGraph(model, { image: feed });
  const expected = runNaively(net, image);
  if (outputs.output) return { found: outputs.output.data, expected };
  return { found: outputs.features!.data, expected: channelsFirst(expected, net.lastMap.channels) };
}

const windows = fc.record({
  height: fc.integer({ min: 1, max: 3 }),
  width: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 2 }),
  padding: fc.constantFrom('same' as const, 'valid' as const),
});

const weighted = fc
  .tuple(
    windows,
    fc.record({
      kind: fc.constantFrom('conv' as const, 'depthwise' as const),
      out: fc.integer({ min: 1, max: 3 }),
      norm: fc.boolean(),
      activation: fc.constantFrom('linear' as const, 'relu' as const, 'relu6' as const),
    }),
  )
  .map(([window, layer]): NetPiece => ({ ...window, ...layer }));
const pooling = fc
  .tuple(windows, fc.constantFrom('max' as const, 'average' as const))
  .map(([window, kind]): NetPiece => ({ ...window, kind }));
/** What a residual adds must have the size of what it adds to. */
const residual = fc.boolean().map((norm): NetPiece => ({
  ...{ kind: 'depthwise', height: 3, width: 3, stride: 1, padding: 'same', out: 1 },
  ...{ norm, activation: 'linear', residual: true },
}));

const nets = fc
  .record({
    size: fc.integer({ min: 11, max: 14 }),
    channels: fc.integer({ min: 1, max: 3 }),
    pieces: fc.array(fc.oneof(weighted, weighted, pooling, residual), { minLength: 1, maxLength: 3 }),
    classes: fc.constantFrom(null, 2, 3),
    flatten: fc.boolean(),
    seed: fc.integer({ min: 1, max: 1e6 }),
  })
  .map(smallNet);

describe.each(formats)('%s', (_, read, most) => {
  it('gives what the layers of a random network say', async () => {
    await fc.assert(
      fc.asyncProperty(nets, async (net) => {
        const { found, expected } = await runOnnx(read(net), net);
        const scale = Math.max(1, ...expected.map(Math.abs));
        expect(largestDifference(found, expected) / scale).toBeLessThan(most);
      }),
      { numRuns: 40 },
    );
  });
});

const mobile = smallNet({
  ...{ size: 9, channels: 3, classes: 3, flatten: false, seed: 7 },
  pieces: [
    {
      ...{ kind: 'conv', height: 3, width: 3, stride: 2, padding: 'same', out: 4 },
      norm: true,
      activation: 'relu6',
    },
    {
      ...{ kind: 'depthwise', height: 3, width: 3, stride: 1, padding: 'same', out: 1 },
      norm: true,
      activation: 'relu6',
    },
    {
      ...{ kind: 'conv', height: 1, width: 1, stride: 1, padding: 'same', out: 5 },
      norm: true,
      activation: 'linear',
    },
  ],
});

describe('weights stored in fewer bits', () => {
  const exact: Readonly<Record<string, (storage: TfjsStorage & TfliteStorage) => Network>> = {
    'Keras layers': (storage) => tfjs(asKeras(mobile, storage)),
    graph: (storage) => tfjs(asGraph(mobile, storage)),
  };
  it.each(Object.entries(exact))('%s: half precision holds these weights exactly', async (_, read) => {
    const { found, expected } = await runOnnx(read('float16'), mobile);
    expect(largestDifference(found, expected)).toBeLessThan(1e-5);
  });

  const rounded: readonly (readonly [string, () => Network, number])[] = [
    ['Keras layers, 16 bits', () => tfjs(asKeras(mobile, 'uint16')), 1e-3],
    ['Keras layers, 8 bits', () => tfjs(asKeras(mobile, 'uint8')), 0.1],
    ['graph, 16 bits', () => tfjs(asGraph(mobile, 'uint16')), 1e-3],
    ['TensorFlow Lite, 8 bits by channel', () => readTflite(liteFile(liteParts(mobile, 'int8'))), 0.1],
  ];
  it.each(rounded)('%s: near what was rounded, and not the same', async (_, read, most) => {
    const { found, expected } = await runOnnx(read(), mobile);
    const difference = largestDifference(found, expected);
    expect(difference).toBeLessThan(most);
    expect(difference).toBeGreaterThan(1e-7);
  });
});

describe('the part that is asked for', () => {
  const network = tfjs(asKeras(mobile));

  it('is cut at a layer, for pictures of another size, under plain names', () => {
    const { graph, opset } = toOnnx(network, { to: 'relu_1', size: 16 });
    expect(opset).toBe(17);
    expect(graph.inputs).toEqual([{ name: 'image', type: 'float32', dims: ['batch', 3, 16, 16] }]);
    expect(graph.outputs).toEqual([{ name: 'features', type: 'float32', dims: ['batch', 4, 8, 8] }]);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Conv', 'Clip', 'Conv', 'Clip', 'Identity']);
    expect([...graph.constants.keys()]).toEqual([
      ...['layer_0.weight', 'layer_0.bias', 'constant.0', 'constant.6', 'layer_1.weight', 'layer_1.bias'],
    ]);
    // TensorFlow puts the odd pixel of "same" behind, not before.
    expect(graph.nodes[0]!.attributes.pads).toEqual({ ints: [0, 0, 1, 1] });
  });

  it('needs nothing of what lies behind', () => {
    const files = asGraph(mobile);
    const text = new TextDecoder().decode(files.get('model.json')).replace('"Softmax"', '"Mystery"');
    const strange = tfjs(new Map([...files, ['model.json', new TextEncoder().encode(text)]]));
    expect(toOnnx(strange, { to: 'logits' }).graph.outputs[0]!.name).toBe('output');
    expect(() => toOnnx(strange)).toThrow(/shares is made by the operator Mystery/);
  });

  it('names what it does not find', () => {
    expect(() => toOnnx(network, { to: 'nowhere' })).toThrow(/no value "nowhere"/);
    expect(() => toOnnx(network, { from: 'layer_1', to: 'relu_1' })).toThrow(/"layer_0" lies before/);
    expect(() => toOnnx(network, { size: 0 })).toThrow(/1 to 4096/);
  });
});
