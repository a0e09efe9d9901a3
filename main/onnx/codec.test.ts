import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './builder.ts';
import { decodeModel, encodeModel, OnnxModelError } from './codec.ts';
import { pruneToOutputs } from './graph.ts';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  FunctionProtoSchema,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation as DataLocation,
  type ModelProto,
} from './proto/onnx-ml_pb.ts';

function example() {
  const graph = new GraphBuilder('example');
  const x = graph.input('x', 'float32', ['batch', 3, 4, 4]);
  const weight = graph.float16Weight('weight', Uint16Array.of(0x3c00, 0x4000, 0x4200), [1, 3, 1, 1]);
  const y = graph.op('Conv', [x, weight], { kernel_shape: [1, 1], auto_pad: 'NOTSET', group: 1 });
  const scaled = graph.op('Mul', [y, graph.float32('half', Float32Array.of(0.5), [])]);
  graph.output('flat', graph.reshape(graph.op('LeakyRelu', [scaled], { alpha: { float: 0.25 } }), [0, -1]), [
    'batch',
    16,
  ]);
  graph.output('raw', y, ['batch', 1, 4, 4]);
  return graph.build();
}

it('writes and reads back the same model, byte for byte', () => {
  const model = example();
  const bytes = encodeModel(model);
  const back = decodeModel(bytes);
  expect(back.opset).toBe(17);
  expect(back.graph.nodes).toEqual(model.graph.nodes);
  expect(back.graph.inputs).toEqual(model.graph.inputs);
  expect(back.graph.outputs).toEqual(model.graph.outputs);
  expect([...back.graph.constants.keys()]).toEqual([...model.graph.constants.keys()]);
  expect(encodeModel(back)).toEqual(bytes);
});

it('prunes to what an output needs', () => {
  const pruned = pruneToOutputs(example().graph, ['raw']);
  expect(pruned.nodes.map((node) => node.op)).toEqual(['Cast', 'Conv', 'Identity']);
  expect([...pruned.constants.keys()]).toEqual(['weight.float16']);
  expect(() => pruneToOutputs(example().graph, ['nothing'])).toThrow(RangeError);
});

it('refuses a constant that does not fill its shape', () => {
  expect(() => new GraphBuilder('g').float32('w', new Float32Array(3), [2, 2])).toThrow(RangeError);
});

describe('refused on reading', () => {
  const modelWith = (change: (message: ModelProto) => void) => {
    const message = fromBinary(ModelProtoSchema, encodeModel(example()));
    change(message);
    return toBinary(ModelProtoSchema, message);
  };
  it.each([
    { name: 'bytes of something else', bytes: () => new TextEncoder().encode('not a model at all') },
    {
      name: 'no graph',
      bytes: () => toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n })),
    },
    {
      name: 'external data',
      bytes: () =>
        modelWith((message) => {
          const constant = message.graph!.initializer[0]!;
          constant.dataLocation = DataLocation.EXTERNAL;
          const location = { key: 'location', value: '../../etc/passwd' };
          constant.externalData = [create(StringStringEntryProtoSchema, location)];
        }),
    },
    {
      name: 'custom operators',
      bytes: () => modelWith((message) => (message.graph!.node[0]!.domain = 'com.evil')),
    },
    {
      name: 'a custom operator set',
      bytes: () =>
        modelWith((message) =>
          message.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: 'com.evil', version: 1n })),
        ),
    },
    {
      name: 'functions',
      bytes: () => modelWith((message) => message.functions.push(create(FunctionProtoSchema, { name: 'f' }))),
    },
    {
      name: 'a nested graph',
      bytes: () =>
        modelWith((message) =>
          message.graph!.node[0]!.attribute.push(
            create(AttributeProtoSchema, { name: 'body', type: AttributeType.GRAPH, g: {} }),
          ),
        ),
    },
    {
      name: 'bytes that do not fill the shape',
      bytes: () => modelWith((message) => (message.graph!.initializer[0]!.dims = [1n, 99n])),
    },
    {
      name: 'a negative dimension',
      bytes: () => modelWith((message) => (message.graph!.initializer[0]!.dims = [-1n, -3n, 1n, 1n])),
    },
    {
      name: 'a name defined twice',
      bytes: () => modelWith((message) => message.graph!.initializer.push(message.graph!.initializer[0]!)),
    },
  ])('$name', ({ bytes }) => {
    expect(() => decodeModel(bytes())).toThrow(OnnxModelError);
  });
});
