// ONNX bytes <-> the model as data. Reading is a gate: a graph that reaches outside itself (external data,
// custom operators, nested graphs, functions) is refused before any runtime sees it. Pure.
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
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
import {
  AttributeProto_AttributeType as attributeTypes,
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  type AttributeProto,
  type AttributeProtoSchema,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type TensorProtoSchema,
  type ValueInfoProto,
  type ValueInfoProtoSchema,
} from './proto/onnx-ml_pb.ts';

/** Version of the file format: the first that allows constants which are not inputs is 4; 8 goes with opset 17. */
const irVersion = 8n;
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
  const message = create(ModelProtoSchema, {
    irVersion,
    producerName: 'dermorbit',
    opsetImport: [{ domain: '', version: BigInt(model.opset) }],
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
  });
  return toBinary(ModelProtoSchema, message);
}

function encodeConstant(name: string, constant: Constant): MessageInitShape<typeof TensorProtoSchema> {
  return {
    name,
    dims: constant.dims.map(BigInt),
    dataType: elementTypes[constant.type].onnx,
    rawData: constant.bytes,
  };
}

function encodeAttribute(name: string, attribute: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  const fields =
    'int' in attribute
      ? { type: attributeTypes.INT, i: BigInt(attribute.int) }
      : 'ints' in attribute
        ? { type: attributeTypes.INTS, ints: attribute.ints.map(BigInt) }
        : 'float' in attribute
          ? { type: attributeTypes.FLOAT, f: attribute.float }
          : 'floats' in attribute
            ? { type: attributeTypes.FLOATS, floats: [...attribute.floats] }
            : 'string' in attribute
              ? { type: attributeTypes.STRING, s: new TextEncoder().encode(attribute.string) }
              : { type: attributeTypes.TENSOR, t: encodeConstant('', attribute.tensor) };
  return { name, ...fields };
}

function encodeValueInfo(value: ValueInfo): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = value.dims.map((size) =>
    typeof size === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(size) } }
      : { value: { case: 'dimParam' as const, value: size } },
  );
  const tensor = { elemType: elementTypes[value.type].onnx, shape: { dim } };
  return { name: value.name, type: { value: { case: 'tensorType', value: tensor } } };
}

/**
 * Reads ONNX bytes.
 * @throws OnnxModelError if they are not an ONNX model, or one that reaches outside itself
 */
export function decodeModel(bytes: Uint8Array): Model {
  let message: ModelProto;
  try {
    message = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    throw new OnnxModelError('not an ONNX model', { cause: error });
  }
  const source = message.graph;
  if (!source) throw new OnnxModelError('the model has no graph');
  if (message.functions.length > 0 || message.trainingInfo.length > 0) {
    throw new OnnxModelError('the model brings functions or training graphs of its own');
  }
  for (const { domain } of message.opsetImport) requireStandardDomain(domain);
  if (source.sparseInitializer.length > 0) throw new OnnxModelError('sparse constants are not supported');
  const constants = new Map<string, Constant>();
  for (const proto of source.initializer) {
    const { name } = proto;
    if (constants.has(name)) throw new OnnxModelError(`constant ${name} is defined twice`);
    constants.set(name, decodeConstant(name, proto));
  }
  const graph: Graph = {
    name: source.name,
    nodes: source.node.map(decodeNode),
    constants,
    inputs: source.input.map(decodeValueInfo),
    outputs: source.output.map(decodeValueInfo),
  };
  const opset = message.opsetImport.find(({ domain }) => standardDomains.has(domain))?.version;
  return { graph, opset: Number(opset ?? 0) };
}

function requireStandardDomain(domain: string): void {
  if (!standardDomains.has(domain)) {
    throw new OnnxModelError(`operators of the domain ${domain} are not standard ONNX`);
  }
}

function decodeNode(node: NodeProto): Node {
  requireStandardDomain(node.domain);
  return {
    op: node.opType,
    name: node.name,
    inputs: node.input,
    outputs: node.output,
    attributes: Object.fromEntries(
      node.attribute.map((attribute) => [attribute.name, decodeAttribute(attribute)]),
    ),
  };
}

function decodeAttribute(attribute: AttributeProto): Attribute {
  if (attribute.type === attributeTypes.TENSOR) {
    if (!attribute.t) throw new OnnxModelError(`attribute ${attribute.name} says tensor and holds none`);
    return { tensor: decodeConstant(attribute.name, attribute.t) };
  }
  const plain = plainAttribute(attribute, attribute.type);
  if (plain) return plain;
  throw new OnnxModelError(
    `attribute ${attribute.name} holds a nested graph or a list that is not supported`,
  );
}

/** An attribute of numbers or text; null of any other type. */
export function plainAttribute(attribute: AttributeProto, type: number): Attribute | null {
  switch (type) {
    case attributeTypes.INT:
      return { int: Number(attribute.i) };
    case attributeTypes.INTS:
      return { ints: attribute.ints.map(Number) };
    case attributeTypes.FLOAT:
      return { float: attribute.f };
    case attributeTypes.FLOATS:
      return { floats: attribute.floats };
    case attributeTypes.STRING:
      return { string: new TextDecoder().decode(attribute.s) };
    default:
      return null;
  }
}

function decodeConstant(name: string, proto: TensorProto): Constant {
  if (proto.dataLocation === DataLocation.EXTERNAL || proto.externalData.length > 0) {
    throw new OnnxModelError(`constant ${name} lies outside the file`);
  }
  const type = typeByNumber.get(proto.dataType);
  if (!type) throw new OnnxModelError(`constant ${name} has an element type that is not supported`);
  const dims = proto.dims.map(Number);
  const bytes = proto.rawData;
  const expected = dims.reduce((product, dim) => product * dim, 1) * elementTypes[type].bytes;
  if (dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0) || bytes.byteLength !== expected) {
    throw new OnnxModelError(
      `constant ${name}: ${bytes.byteLength} raw bytes do not fill [${dims.join(', ')}] ${type}`,
    );
  }
  return { type, dims, bytes };
}

function decodeValueInfo({ name, type: declared }: ValueInfoProto): ValueInfo {
  const tensorType = declared?.value.case === 'tensorType' ? declared.value.value : null;
  const type = typeByNumber.get(tensorType?.elemType ?? 0);
  if (!type) throw new OnnxModelError(`${name} is not a tensor of a supported type`);
  // A size that is absent, empty or 0 (which no shape of ours has) is not known.
  const dims = (tensorType?.shape?.dim ?? []).map(({ value: size }) => {
    const known = size.case === 'dimValue' ? Number(size.value) : size.value;
    return known === undefined || known === 0 || known === '' ? 'unknown' : known;
  });
  return { name, type, dims };
}
