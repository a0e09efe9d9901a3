// An ONNX model as plain data: what the product reads, builds, changes and writes. Pure; depends on nothing.

/** Element types that the product's graphs use, with their ONNX number and their size in bytes. */
export const elementTypes = {
  float32: { onnx: 1, bytes: 4 },
  uint8: { onnx: 2, bytes: 1 },
  int8: { onnx: 3, bytes: 1 },
  int32: { onnx: 6, bytes: 4 },
  int64: { onnx: 7, bytes: 8 },
  bool: { onnx: 9, bytes: 1 },
  float16: { onnx: 10, bytes: 2 },
  float64: { onnx: 11, bytes: 8 },
} as const;
export type ElementType = keyof typeof elementTypes;

/** A constant tensor of a graph: little-endian, row-major bytes. */
export interface Constant {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly string: string }
  | { readonly tensor: Constant };

export interface Node {
  readonly op: string;
  readonly name: string;
  /** Names of values; an empty name is an absent optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output of a graph; a named dimension (such as `batch`) is decided at run time. */
export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

export interface Graph {
  readonly name: string;
  /** In an order in which every input is known before it is used. */
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

export interface Model {
  readonly graph: Graph;
  /** Version of the standard operator set. */
  readonly opset: number;
}

/**
 * The part of a graph that the given outputs need.
 * @throws RangeError if the graph has no such output
 */
export function pruneToOutputs(graph: Graph, names: readonly string[]): Graph {
  const outputs = names.map((name) => {
    const output = graph.outputs.find((candidate) => candidate.name === name);
    if (!output) throw new RangeError(`graph ${graph.name} has no output ${name}`);
    return output;
  });
  const needed = new Set(names);
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    nodes.unshift(node);
    for (const input of node.inputs) needed.add(input);
  }
  return {
    name: graph.name,
    nodes,
    constants: new Map([...graph.constants].filter(([name]) => needed.has(name))),
    inputs: graph.inputs.filter((input) => needed.has(input.name)),
    outputs,
  };
}
