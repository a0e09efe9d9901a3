// ONNX bytes <-> the model as data. Reading is a gate: a graph that reaches outside itself (external data,
// custom operators, nested graphs, functions) is refused before any runtime sees it. Pure.
import onnxProto from 'onnx-proto';
import {
  elementTypes,
  type Attribute,
  type Constant,
  type ElementType,
  type Graph,
  type Model,
  type Node,
  type ValueInfo,
} from './graph.ts';

const { onnx } = onnxProto;
const attributeTypes = onnx.AttributeProto.AttributeType;

/** Version of the file format: the first that allows constants which are not inputs is 4; 8 goes with opset 17. */
const irVersion = 8;
const standardDomains = new Set(['', 'ai.onnx']);
const typeByNumber = new Map<number, ElementType>(
  Object.entries(elementTypes).map(([type, { onnx: number }]) => [number, type as ElementType]),
);

/** A graph that cannot be read or may not be run; `reason` says why. */
export class OnnxModelError extends Error {
  override readonly name = 'OnnxModelError';
}

/** Writes a model as ONNX bytes. The same model gives the same bytes. */
export function encodeModel(model: Model): Uint8Array {
  const { graph } = model;
  return onnx.ModelProto.encode({
    irVersion,
    producerName: 'dermorbit',
    opsetImport: [{ domain: '', version: model.opset }],
    graph: {
      name: graph.name,
      node: graph.nodes.map((node) => ({
        opType: node.op,
        name: node.name,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes).map(([name, attribute]) =>
          encodeAttribute(name, attribute),
        ),
      })),
      initializer: [...graph.constants].map(([name, constant]) => encodeConstant(name, constant)),
      input: graph.inputs.map(encodeValueInfo),
      output: graph.outputs.map(encodeValueInfo),
    },
  }).finish();
}

function encodeConstant(name: string, constant: Constant): InstanceType<typeof onnx.TensorProto> {
  return new onnx.TensorProto({
    name,
    dims: [...constant.dims],
    dataType: elementTypes[constant.type].onnx,
    rawData: constant.bytes,
  });
}

function encodeAttribute(name: string, attribute: Attribute): InstanceType<typeof onnx.AttributeProto> {
  const fields =
    'int' in attribute
      ? { type: attributeTypes.INT, i: attribute.int }
      : 'ints' in attribute
        ? { type: attributeTypes.INTS, ints: [...attribute.ints] }
        : 'float' in attribute
          ? { type: attributeTypes.FLOAT, f: attribute.float }
          : 'floats' in attribute
            ? { type: attributeTypes.FLOATS, floats: [...attribute.floats] }
            : 'string' in attribute
              ? { type: attributeTypes.STRING, s: new TextEncoder().encode(attribute.string) }
              : { type: attributeTypes.TENSOR, t: encodeConstant('', attribute.tensor) };
  return new onnx.AttributeProto({ name, ...fields });
}

function encodeValueInfo(value: ValueInfo): InstanceType<typeof onnx.ValueInfoProto> {
  return new onnx.ValueInfoProto({
    name: value.name,
    type: {
      tensorType: {
        elemType: elementTypes[value.type].onnx,
        shape: {
          dim: value.dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })),
        },
      },
    },
  });
}

type ModelMessage = ReturnType<typeof onnx.ModelProto.decode>;

/**
 * Reads ONNX bytes.
 * @throws OnnxModelError if they are not an ONNX model, or one that reaches outside itself
 */
