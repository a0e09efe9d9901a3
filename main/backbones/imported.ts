// A checkpoint understood: what every kind of checkpoint comes to when it is imported.
import type { HeadDescription } from '../contract/backbone.ts';
import type { Manifest } from '../contract/manifest.ts';
import type { Model } from '../onnx/graph.ts';

/** A text tower: `tokens` int64 [batch, contextLength] -> `text_embedding` [batch, E]. */
export interface ImportedText {
  readonly model: () => Model;
  readonly contextLength: number;
  readonly vocabularySize: number;
}

/** A classifier's own classes and the last layer that tells them. */
export interface OwnClasses {
  readonly classes: readonly string[];
  /** T, [E, K] row-major. */
  readonly data: Float32Array;
  /** b, [K] */
  readonly bias: Float32Array | undefined;
}

/** A checkpoint understood: what its manifest says, and its graphs, made when they are asked for. */
export interface ImportedBackbone {
  readonly architecture: Manifest['architecture'];
  readonly input: Manifest['input'];
  readonly features: Manifest['features'];
  /** 1 where the graphs take one picture at a time. */
  readonly batch?: Manifest['batch'];
  readonly invariantPart: number;
  readonly embedding: number;
  readonly head: HeadDescription;
  readonly tower: () => Model;
  /** With the signature that the row of the head in heads.ts asks for. */
  readonly headGraph: () => Model;
  readonly text: ImportedText | null;
  /** The classes of a network that has its own, and how it tells them: logits are e T + b. */
  readonly own?: OwnClasses | null;
  /** The factor of the model's own zero-shot logits; null where the checkpoint has none. */
  readonly logitScale: number | null;
  readonly assumed: readonly string[];
  /** What was found out about the network, for a person to judge; one sentence or two. */
  readonly found?: string;
}
