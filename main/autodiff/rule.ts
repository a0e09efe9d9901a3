// What a gradient rule is: from the gradients of a node's outputs to those of its inputs, as new nodes. Pure.
import { knownSizes } from '../onnx/dimensions.ts';
import type { Node } from '../onnx/graph.ts';
import type { Emitter } from './emitter.ts';
import { AutodiffError } from './error.ts';

/** Names of the values that hold the gradients of a node's inputs; null where none is wanted or there is none. */
export type InputGradients = (string | null)[];

/** The vector-Jacobian product of one op. */
export type GradientRule = (context: RuleContext) => InputGradients;

/** One node on the way back from the loss. */
export class RuleContext {
  readonly emit: Emitter;
  readonly node: Node;
  /** Gradient of the first output; of an op with several, see `gradients`. */
  readonly gradient: string;
  /** Gradients of all outputs, for the ops of `severalOutputs`; null where the loss does not depend on one. */
  readonly gradients: InputGradients;
  readonly #wanted: (value: string) => boolean;

  constructor(emit: Emitter, node: Node, gradients: InputGradients, wanted: (value: string) => boolean) {
    this.emit = emit;
    this.node = node;
    this.gradient = gradients[0] ?? '';
    this.gradients = gradients;
    this.#wanted = wanted;
  }

  /** Name of an input. */
  input(index: number): string {
    const name = this.node.inputs[index] ?? '';
    if (name === '') return this.unsupported(`its input ${index} is absent`);
    return name;
  }

  /** Name of the first output. */
  get output(): string {
    return this.node.outputs[0]!;
  }

  /** Name that a value made for this node begins with. */
  label(part: string): string {
    return `gradient/${this.node.name || this.output}/${part}`;
  }

  /** Whether a parameter lies behind an input. */
  wanted(index: number): boolean {
    const name = this.node.inputs[index] ?? '';
    return name !== '' && this.#wanted(name);
  }

  /** The gradients of the inputs, each made only if it is wanted. */
  each(...makers: readonly (() => string)[]): InputGradients {
    return makers.map((make, index) => (this.wanted(index) ? make() : null));
  }

  /** Sizes of a value. @throws AutodiffError GRADIENT_NOT_SUPPORTED if one of them is only named */
  sizes(value: string): readonly number[] {
    const dims = this.emit.dims(value);
    return knownSizes(dims) ?? this.unsupported(`the shape [${dims.join(', ')}] of ${value} must be known`);
  }

  /** @throws AutodiffError GRADIENT_NOT_SUPPORTED naming the node */
  unsupported(reason: string): never {
    throw new AutodiffError(
      'GRADIENT_NOT_SUPPORTED',
      `${this.node.op} ${this.node.name || this.output} cannot be differentiated: ${reason}.`,
    );
  }

  /** @throws AutodiffError GRADIENT_NOT_SUPPORTED if a gradient is wanted of one of these inputs */
  refuse(indices: readonly number[], reason: string): void {
    if (indices.some((index) => this.wanted(index))) this.unsupported(reason);
  }
}
