// ONNX files as other programs write them: numbers in typed fields or beside the file, constants listed among the
// inputs, operators of other domains behind what is wanted. Nothing is judged here but the form of the file: what is
// asked of the graph is pruned first, and only then must every operator of it be known. Pure.
import { fromBinary } from '@bufbuild/protobuf';
import { OnnxModelError, plainAttribute } from '../codec.ts';
import {
  elementTypes,
  type Attribute,
  type Constant,
  type ElementType,
  type Model,
  type Node,
  type ValueInfo,
} from '../graph.ts';
import {
  AttributeProto_AttributeType as attributeTypes,
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  type AttributeProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../proto/onnx-ml_pb.ts';

/** Where a constant lies outside the file. */
export interface ExternalPlace {
  readonly constant: string;
  readonly location: string;
  readonly offset: number;
  /** Null: to the end of the file. */
  readonly length: number | null;
}

/** Names of classes that the graph brings for one of its values (scikit-learn's exporters end in a ZipMap). */
export interface GraphLabels {
  /** The tensor of class scores that they stand for. */
  readonly value: string;
  readonly names: readonly string[];
}

/** An input or output as declared; null where it is no tensor, or none of a type that is known here. */
export interface DeclaredValue {
  readonly name: string;
  readonly info: ValueInfo | null;
}

export interface ForeignModel {
  /** Operators as the file has them; of another domain, or with what is not understood, under `DOMAIN:NAME`. */
  readonly model: Model;
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  /** metadata_props */
  readonly metadata: ReadonlyMap<string, string>;
  readonly labels: readonly GraphLabels[];
}

const typeByNumber = new Map<number, ElementType>(
  Object.entries(elementTypes).map(([type, { onnx }]) => [onnx, type as ElementType]),
);
const standardDomains = new Set(['', 'ai.onnx']);

/** A file that ends too early, or was changed on its way. */
export class DamagedModelError extends OnnxModelError {}

/** The bytes of a model as a message. @throws DamagedModelError */
export function parseForeign(bytes: Uint8Array): ModelProto {
  try {
    const message = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
    if (message.graph && message.graph.node.length > 0) return message;
  } catch (error) {
    throw new DamagedModelError('it is cut short or damaged', { cause: error });
  }
  throw new DamagedModelError('it holds no graph');
}

/** Every place outside the file that a constant of the model is said to lie at. */
export function externalPlaces({ graph }: ModelProto): ExternalPlace[] {
  const tensors = [
    ...graph!.initializer,
    ...graph!.node.flatMap(({ attribute }) =>
      attribute.flatMap(({ t, tensors: list }) => [...(t ? [t] : []), ...list]),
    ),
  ];
  return tensors.filter(isExternal).map(placeOf);
}

function isExternal({ dataLocation, externalData }: TensorProto): boolean {
  return dataLocation === DataLocation.EXTERNAL || externalData.length > 0;
}

function placeOf({ name, externalData }: TensorProto): ExternalPlace {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const number = (key: string): number | null => {
    const text = entries.get(key);
    if (text === undefined || text === '') return null;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new DamagedModelError(`the ${key} of constant ${name} is ${text.slice(0, 40)}`);
    }
    return value;
  };
  return {
    constant: name,
    location: entries.get('location') ?? '',
    offset: number('offset') ?? 0,
    length: number('length'),
  };
}

/** The bytes at a place; only what its caller found to lie beside the model is ever given. */
export type ReadExternal = (place: ExternalPlace) => Uint8Array;

/**
 * A parsed model as data.
 * @throws OnnxModelError for what no reader could make sense of; DamagedModelError
 */
export function readForeign(message: ModelProto, external: ReadExternal): ForeignModel {
  const source = message.graph!;
  if (source.sparseInitializer.length > 0) throw new OnnxModelError('it holds sparse constants');
  const constants = new Map<string, Constant>();
  for (const proto of source.initializer) {
    if (constants.has(proto.name)) throw new OnnxModelError(`constant ${proto.name} is defined twice`);
    constants.set(proto.name, readConstant(proto.name, proto, external));
  }
  const nodes = source.node.map((node) => readNode(node, external, message));
  // Up to version 3 of the format, constants are listed among the inputs as well.
  const inputs = source.input.filter(({ name }) => !constants.has(name)).map(declared);
  const outputs = source.output.map(declared);
  const opset = message.opsetImport.find(({ domain }) => standardDomains.has(domain))?.version;
  return {
    model: {
      opset: Number(opset ?? 1),
      graph: {
        name: source.name,
        nodes,
        constants,
        inputs: inputs.flatMap(({ info }) => (info ? [info] : [])),
        outputs: outputs.flatMap(({ info }) => (info ? [info] : [])),
      },
    },
    inputs,
    outputs,
    metadata: new Map(message.metadataProps.map(({ key, value }) => [key, value])),
    labels: source.node.flatMap(labelsOf),
  };
}

