// What differentiation cannot do, said with the node's name. Pure; depends on nothing.

/** Why a training graph cannot be made. */
export type AutodiffErrorCode =
  /** An op that the loss depends on has no gradient rule. */
  | 'NO_GRADIENT_RULE'
  /** The op has a rule, but not for these attributes or inputs. */
  | 'GRADIENT_NOT_SUPPORTED'
  /** The loss is not one number, or not a value of the graph. */
  | 'LOSS_INVALID'
  /** A parameter is not a weight of the graph, or the loss does not depend on it. */
  | 'PARAMETER_INVALID';

/** A forward graph that cannot be differentiated; `message` names the node or the parameter. */
export class AutodiffError extends Error {
  override readonly name = 'AutodiffError';
  readonly code: AutodiffErrorCode;

  constructor(code: AutodiffErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
