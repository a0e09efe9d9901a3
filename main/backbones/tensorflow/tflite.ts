// Reads TensorFlow Lite files (.tflite): FlatBuffers of one graph with its weights. Float networks only; weights may be
// stored as float32, as float16 or 8-bit behind DEQUANTIZE, or 8-bit as they are. Reads bytes, touches no disk.
import { tensor, type Tensor } from '../../contract/tensor.ts';
import { bytesPerElement, contiguousStrides, windowOn } from '../checkpoints/checkpoint-tensor.ts';
import { FlatTable } from './flatbuffer.ts';
import { invalid, unsupported, type Network, type Step } from './network.ts';
import { valueIds, type Operand } from './operands.ts';
import { fusedActivation, operatorRows } from './tflite-operators.ts';
import { fields, operatorNames, tensorTypes, type TensorType } from './tflite-schema.ts';

const schemaVersion = 3;
/** More than any image network has; a file may claim any number. */
const maximumOperators = 10_000;
const maximumOperands = 1024;
const maximumRank = 8;

/** Whether the bytes begin like a TensorFlow Lite file: its identifier stands behind the first offset. */
export function matchTflite(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && new TextDecoder().decode(bytes.subarray(4, 8)) === 'TFL3';
}

/**
 * The network of a TensorFlow Lite file. Values are called by their names in the file, and known by their numbers.
 * @throws DermOrbitError TENSORFLOW_INVALID, TENSORFLOW_UNSUPPORTED; what a step does is read when it is asked for
 */
export function readTflite(bytes: Uint8Array): Network {
  const model = FlatTable.root(bytes);
  const version = model.uint32(fields.model.version);
  if (version !== schemaVersion) throw unsupported(`Version ${version} of TensorFlow Lite's files.`);
  const subgraphs = model.count(fields.model.subgraphs);
  if (subgraphs !== 1) throw unsupported(`A file of ${subgraphs} graphs; image networks are one.`);
  const graph = model.tableAt(fields.model.subgraphs, 0);
  const tensors = new TensorTable(model, graph);

  const inputs = graph.int32s(fields.subgraph.inputs, maximumOperands) ?? [];
  if (inputs.length !== 1) throw unsupported(`A network of ${inputs.length} inputs; pictures are one.`);
  const input = tensors.at(inputs[0]!);
  const [batch, height, width, channels] = input.dims;
  if (input.dims.length !== 4 || input.type !== 'float32' || batch === 0 || !(channels! >= 1)) {
    throw unsupported(
      `Its input is ${input.type} [${input.dims.join(', ')}], not pictures of float32 numbers.`,
    );
  }
  const open = (size: number) => (size >= 1 ? size : null);

  const steps = new Map<string, Step>();
  const count = graph.count(fields.subgraph.operators);
  if (count > maximumOperators) throw invalid(`It has ${count} operators.`);
  for (let index = 0; index < count; index++) {
    const operator = graph.tableAt(fields.subgraph.operators, index);
    for (const step of stepsOf(model, operator, tensors)) {
      if (steps.has(step.id)) throw invalid(`Two operators make "${step.label}".`);
      steps.set(step.id, step);
    }
  }
  return {
    input: { id: String(inputs[0]), dims: [open(height!), open(width!), channels!] },
    steps,
    outputs: (graph.int32s(fields.subgraph.outputs, maximumOperands) ?? []).map(String),
  };
}

/** An operator as one step, or as two where it applies a function to what it made. */
function stepsOf(model: FlatTable, operator: FlatTable, tensors: TensorTable): Step[] {
  const name = operatorName(model, operator.uint32(fields.operator.code));
  const inputs = operator.int32s(fields.operator.inputs, maximumOperands) ?? [];
  const outputs = operator.int32s(fields.operator.outputs, maximumOperands) ?? [];
  if (outputs.length !== 1) return outputs.map((id) => severalResults(id, name, tensors));
  const [output] = outputs as [number];
  if (name === 'DEQUANTIZE' && inputs.length === 1 && tensors.at(inputs[0]!).constant) {
    tensors.setConstant(output, inputs[0]!);
    return [];
  }
  const { label } = tensors.at(output);
  // -1 is an operand that is left out: a convolution without bias.
  const operands = inputs.filter((id) => id !== -1).map((id) => tensors.operand(id));
  const options = operator.table(fields.operator.options);
  const optionsType = operator.int8(fields.operator.optionsType) & 0xff;
  const row = operatorRows[name];
  const fused = row ? fusedActivation(label, row, options) : null;
  const made = fused ? `${output}.made` : String(output);
  const step: Step = {
    id: made,
    label,
    inputs: valueIds(operands),
    layer() {
      if (!row) throw unsupported(`${label} is made by the operator ${name}.`);
      if (options && row.optionsType !== null && optionsType !== row.optionsType) {
        throw invalid(`${label}: its options are those of another operator than ${name}.`);
      }
      return row.layer({ label, operands, options: options ?? null });
    },
  };
  if (!fused) return [step];
  return [step, { id: String(output), label, inputs: [made], layer: () => fused() }];
}

