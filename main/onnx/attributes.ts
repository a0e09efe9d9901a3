// Reading the attributes of a node with the defaults of the ONNX specification. Pure.
import type { Node } from './graph.ts';

/** An integer attribute. */
export function intAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  return attribute && 'int' in attribute ? attribute.int : fallback;
}

/** A list of integers; null where the node has none. */
export function intsAttribute(node: Node, name: string): readonly number[] | null {
  const attribute = node.attributes[name];
  return attribute && 'ints' in attribute ? attribute.ints : null;
}

/** A float attribute. */
export function floatAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  return attribute && 'float' in attribute ? attribute.float : fallback;
}

/** A text attribute. */
export function stringAttribute(node: Node, name: string, fallback: string): string {
  const attribute = node.attributes[name];
  return attribute && 'string' in attribute ? attribute.string : fallback;
}
