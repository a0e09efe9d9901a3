// Weights of a graph in single precision while they are worked on, and in half precision while they are stored. Pure.
import { intAttribute } from './attributes.ts';
import { GraphBuilder } from './builder.ts';
import { float16ToFloat32, float32ToFloat16 } from './float16.ts';
import { elementTypes, type Constant, type Model } from './graph.ts';

const largestFloat16 = 65_504;

/** Numbers of a float32 or float16 constant; null of any other type. A copy. */
export function floatsOf({ type, bytes }: Constant): Float32Array | null {
  // Not slice(): of a Buffer that is a view, whose memory begins elsewhere.
  const copy = Uint8Array.from(bytes);
  if (type === 'float32') return new Float32Array(copy.buffer, 0, copy.byteLength / 4);
  if (type === 'float16') return float16ToFloat32(new Uint16Array(copy.buffer, 0, copy.byteLength / 2));
  return null;
}

/** Every half-precision constant that a Cast makes single precision becomes a single-precision constant of the Cast's name. */
export function inSinglePrecision(model: Model): Model {
  const { graph } = model;
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.filter((node) => {
    const stored = graph.constants.get(node.inputs[0] ?? '');
    const made = node.outputs[0];
    const casts = node.op === 'Cast' && intAttribute(node, 'to', 0) === elementTypes.float32.onnx;
    if (!casts || made === undefined || stored?.type !== 'float16') return true;
    constants.set(made, withValues(stored, floatsOf(stored)!));
    return false;
  });
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const kept = new Map([...constants].filter(([name]) => used.has(name)));
  return { ...model, graph: { ...graph, nodes, constants: kept } };
}

/** A single-precision constant of the same shape. */
export function withValues({ dims }: Pick<Constant, 'dims'>, values: Float32Array): Constant {
  return {
    type: 'float32',
    dims,
    bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  };
}

/** Matrices and kernels are stored in half precision, where it holds them; vectors stay, since they cost nothing. */
export function storedInHalf(model: Model): Model {
  const { graph } = model;
  const builder = new GraphBuilder(graph.name, { ...graph, nodes: [], constants: new Map(), outputs: [] });
  builder.reserve(graph.nodes.flatMap(({ outputs }) => outputs));
  for (const [name, constant] of graph.constants) {
    const values = constant.type === 'float32' && constant.dims.length > 1 ? floatsOf(constant)! : null;
    if (values?.every((value) => Math.abs(value) <= largestFloat16)) {
      builder.float16Weight(name, float32ToFloat16(values), constant.dims);
    } else {
      builder.constant(name, constant);
    }
  }
  const { graph: stored } = builder.build();
  return { ...model, graph: { ...stored, nodes: [...stored.nodes, ...graph.nodes], outputs: graph.outputs } };
}
