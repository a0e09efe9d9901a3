// A network that learns as a whole: an image tower and its head, as training sees them. How each family of networks
// does it is its own affair: a file beside this one.
import type { FinetuneConfig } from '../../contract/training.ts';
import type { Provider } from '../../contract/settings.ts';
import type { ImportedBackbone } from '../../backbones/imported.ts';
import type { Graph, Model } from '../../onnx/graph.ts';
import type { Part, State } from '../step.ts';

export type BatchNormMode = FinetuneConfig['batchNorm'];

export interface LearnedNames {
  /** Tensors that the optimizer changes, by their names in the graph of a run. */
  readonly parameters: readonly string[];
  /** Running statistics, which live batch norm changes. */
  readonly statistics: readonly string[];
}

/** Weights as a file, and as a backbone that can be installed. */
export interface TrainedNetwork {
  readonly file: { readonly name: string; readonly format: string; readonly bytes: Uint8Array };
  readonly backbone: ImportedBackbone;
}

export interface TrainableNetwork {
  /** Side R of the input in pixels. */
  readonly size: number;
  /** The map that the tower ends with. */
  readonly features: { readonly channels: number; readonly size: number };
  /** Width E of the embedding. */
  readonly embedding: number;
  /** What it is, for a person. */
  readonly summary: string;
  /** The same weights for another input size, a multiple of 32. */
  atSize(size: number): TrainableNetwork;
  /** What a run's state at another input size becomes at this one. */
  resized(state: State): State;
  /**
   * `image` [batch, 3, R, R] -> `features` [batch, C, s, s].
   * @param batchNorm frozen: folded into the convolutions, where it cannot learn. Live: as nodes of their own
   * @param statistics of live batch norm: the batch's own, or the running ones
   */
  tower(batchNorm: BatchNormMode, statistics: 'batch' | 'running'): Model;
  /** `features` -> `embedding`. Its weights are known in the graph of a run by their names behind `poolPrefix`. */
  readonly head: Graph;
  /** What of tower and head learns. */
  learned(batchNorm: BatchNormMode): LearnedNames;
  /**
   * The same function with batch norms whose running statistics are those of these images; a package holds none.
   * @param parts batches of training images, one orientation each: `views` [batch, 3, R, R]
   */
  calibrated(parts: readonly (() => Promise<Part>)[], provider: Provider): Promise<TrainableNetwork>;
  /** @param state learned tensors by their names in the graph; what did not learn is this network's */
  trained(state: State): TrainedNetwork;
}
