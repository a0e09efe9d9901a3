// Every bad file that is known, with its code and what its message must name; and the rest by drawing: files cut
// anywhere, and files with changed bytes, are refused in words or read, and nothing else happens.
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DermOrbitError } from '../../contract/errors.ts';
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import { encodeModel } from '../../onnx/codec.ts';
import { flatBufferFile } from '../../testing/flatbuffer-writer.ts';
import { smallNet } from '../../testing/tensorflow-nets.ts';
import { asGraph, asKeras } from '../../testing/tfjs-files.ts';
import { liteFile, liteParts, type LiteParts } from '../../testing/tflite-files.ts';
import { readTensorFlow } from './read.ts';
import { parseTfjs, readTfjs, tfjsShards } from './tfjs.ts';
import { readTflite } from './tflite.ts';
import { toOnnx, type ReadOptions } from './to-onnx.ts';

const net = smallNet({
  ...{ size: 6, channels: 2, classes: 2, flatten: false, seed: 3 },
  pieces: [
    {
      ...{ kind: 'conv', height: 3, width: 3, stride: 2, padding: 'same', out: 2 },
      norm: true,
      activation: 'relu6',
    },
    {
      ...{ kind: 'depthwise', height: 3, width: 3, stride: 1, padding: 'same', out: 1 },
      ...{ norm: true, activation: 'linear', residual: true },
    },
  ],
});
const keras = asKeras(net);
const quantized = asKeras(net, 'uint8');
const graph = asGraph(net);

type Files = ReadonlyMap<string, Uint8Array>;
type Json = Record<string, unknown>;

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A model with something changed in its model.json; `at` is the way to the object that holds it. */
function changed(files: Files, at: readonly (string | number)[], change: Json): Files {
  const model = JSON.parse(new TextDecoder().decode(files.get('model.json'))) as Json;
  let place: unknown = model;
  for (const key of at) place = (place as Json)[key];
  Object.assign(place as Json, change);
  return new Map([...files, ['model.json', encode(model)]]);
}

const kerasLayer = (index: number) => ['modelTopology', 'model_config', 'config', 'layers', index];
const weight = (index: number) => ['weightsManifest', 0, 'weights', index];

/** Where the first convolution of the graph stands: behind its input and its constants. */
const convNode = ['modelTopology', 'node', nodeIndex('made_0')];

function nodeIndex(name: string): number {
  const { modelTopology } = JSON.parse(new TextDecoder().decode(graph.get('model.json'))) as {
    modelTopology: { node: { name: string }[] };
  };
  return modelTopology.node.findIndex((node) => node.name === name);
}

function lite(change: (parts: LiteParts) => void, of = liteParts(net)): Uint8Array {
  change(of);
  return liteFile(of);
}

function readFiles(files: Files, options: ReadOptions = {}) {
  const model = parseTfjs(files.get('model.json')!);
  return toOnnx(readTfjs(model, new Map(tfjsShards(model).map((name) => [name, files.get(name)!]))), options);
}
const readLite = (bytes: Uint8Array) => toOnnx(readTflite(bytes));

interface BadFile {
  readonly what: string;
  readonly read: () => unknown;
  readonly code: ErrorCode;
  readonly message: RegExp;
}

const bad = (what: string, read: () => unknown, message: RegExp, code: ErrorCode = 'TENSORFLOW_INVALID') => ({
  ...{ what, read, code, message },
});
const strange = (what: string, read: () => unknown, message: RegExp) =>
  bad(what, read, message, 'TENSORFLOW_UNSUPPORTED');

