// Weights that are stored as constants, made inputs of the graph, so that a training step can replace them. Pure.
import { elementTypes, type Constant, type Graph, type ValueInfo } from '../onnx/graph.ts';
import { intAttribute } from '../onnx/attributes.ts';
import { floatsOf } from '../onnx/single-precision.ts';
import { AutodiffError } from './error.ts';

/** A weight as it was stored, in single precision. */
export interface StoredWeight {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** The constant that a value is: its own, or a half-precision one that a Cast turns into single precision. */
function constantBehind(graph: Graph, name: string): { constant: Constant; made: boolean } | null {
  const own = graph.constants.get(name);
  if (own) return own.type === 'float32' ? { constant: own, made: false } : null;
  const cast = graph.nodes.find(({ outputs }) => outputs[0] === name);
  if (cast?.op !== 'Cast' || intAttribute(cast, 'to', 0) !== elementTypes.float32.onnx) return null;
  const stored = graph.constants.get(cast.inputs[0] ?? '');
  return stored ? { constant: stored, made: true } : null;
}

/**
 * Turns constants into inputs of the same name and shape, in single precision.
 * A weight that is stored in half precision is named by what its Cast makes.
 * @returns the graph and what the inputs have to be fed with to compute the same as before
 * @throws AutodiffError PARAMETER_INVALID if a name is not that of a stored weight
 */
export function parametersAsInputs(
  graph: Graph,
  names: readonly string[],
): { graph: Graph; stored: Map<string, StoredWeight> } {
  const stored = new Map<string, StoredWeight>();
  const constants = new Map(graph.constants);
  const replaced = new Set<string>();
  const inputs: ValueInfo[] = [];
  for (const name of names) {
    const behind = constantBehind(graph, name);
    const values = behind && floatsOf(behind.constant);
    if (!behind || !values) {
      throw new AutodiffError('PARAMETER_INVALID', `${name} is not a stored weight of graph ${graph.name}.`);
    }
    if (stored.has(name)) throw new AutodiffError('PARAMETER_INVALID', `${name} is named twice.`);
    const { dims } = behind.constant;
    stored.set(name, { dims, values });
    inputs.push({ name, type: 'float32', dims });
    if (behind.made) replaced.add(name);
    else constants.delete(name);
  }
  const nodes = graph.nodes.filter(({ outputs }) => !replaced.has(outputs[0] ?? ''));
  const used = new Set(nodes.flatMap((node) => node.inputs));
  return {
    graph: {
      ...graph,
      nodes,
      constants: new Map([...constants].filter(([name]) => used.has(name))),
      inputs: [...graph.inputs, ...inputs],
    },
    stored,
  };
}
