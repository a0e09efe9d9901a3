// Reverse mode on an ONNX graph: the gradient of one number with respect to many values, as more nodes of the same
// graph. Pure; depends on main/onnx.
import type { Graph, Node } from '../onnx/graph.ts';
import { product } from '../onnx/dimensions.ts';
import { exposeBatchStatistics, type RunningStatistic } from './batch-statistics.ts';
import { Emitter, floatTypes } from './emitter.ts';
import { AutodiffError } from './error.ts';
import { RuleContext } from './rule.ts';
import { gradientRules, severalOutputs, withoutGradient } from './rules.ts';

/** A graph that computes a loss and its gradients. */
export interface GradientGraph {
  readonly graph: Graph;
  /** Name of the value that holds the gradient of each parameter, in the parameter's shape. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Running statistics of batch normalization in training mode. */
  readonly statistics: readonly RunningStatistic[];
}

/**
 * Adds the gradients of a loss to a graph of operator set 13 to 17. They are values of the graph, not outputs.
 * @param loss a value with one element
 * @param parameters inputs, constants or values inside the graph
 * @throws AutodiffError
 * @throws ShapeError if the shapes of the graph cannot be inferred
 */
export function gradients(graph: Graph, loss: string, parameters: readonly string[]): GradientGraph {
  const exposed = exposeBatchStatistics(graph);
  const emit = new Emitter(exposed.graph);
  const found = addGradients(emit, exposed.graph.nodes, loss, parameters);
  return { graph: emit.build().graph, gradients: found, statistics: exposed.statistics };
}

/**
 * Adds the gradients to the graph being built.
 * @param nodes the nodes that compute the loss, in order
 * @returns the gradient's name for each parameter
 * @throws AutodiffError
 */
export function addGradients(
  emit: Emitter,
  nodes: readonly Node[],
  loss: string,
  parameters: readonly string[],
): Map<string, string> {
  if (!emit.has(loss)) throw new AutodiffError('LOSS_INVALID', `The graph has no value ${loss}.`);
  const dims = emit.dims(loss);
  if (product(dims) !== 1) {
    throw new AutodiffError('LOSS_INVALID', `The loss ${loss} is [${dims.join(', ')}], not one number.`);
  }
  for (const name of parameters) requireParameter(emit, name);
  const reached = reachedFrom(emit, nodes, parameters);
  const backward = new Backward(emit, reached);
  backward.contribute(loss, emit.expandLike(emit.scalar(1, loss), loss, 'gradient/loss'));
  for (const node of [...nodes].reverse()) backward.through(node);
  return new Map(
    parameters.map((name) => {
      const gradient = backward.gradientOf(name);
      if (gradient !== undefined) return [name, gradient];
      throw new AutodiffError('PARAMETER_INVALID', `The loss ${loss} does not depend on ${name}.`);
    }),
  );
}

function requireParameter(emit: Emitter, name: string): void {
  if (!emit.has(name)) throw new AutodiffError('PARAMETER_INVALID', `The graph has no value ${name}.`);
  const type = emit.type(name);
  if (!floatTypes.has(type)) {
    throw new AutodiffError('PARAMETER_INVALID', `${name} is ${type}; only float values have gradients.`);
  }
}

/** Values that a change of some parameter changes, by way of float values only. */
function reachedFrom(emit: Emitter, nodes: readonly Node[], parameters: readonly string[]): Set<string> {
  const reached = new Set(parameters);
  for (const { op, inputs, outputs } of nodes) {
    if (withoutGradient.has(op) || !inputs.some((input) => reached.has(input))) continue;
    for (const output of outputs) {
      if (output !== '' && floatTypes.has(emit.type(output))) reached.add(output);
    }
  }
  return reached;
}

/** The walk from the loss back to the parameters. */
class Backward {
  readonly #emit: Emitter;
  readonly #reached: ReadonlySet<string>;
  readonly #gradients = new Map<string, string>();

  constructor(emit: Emitter, reached: ReadonlySet<string>) {
    this.#emit = emit;
    this.#reached = reached;
  }

  gradientOf(value: string): string | undefined {
    return this.#gradients.get(value);
  }

  /** A value that is used twice gets the sum of what both uses say. */
  contribute(value: string, gradient: string): void {
    if (!this.#reached.has(value)) return;
    const known = this.#gradients.get(value);
    const total = known === undefined ? gradient : this.#emit.add(known, gradient, `gradient/${value}/sum`);
    this.#gradients.set(value, total);
  }

  through(node: Node): void {
    const [first, ...others] = node.outputs;
    if (!node.outputs.some((output) => this.#gradients.has(output))) return;
    if (!node.inputs.some((input) => this.#reached.has(input))) return;
    const place = `${node.op} ${node.name || (first ?? '')}`;
    const rule = gradientRules.get(node.op);
    if (!rule) throw new AutodiffError('NO_GRADIENT_RULE', `${place}: ${node.op} has no gradient rule.`);
    if (!severalOutputs.has(node.op) && others.some((output) => this.#gradients.has(output))) {
      const message = `${place} cannot be differentiated: the loss depends on an output beside its first.`;
      throw new AutodiffError('GRADIENT_NOT_SUPPORTED', message);
    }
    const ofOutputs = node.outputs.map((output) => this.#gradients.get(output) ?? null);
    const context = new RuleContext(this.#emit, node, ofOutputs, (value) => this.#reached.has(value));
    rule(context).forEach((gradient, index) => {
      if (gradient !== null) this.contribute(node.inputs[index]!, gradient);
    });
  }
}