/** An operator that makes several values is no part of the networks that are read; beside them it may stand. */
function severalResults(id: number, name: string, tensors: TensorTable): Step {
  const { label } = tensors.at(id);
  return {
    id: String(id),
    label,
    inputs: [],
    layer() {
      throw unsupported(`${label} is one of several results of the operator ${name}.`);
    },
  };
}

function operatorName(model: FlatTable, index: number): string {
  const entry = model.tableAt(fields.model.operatorCodes, index);
  // The first field holds 127 and less; newer numbers stand in the last one.
  const code = Math.max(
    entry.int8(fields.operatorCode.deprecatedCode),
    entry.int32(fields.operatorCode.code),
  );
  const name = operatorNames[code] ?? `number ${code}`;
  return name === 'CUSTOM' ? `CUSTOM "${entry.text(fields.operatorCode.customCode)}"` : name;
}

interface TensorEntry {
  readonly label: string;
  readonly dims: readonly number[];
  readonly type: TensorType;
  /** Reads its numbers; null where operators make them. */
  readonly constant: (() => Tensor) | null;
}

/** The tensors of a graph, each read when it is first asked for. */
class TensorTable {
  readonly #model: FlatTable;
  readonly #graph: FlatTable;
  readonly #known = new Map<number, TensorEntry>();

  constructor(model: FlatTable, graph: FlatTable) {
    this.#model = model;
    this.#graph = graph;
  }

  at(index: number): TensorEntry {
    const known = this.#known.get(index) ?? this.#read(index);
    this.#known.set(index, known);
    return known;
  }

  operand(index: number): Operand {
    const { constant } = this.at(index);
    return constant ? { constant } : { value: String(index) };
  }

  /** Says that a tensor has the numbers of another one. */
  setConstant(index: number, source: number): void {
    this.#known.set(index, { ...this.at(index), constant: this.at(source).constant });
  }

  #read(index: number): TensorEntry {
    const entry = this.#graph.tableAt(fields.subgraph.tensors, index);
    const label = entry.text(fields.tensor.name) || `tensor ${index}`;
    const dims = entry.int32s(fields.tensor.shape, maximumRank) ?? [];
    const type = tensorTypes.get(entry.int8(fields.tensor.type)) ?? 'other';
    const buffer = this.#model.tableAt(fields.model.buffers, entry.uint32(fields.tensor.buffer));
    if (buffer.has(fields.buffer.offset)) {
      throw unsupported(`${label} lies behind the file's own end, as in files of more than 2 GB.`);
    }
    const bytes = buffer.bytes(fields.buffer.data);
    if (bytes === null || bytes.length === 0) return { label, dims, type, constant: null };
    return { label, dims, type, constant: () => numbersOf(label, dims, type, bytes, entry) };
  }
}

function numbersOf(
  label: string,
  dims: readonly number[],
  type: TensorType,
  bytes: Uint8Array,
  entry: FlatTable,
): Tensor {
  if (type === 'other') throw unsupported(`${label} has an element type that weights do not have.`);
  if (entry.has(fields.tensor.sparsity)) throw unsupported(`${label} is stored as a sparse tensor.`);
  const window = windowOn(bytes, { dtype: type, dims, strides: contiguousStrides(dims), offset: 0 });
  if (typeof window === 'string') throw invalid(`${label}: ${window}.`);
  const stored = window.float32();
  if (bytes.length !== stored.length * bytesPerElement(type)) {
    throw invalid(`${label}: ${bytes.length} bytes are more than ${type} [${dims.join(', ')}] has.`);
  }
  const quantization = entry.table(fields.tensor.quantization);
  const scales = quantization?.float32s(fields.quantization.scale, maximumScales) ?? [];
  if (scales.length === 0 || (type !== 'int8' && type !== 'uint8')) return tensor(stored, dims);
  return tensor(dequantized(label, stored, dims, scales, quantization!), dims);
}

/** A scale for each channel of a large layer. */
const maximumScales = 65_536;

/** (stored - zero point) scale, with one pair for all or one for each index of an axis. */
function dequantized(
  label: string,
  stored: Float32Array,
  dims: readonly number[],
  scales: readonly number[],
  quantization: FlatTable,
): Float32Array {
  const zeros = quantization.int64s(fields.quantization.zeroPoint, maximumScales) ?? [];
  const axis = quantization.int32(fields.quantization.dimension);
  const channels = scales.length === 1 ? 1 : dims[axis];
  if (scales.length !== channels || (zeros.length > 1 && zeros.length !== channels)) {
    throw invalid(`${label}: ${scales.length} scales do not go with [${dims.join(', ')}].`);
  }
  if (scales.some((scale) => !(scale > 0 && scale < Infinity))) {
    throw invalid(`${label}: a scale of its 8-bit numbers is no positive number.`);
  }
  const inner = scales.length === 1 ? stored.length : dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  return stored.map((value, i) => {
    const channel = Math.floor(i / inner) % scales.length;
    return (value - (zeros[zeros.length === 1 ? 0 : channel] ?? 0)) * scales[channel]!;
  });
}
