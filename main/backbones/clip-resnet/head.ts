// The attention pool (M2) as two sessions: what the mean token of a map asks, and the embeddings of the map under
// any number of turns (turned-pool.ts says why this is the same function, and cheaper); and a third for the exact
// split of its logits over the cells, opened when first asked for.
import type { Tensor } from '../../contract/tensor.ts';
import { gridPermutation } from '../../groups/action.ts';
import type { GroupElement } from '../../groups/groups.ts';
import { encodeModel } from '../../onnx/codec.ts';
import type { GraphSession, HeadRow, OpenGraph, OpenHead, Views } from '../backbone.ts';
import { splitPool } from './turned-pool.ts';

export const attentionPoolHead: HeadRow = {
  evidence: () => 'exact',
  signature: [
    ['features', 'class_embeddings'],
    ['embedding', 'evidence', 'evidence_constant'],
  ],
  prepare: ({ graph, bytes }) => {
    const halves = splitPool(graph);
    const [first, second] = [encodeModel(halves.probe), encodeModel(halves.turned)];
    return async (open) => {
      const probe = await open(first);
      try {
        return new AttentionPool(probe, await open(second), bytes, open);
      } catch (error) {
        await probe.release();
        throw error;
      }
    };
  },
};

class AttentionPool implements OpenHead {
  readonly #probe: GraphSession;
  readonly #turned: GraphSession;
  readonly #whole: Uint8Array;
  readonly #open: OpenGraph;
  #splitting: Promise<GraphSession> | null = null;

  constructor(probe: GraphSession, turned: GraphSession, whole: Uint8Array, open: OpenGraph) {
    this.#probe = probe;
    this.#turned = turned;
    this.#whole = whole;
    this.#open = open;
  }

  /** Probes: what the mean token of each map asks, [B, H*C]. The same for every turn of a map, and affine in the map. */
  async companions({ maps }: Views): Promise<Float32Array> {
    const { probe } = await this.#probe.run({ features: maps });
    return probe!.data;
  }

  async answers(
    features: Tensor,
    probes: Float32Array,
    elements: readonly GroupElement[],
  ): Promise<Float32Array> {
    const [maps, channels, size] = features.dims as [number, number, number];
    const asked = { data: probes, dims: [maps, probes.length / (maps * channels), channels] };
    const data = turnedPositions(elements, size);
    const positions = { data, dims: [elements.length, size * size + 1] };
    const { embedding } = await this.#turned.run({ features, asked, positions });
    return embedding!.data;
  }

  readonly split: OpenHead['split'] = async (features, { data, width, classes }) => {
    // Opened when first asked for: most work never is, and it holds the pool's weights a second time.
    this.#splitting ??= this.#open(this.#whole);
    const session = await this.#splitting;
    const {
      embedding,
      evidence,
      evidence_constant: constant,
    } = await session.run({ features, class_embeddings: { data, dims: [width, classes] } });
    return { embeddings: embedding!.data, cells: evidence!.data, constant: constant!.data };
  };

  async release(): Promise<void> {
    // A session that could not be opened holds nothing.
    const splitting = await this.#splitting?.catch(() => undefined);
    await Promise.all([this.#probe.release(), this.#turned.release(), splitting?.release()]);
  }
}

/** The positions that the mean token and the cells of a map have in the map turned by each element, [m, s*s + 1]. */
function turnedPositions(elements: readonly GroupElement[], size: number): BigInt64Array {
  const tokens = size * size + 1;
  const positions = new BigInt64Array(elements.length * tokens);
  elements.forEach((element, row) => {
    gridPermutation(element, size).forEach((from, to) => {
      positions[row * tokens + 1 + from] = BigInt(1 + to);
    });
  });
  return positions;
}