const table: readonly BadFile[] = [
  // model.json and its shards
  bad('no JSON', () => parseTfjs(new TextEncoder().encode('{"weightsManifest": [')), /no JSON/),
  bad('an entry twice', () => parseTfjs(new TextEncoder().encode('{"a": 1, "a": 2}')), /"a" twice/),
  bad('no manifest', () => parseTfjs(encode({ modelTopology: {} })), /weightsManifest/),
  ...['../secret', '/etc/passwd', 'a/b', 'C:\\x', 'https://x', '..', '', 'a\u0000'].map((name) =>
    bad(
      `a shard named ${JSON.stringify(name)}`,
      () => readFiles(changed(keras, ['weightsManifest', 0], { paths: [name] })),
      /no name in its folder/,
    ),
  ),
  bad(
    'a shard twice',
    () => readFiles(changed(keras, ['weightsManifest', 0], { paths: ['a', 'a'] })),
    /a twice/,
  ),
  bad(
    'a shard cut',
    () => readFiles(new Map([...keras, ['group1-shard2of2.bin', new Uint8Array(3)]])),
    /A file is cut/,
  ),
  bad(
    'a shard too long',
    () =>
      readFiles(
        new Map([
          ...keras,
          ['group1-shard2of2.bin', new Uint8Array([...keras.get('group1-shard2of2.bin')!, 0])],
        ]),
      ),
    /1 bytes at the end .* belong to no weight/,
  ),
  bad(
    'a shape larger than the file',
    () => readFiles(changed(keras, weight(0), { shape: [3, 3, 2, 1e9] })),
    /layer_0\/kernel.*A file is cut/,
  ),
  bad(
    'a shape that no number counts',
    () => readFiles(changed(keras, weight(0), { shape: [2 ** 50, 2 ** 50] })),
    /A file is cut/,
  ),
  bad('a negative shape', () => readFiles(changed(keras, weight(0), { shape: [-1, 4] })), /shape/),
  bad(
    'a shape of the same size that lies',
    () => readFiles(changed(keras, weight(0), { shape: [2, 3, 3, 2] })),
    /layer_0: a kernel for 3 channels on a map of 2/,
  ),
  bad(
    'two weights of a name',
    () => readFiles(changed(keras, weight(1), { name: 'layer_0/kernel' })),
    /two weights named/,
  ),
  bad(
    'a weight that is missing',
    () => readFiles(changed(keras, weight(0), { name: 'other' })),
    /no weight layer_0\/kernel/,
  ),
  strange(
    'an element type of texts',
    () => readFiles(changed(keras, weight(0), { dtype: 'string' })),
    /element type string/,
  ),
  strange(
    'a quantization of 4 bits',
    () => readFiles(changed(quantized, weight(0), { quantization: { dtype: 'uint4', scale: 1, min: 0 } })),
    /stored as uint4/,
  ),
  ...[0, -1, 1e300, null].map((scale) =>
    bad(
      `a scale of ${scale}`,
      () => readFiles(changed(quantized, weight(0), { quantization: { dtype: 'uint8', scale, min: 0 } })),
      /scale/,
    ),
  ),
  bad(
    'a scale of which weights are too large',
    () => readFiles(changed(quantized, weight(0), { quantization: { dtype: 'uint8', scale: 1e20, min: 0 } })),
    /weights layer_0.weight hold/,
    'CHECKPOINT_NOT_FINITE',
  ),
  bad(
    'no minimum',
    () => readFiles(changed(quantized, weight(0), { quantization: { dtype: 'uint8', scale: 1 } })),
    /minimum none/,
  ),
  // Keras
  strange(
    'an unknown layer',
    () => readFiles(changed(keras, kerasLayer(1), { class_name: 'Lambda' })),
    /layer_0 is of the kind Lambda/,
  ),
  strange(
    'a layer named like a method of objects',
    () => readFiles(changed(keras, kerasLayer(1), { class_name: 'constructor' })),
    /of the kind constructor/,
  ),
  strange(
    'a model inside the model',
    () => readFiles(changed(keras, kerasLayer(1), { class_name: 'Model' })),
    /of the kind Model/,
  ),
  strange(
    'a shared layer',
    () => readFiles(changed(keras, kerasLayer(1), { inbound_nodes: [[], []] })),
    /used 2 times/,
  ),
  bad(
    'a layer that takes itself',
    () => readFiles(changed(keras, kerasLayer(1), { inbound_nodes: [[['layer_0', 0, 0, {}]]] })),
    /needs its own result/,
  ),
  bad(
    'layers in a circle',
    () => readFiles(changed(keras, kerasLayer(1), { inbound_nodes: [[['add_1', 0, 0, {}]]] })),
    /needs its own result/,
  ),
  bad(
    'a layer that is not there',
    () => readFiles(changed(keras, kerasLayer(1), { inbound_nodes: [[['other', 0, 0, {}]]] })),
    /Nothing makes the value "other"/,
  ),
  strange(
    'channels first',
    () => readFiles(changed(keras, [...kerasLayer(1), 'config'], { data_format: 'channels_first' })),
    /channels first/,
  ),
  bad(
    'strides of nothing',
    () => readFiles(changed(keras, [...kerasLayer(1), 'config'], { strides: [0, 0] })),
    /strides 0, 0/,
  ),
  bad(
    'strides without end',
    () => readFiles(changed(keras, [...kerasLayer(1), 'config'], { strides: [1e9, 1] })),
    /strides 1000000000/,
  ),
  bad(
    'a variance below zero',
    () => readFiles(changed(keras, [...kerasLayer(2), 'config'], { epsilon: -5 })),
    /variance/,
  ),
  bad(
    'pictures without end',
    () => readFiles(changed(keras, [...kerasLayer(0), 'config'], { batch_input_shape: [null, 1e9, 1e9, 2] })),
    /1 to 4096/,
  ),
  bad(
    'pictures of no size',
    () =>
      readFiles(changed(keras, [...kerasLayer(0), 'config'], { batch_input_shape: [null, null, null, 2] })),
    /does not say how large/,
    'OPTION_INVALID',
  ),
  // Graph
  strange(
    'an unknown operator',
    () => readFiles(changed(graph, convNode, { op: 'PyFunc' })),
    /made_0 is made by the operator PyFunc/,
  ),
  bad(
    'a node that takes itself',
    () => readFiles(changed(graph, convNode, { input: ['made_0'] })),
    /needs its own result/,
  ),
  bad(
    'a node that is not there',
    () => readFiles(changed(graph, convNode, { input: ['ghost'] })),
    /takes ghost/,
  ),
  bad(
    'a bias of another length',
    () => readFiles(changed(graph, convNode, { input: ['picture', 'layer_0/kernel', 'layer_0/kernel'] })),
    /a bias of 36 numbers for 2 channels/,
  ),
  bad(
    'constants in a circle',
    () =>
      readFiles(changed(graph, ['modelTopology', 'node', 1], { op: 'Identity', input: ['layer_0/kernel'] })),
    /needs its own result/,
  ),
  // TensorFlow Lite
  bad('an empty file', () => readTflite(new Uint8Array(0)), /has 0/),
  strange('another version', () => readTflite(flatBufferFile({ 0: { uint32: 2 } }, 'TFL3')), /Version 2/),
  strange('no graph', () => readTflite(flatBufferFile({ 0: { uint32: 3 } }, 'TFL3')), /0 graphs/),
  strange(
    'an unknown operator',
    () => readLite(lite((parts) => (parts.operators[0]!.code = 39))),
    /layer_0 is made by the operator TRANSPOSE/,
  ),
  strange(
    'an operator that nobody knows',
    () => readLite(lite((parts) => (parts.operators[0]!.code = 99_999))),
    /number 99999/,
  ),
  bad(
    'options of another operator',
    () => readLite(lite((parts) => (parts.operators[0]!.optionsType = 2))),
    /another operator than CONV_2D/,
  ),
  bad(
    'an operator that takes its own result',
    () => readLite(lite((parts) => (parts.operators[0]!.inputs[0] = parts.operators[0]!.outputs[0]!))),
    /needs its own result/,
  ),
  bad(
    'two operators for one value',
    () => readLite(lite((parts) => (parts.operators[1]!.outputs = parts.operators[0]!.outputs))),
    /Two operators make/,
  ),
  bad(
    'a tensor that is not there',
    () => readLite(lite((parts) => (parts.operators[0]!.inputs[0] = 999))),
    /entry 999 of/,
  ),
  bad(
    'a shape that lies',
    () => readLite(lite((parts) => Object.assign(parts.tensors[2]!, { shape: [2, 3, 3, 200] }))),
    /leaves its storage/,
  ),
  bad(
    'a shape of less than there is',
    () => readLite(lite((parts) => Object.assign(parts.tensors[2]!, { shape: [2, 3, 3, 1] }))),
    /are more than/,
  ),
  bad(
    'a negative shape',
    () => readLite(lite((parts) => Object.assign(parts.tensors[2]!, { shape: [-2, 3, 3, -2] }))),
    /is not a shape/,
  ),
  strange(
    'weights of an unknown type',
    () => readLite(lite((parts) => Object.assign(parts.tensors[2]!, { type: 8 }))),
    /element type/,
  ),
  strange(
    '8-bit pictures',
    () => readLite(lite((parts) => Object.assign(parts.tensors[0]!, { type: 9 }))),
    /Its input is int8/,
  ),
  ...[0, -1, NaN, Infinity].map((scale) =>
    bad(
      `an 8-bit weight with a scale of ${scale}`,
      () =>
        readLite(
          lite(
            (parts) => {
              const tensor = parts.tensors.find(({ type }) => type === 9)!;
              Object.assign(tensor, {
                quantization: { ...tensor.quantization, 2: { float32s: [1, scale] } },
              });
            },
            liteParts(net, 'int8'),
          ),
        ),
      /no positive number/,
    ),
  ),
  ...[NaN, Infinity, 1e30].map((value) =>
    bad(
      `a weight of ${value}`,
      () =>
        readLite(
          lite((parts) => {
            const tensor = parts.tensors[2]!;
            const values = Float32Array.from({ length: 36 }, (_, i) => (i === 7 ? value : 0));
            Object.assign(tensor, { bytes: new Uint8Array(values.buffer) });
          }),
        ),
      /hold/,
      'CHECKPOINT_NOT_FINITE',
    ),
  ),
];

