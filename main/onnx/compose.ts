// One graph inside another: how networks that are stored apart become one graph. Pure.
import type { GraphBuilder } from './builder.ts';
import type { Graph } from './graph.ts';

/**
 * Adds a whole graph to the one being built.
 * @param inputs values of the graph being built, by the name of the input that each one feeds
 * @param prefix put before every name; without it names are kept where they are free, so that weights are found
 *   under the name they were stored with
 * @returns the added graph's outputs: its name of each -> the value's name in the graph being built
 * @throws RangeError if an input of the added graph is not fed
 */
export function inlineGraph(
  builder: GraphBuilder,
  graph: Graph,
  inputs: Readonly<Record<string, string>>,
  prefix = '',
): Record<string, string> {
  const renamed = new Map<string, string>([['', '']]);
  for (const { name } of graph.inputs) {
    const fed = inputs[name];
    if (fed === undefined) throw new RangeError(`graph ${graph.name}: its input ${name} is not fed`);
    renamed.set(name, fed);
  }
  const resolve = (name: string): string => {
    const known = renamed.get(name);
    if (known === undefined) throw new RangeError(`graph ${graph.name}: there is no value ${name}`);
    return known;
  };
  for (const [name, constant] of graph.constants) {
    renamed.set(name, builder.constant(prefix + name, constant));
  }
  for (const { op, inputs: used, outputs, attributes } of graph.nodes) {
    const wanted = outputs.map((output) => (output === '' ? '' : prefix + output));
    const made = builder.ops(op, used.map(resolve), attributes, wanted);
    outputs.forEach((output, index) => renamed.set(output, made[index]!));
  }
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, resolve(name)]));
}
