// A backbone is a tower (pictures -> maps, and for some a part that does not turn) and a head (maps -> embeddings).
// The methods know nothing else of it: they ask a tower for the orbit and a head for an answer. What a kind of head
// does beyond that is its own affair: a row of the table in heads.ts, a file beside it.
import type { EvidenceKind, HeadDescription } from '../contract/backbone.ts';
import type { Manifest } from '../contract/manifest.ts';
import type { Tensor } from '../contract/tensor.ts';
import type { GroupElement } from '../groups/groups.ts';
import type { Model } from '../onnx/graph.ts';

/** A graph on a runtime. Opened by the engine, so that this room needs no runtime. */
export interface GraphSession {
  run(
    feeds: Readonly<
      Record<string, Tensor | { readonly data: BigInt64Array; readonly dims: readonly number[] }>
    >,
  ): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}
export type OpenGraph = (bytes: Uint8Array) => Promise<GraphSession>;

/** What a tower says of B pictures. */
export interface Views {
  /** [B, C, s, s] */
  readonly maps: Tensor;
  /** [B, N]: turns with nothing, and is combined with the weights of the maps; N is 0 where there is none. */
  readonly invariant: Tensor;
}

/** Class embeddings T, [E, K] row-major. */
interface ClassMatrix {
  readonly data: Float32Array;
  readonly width: number;
  readonly classes: number;
}

/** The split of e T over the cells of maps. */
export interface SplitOverCells {
  /** [B, E] */
  readonly embeddings: Float32Array;
  /** [B, K, s*s] */
  readonly cells: Float32Array;
  /** [B, K] */
  readonly constant: Float32Array;
}

/** A head that is ready to be asked. */
export interface OpenHead {
  /**
   * What the head keeps of each map beside it, [B, W]: it must be affine in the view and the same for every turn of it,
   * so that a combined map has the combination of these. The invariant part, or what follows from map and part.
   */
  companions(views: Views): Promise<Float32Array>;
  /** M2(hF) for every map F [B, C, s, s] with its companion, and every h of `elements`: [B*m, E], the first map's first. */
  answers(maps: Tensor, companions: Float32Array, elements: readonly GroupElement[]): Promise<Float32Array>;
  /** The exact split of e T over the cells; null where the head has none. */
  readonly split: ((maps: Tensor, classEmbeddings: ClassMatrix) => Promise<SplitOverCells>) | null;
  release(): Promise<void>;
}

/** A kind of head, as a row of the table. */
export interface HeadRow {
  readonly evidence: (head: HeadDescription) => EvidenceKind;
  /** Inputs, then outputs, of the graph in a package. */
  readonly signature: Signature;
  /**
   * Makes the graph of a package ready to be opened, on one provider or several.
   * @param head `graph` is the same as `bytes`, found safe and with this signature
   * @throws OnnxModelError if it is the graph of another head
   */
  readonly prepare: (head: {
    readonly graph: Model;
    readonly bytes: Uint8Array;
    readonly embedding: number;
    readonly head: HeadDescription;
  }) => PreparedHead;
}

export type Signature = readonly [inputs: readonly string[], outputs: readonly string[]];

/** Opens the sessions of a head. */
export type PreparedHead = (open: OpenGraph) => Promise<OpenHead>;

/** Inputs, then outputs, of the graph of an image tower. */
export function towerSignature({
  features,
  invariantPart,
}: Pick<Manifest, 'features' | 'invariantPart'>): Signature {
  return [['image'], [...(features ? ['features'] : []), ...(invariantPart > 0 ? ['invariant'] : [])]];
}