function labelsOf({ opType, input, attribute }: NodeProto): GraphLabels[] {
  if (opType !== 'ZipMap' || input[0] === undefined) return [];
  const texts = attribute.find(({ name }) => name === 'classlabels_strings')?.strings ?? [];
  const numbers = attribute.find(({ name }) => name === 'classlabels_int64s')?.ints ?? [];
  const names = texts.length > 0 ? texts.map((text) => new TextDecoder().decode(text)) : numbers.map(String);
  return names.length > 0 ? [{ value: input[0], names }] : [];
}

function readNode(node: NodeProto, external: ReadExternal, { functions }: ModelProto): Node {
  const standard = standardDomains.has(node.domain);
  const own = functions.some(({ name, domain }) => name === node.opType && domain === node.domain);
  const attributes: Record<string, Attribute> = {};
  let nested = false;
  for (const attribute of node.attribute) {
    const value = readAttribute(attribute, external);
    if (value) attributes[attribute.name] = value;
    else nested = true;
  }
  const domain = standard ? 'ai.onnx' : node.domain;
  return {
    op: standard && !nested && !own ? node.opType : `${own ? 'a function' : domain}:${node.opType}`,
    name: node.name,
    inputs: node.input,
    outputs: node.output,
    attributes,
  };
}

/** Null for lists of texts, graphs and other things that no classifier's arithmetic needs. */
function readAttribute(attribute: AttributeProto, external: ReadExternal): Attribute | null {
  const type = attribute.type || guessedType(attribute);
  if (type !== attributeTypes.TENSOR) return plainAttribute(attribute, type);
  return attribute.t ? { tensor: readConstant(attribute.name, attribute.t, external) } : null;
}

/** Exporters of the first versions left the type of an attribute out. */
function guessedType({ f, i, s, t, floats, ints }: AttributeProto): number {
  if (t) return attributeTypes.TENSOR;
  if (ints.length > 0) return attributeTypes.INTS;
  if (floats.length > 0) return attributeTypes.FLOATS;
  if (s.length > 0) return attributeTypes.STRING;
  return f !== 0 && i === 0n ? attributeTypes.FLOAT : attributeTypes.INT;
}

function readConstant(name: string, proto: TensorProto, external: ReadExternal): Constant {
  const type = typeByNumber.get(proto.dataType);
  const dims = proto.dims.map(Number);
  if (dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0)) {
    throw new DamagedModelError(`constant ${name} has the shape [${dims.join(', ')}]`);
  }
  if (!type) throw new OnnxModelError(`constant ${name} has an element type that is not supported`);
  const expected = dims.reduce((product, dim) => product * dim, 1) * elementTypes[type].bytes;
  const bytes = isExternal(proto) ? external(placeOf(proto)) : (typedBytes(proto, type) ?? proto.rawData);
  const own = bytes.subarray(0, isExternal(proto) ? expected : undefined);
  if (own.byteLength !== expected) {
    throw new DamagedModelError(
      `constant ${name}: ${own.byteLength} bytes do not fill [${dims.join(', ')}] ${type}`,
    );
  }
  return { type, dims, bytes: own };
}

/** Numbers that stand in fields of their own type instead of raw bytes. */
function typedBytes(proto: TensorProto, type: ElementType): Uint8Array | null {
  const { floatData, int32Data, int64Data, doubleData } = proto;
  if (floatData.length > 0) return bytesOf(Float32Array.from(floatData));
  if (doubleData.length > 0) return bytesOf(Float64Array.from(doubleData));
  if (int64Data.length > 0) return bytesOf(BigInt64Array.from(int64Data));
  if (int32Data.length === 0) return null;
  switch (elementTypes[type].bytes) {
    case 1:
      return Uint8Array.from(int32Data);
    case 2:
      return bytesOf(Uint16Array.from(int32Data));
    default:
      return bytesOf(Int32Array.from(int32Data));
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

function declared({ name, type }: ValueInfoProto): DeclaredValue {
  const tensor = type?.value.case === 'tensorType' ? type.value.value : null;
  const known = typeByNumber.get(tensor?.elemType ?? 0);
  if (!tensor || !known) return { name, info: null };
  const dims = (tensor.shape?.dim ?? []).map(({ value: size }, axis) => {
    const value = size.case === 'dimValue' ? Number(size.value) : size.value;
    // A size that is absent, empty, 0 or negative is not known.
    return value === undefined || value === '' || (typeof value === 'number' && value <= 0)
      ? `unknown_${axis}`
      : value;
  });
  return { name, info: { name, type: known, dims } };
}