it.each(table)('refuses $what', ({ read, code, message }) => {
  let thrown: unknown;
  try {
    read();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(DermOrbitError);
  expect(thrown).toMatchObject({ code, message: expect.stringMatching(message) as string });
});

/** Whether it is refused in words; anything else that is thrown is a fault of the reader. */
function refused(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof DermOrbitError) return true;
    throw error;
  }
}

describe('every cut of a file is refused, or read as the whole', () => {
  it('TensorFlow Lite', () => {
    const whole = liteFile(liteParts(net));
    const expected = Buffer.from(encodeModel(readLite(whole)));
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      if (refused(() => readLite(cut))) continue;
      expect(expected.equals(encodeModel(readLite(cut)))).toBe(true);
    }
  });

  it.each(['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin'])('TensorFlow.js, %s', (name) => {
    for (const files of [keras, graph]) {
      const whole = files.get(name)!;
      const step = name === 'model.json' ? 7 : 1;
      for (let length = 0; length < whole.length; length += step) {
        const cut = new Map([...files, [name, whole.subarray(0, length)]]);
        expect(refused(() => readFiles(cut))).toBe(true);
      }
    }
  });
});

describe('changed bytes are refused in words or read', () => {
  const bytesOf = (parts: () => LiteParts) => liteFile(parts());
  const changes = (length: number) =>
    fc.array(fc.tuple(fc.nat(length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
  const apply = (bytes: Uint8Array, list: readonly (readonly [number, number])[]) => {
    const copy = Uint8Array.from(bytes);
    for (const [at, value] of list) copy[at] = value;
    return copy;
  };

  it.each(['float32', 'float16', 'int8'] as const)('TensorFlow Lite, %s', (storage) => {
    const whole = bytesOf(() => liteParts(net, storage));
    fc.assert(
      fc.property(changes(whole.length), (list) => {
        refused(() => readLite(apply(whole, list)));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([['Keras layers', keras] as const, ['graph', graph] as const])('TensorFlow.js, %s', (_, files) => {
    const whole = files.get('model.json')!;
    fc.assert(
      fc.property(changes(whole.length), (list) => {
        refused(() => readFiles(new Map([...files, ['model.json', apply(whole, list)]])));
      }),
      { numRuns: 500 },
    );
  });
});

describe('on disk', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dermorbit-tensorflow-'));
    for (const [name, bytes] of keras) await writeFile(join(folder, name), bytes);
    await writeFile(join(folder, 'net.tflite'), liteFile(liteParts(net)));
    await writeFile(join(folder, 'text.json'), 'hello');
    await writeFile(
      join(folder, 'missing.json'),
      changed(keras, ['weightsManifest', 0], { paths: ['gone.bin'] }).get('model.json')!,
    );
    await writeFile(
      join(folder, 'leaving.json'),
      changed(keras, ['weightsManifest', 0], { paths: ['leaving.bin'] }).get('model.json')!,
    );
    await symlink('/etc/hostname', join(folder, 'leaving.bin'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('reads a folder, its model.json and a .tflite file', async () => {
    const [byFolder, byName, byLite] = await Promise.all(
      ['.', 'model.json', 'net.tflite'].map((name) => readTensorFlow(join(folder, name))),
    );
    expect(encodeModel(byName!)).toEqual(encodeModel(byFolder!));
    expect(byLite!.graph.outputs).toEqual(byName!.graph.outputs);
  });

  it.each([
    ['nothing.tflite', 'CHECKPOINT_NOT_FOUND', /nothing\.tflite/],
    ['text.json', 'CHECKPOINT_UNRECOGNISED', /text\.json: Its first bytes/],
    ['missing.json', 'CHECKPOINT_NOT_FOUND', /gone\.bin/],
    ['leaving.json', 'TENSORFLOW_INVALID', /leaving\.bin leads out of its folder/],
  ])('refuses %s', async (name, code, message) => {
    await expect(readTensorFlow(join(folder, name))).rejects.toMatchObject({
      ...{ code, message: expect.stringMatching(message) as string },
    });
  });
});
