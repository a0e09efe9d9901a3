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

/** A checkpoint understood: what its manifest says, and its graphs, made when they are asked for. */
export interface ImportedBackbone {
  readonly architecture: Manifest['architecture'];
  readonly input: Manifest['input'];
  readonly features: Manifest['features'];
  readonly invariantPart: number;
  readonly embedding: number;
  readonly head: HeadDescription;
  readonly tower: () => Model;
  /** With the signature that the row of the head in heads.ts asks for. */
  readonly headGraph: () => Model;
  readonly text: ImportedText | null;
  /** The factor of the model's own zero-shot logits; null where the checkpoint has none. */
  readonly logitScale: number | null;
  readonly assumed: readonly string[];
}