export function decodeModel(bytes: Uint8Array): Model {
  let message: ModelMessage;
  try {
    message = onnx.ModelProto.decode(bytes);
  } catch (error) {
    throw new OnnxModelError('not an ONNX model', { cause: error });
  }
  const source = message.graph;
  if (!source) throw new OnnxModelError('the model has no graph');
  if (message.functions.length > 0 || message.trainingInfo.length > 0) {
    throw new OnnxModelError('the model brings functions or training graphs of its own');
  }
  for (const { domain } of message.opsetImport) requireStandardDomain(domain);
  if ((source.sparseInitializer ?? []).length > 0)
    throw new OnnxModelError('sparse constants are not supported');
  const constants = new Map<string, Constant>();
  for (const proto of source.initializer ?? []) {
    const name = proto.name ?? '';
    if (constants.has(name)) throw new OnnxModelError(`constant ${name} is defined twice`);
    constants.set(name, decodeConstant(name, proto));
  }
  const graph: Graph = {
    name: source.name ?? '',
    nodes: (source.node ?? []).map(decodeNode),
    constants,
    inputs: (source.input ?? []).map(decodeValueInfo),
    outputs: (source.output ?? []).map(decodeValueInfo),
  };
  const opset: unknown = message.opsetImport.find(({ domain }) => standardDomains.has(domain ?? ''))?.version;
  return { graph, opset: Number(opset ?? 0) };
}

function requireStandardDomain(domain: string | null | undefined): void {
  if (!standardDomains.has(domain ?? '')) {
    throw new OnnxModelError(`operators of the domain ${domain ?? ''} are not standard ONNX`);
  }
}

type NodeMessage = Parameters<typeof onnx.NodeProto.encode>[0];
type TensorMessage = Parameters<typeof onnx.TensorProto.encode>[0];
type AttributeMessage = Parameters<typeof onnx.AttributeProto.encode>[0];
type ValueInfoMessage = Parameters<typeof onnx.ValueInfoProto.encode>[0];

function decodeNode(node: NodeMessage): Node {
  requireStandardDomain(node.domain);
  return {
    op: node.opType ?? '',
    name: node.name ?? '',
    inputs: node.input ?? [],
    outputs: node.output ?? [],
    attributes: Object.fromEntries(
      (node.attribute ?? []).map((attribute) => [attribute.name ?? '', decodeAttribute(attribute)]),
    ),
  };
}

function decodeAttribute(attribute: AttributeMessage): Attribute {
  switch (attribute.type) {
    case attributeTypes.INT:
      return { int: Number(attribute.i) };
    case attributeTypes.INTS:
      return { ints: (attribute.ints ?? []).map(Number) };
    case attributeTypes.FLOAT:
      return { float: attribute.f ?? 0 };
    case attributeTypes.FLOATS:
      return { floats: attribute.floats ?? [] };
    case attributeTypes.STRING:
      return { string: new TextDecoder().decode(attribute.s ?? new Uint8Array()) };
    case attributeTypes.TENSOR:
      return { tensor: decodeConstant(attribute.name ?? '', attribute.t ?? {}) };
    default:
      throw new OnnxModelError(
        `attribute ${attribute.name ?? ''} holds a nested graph or a list that is not supported`,
      );
  }
}

function decodeConstant(name: string, proto: TensorMessage): Constant {
  if (
    proto.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL ||
    (proto.externalData ?? []).length > 0
  ) {
    throw new OnnxModelError(`constant ${name} lies outside the file`);
  }
  const type = typeByNumber.get(proto.dataType ?? 0);
  if (!type) throw new OnnxModelError(`constant ${name} has an element type that is not supported`);
  const dims = (proto.dims ?? []).map(Number);
  const bytes = proto.rawData ?? new Uint8Array();
  const expected = dims.reduce((product, dim) => product * dim, 1) * elementTypes[type].bytes;
  if (dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0) || bytes.byteLength !== expected) {
    throw new OnnxModelError(
      `constant ${name}: ${bytes.byteLength} raw bytes do not fill [${dims.join(', ')}] ${type}`,
    );
  }
  return { type, dims, bytes };
}

function decodeValueInfo(value: ValueInfoMessage): ValueInfo {
  const name = value.name ?? '';
  const tensorType = value.type?.tensorType;
  const type = typeByNumber.get(tensorType?.elemType ?? 0);
  if (!type) throw new OnnxModelError(`${name} is not a tensor of a supported type`);
  // An absent name reads as the empty string; an absent size as 0, which no shape of ours has.
  const dims = (tensorType?.shape?.dim ?? []).map((dim) => {
    const size = Number(dim.dimValue ?? 0);
    if (dim.dimParam) return dim.dimParam;
    return size === 0 ? 'unknown' : size;
  });
  return { name, type, dims };
}
