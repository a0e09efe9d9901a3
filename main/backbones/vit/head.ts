// Heads that take the cells of a map for a set: behind the image tower no position enters any more, so M2(hF) is M2(F)
// for every h, and one run answers for all turns. The last block of a vision transformer is one: positions were added
// before the first.
import type { Tensor } from '../../contract/tensor.ts';
import type { GroupElement } from '../../groups/groups.ts';
import type { GraphSession, HeadRow, OpenHead, Views } from '../backbone.ts';

const prepare: HeadRow['prepare'] =
  ({ bytes, embedding }) =>
  async (open) =>
    new SetHead(await open(bytes), embedding);

/** Class token: `features` [B, C, s, s], `invariant` [B, C] -> `embedding` [B, E]. */
export const classTokenHead: HeadRow = {
  evidence: 'leave-one-out',
  signature: [['features', 'invariant'], ['embedding']],
  prepare,
};

/** A learned query over the cells: `features` [B, C, s, s] -> `embedding` [B, E]. */
export const mapPoolHead: HeadRow = {
  evidence: 'leave-one-out',
  signature: [['features'], ['embedding']],
  prepare,
};

class SetHead implements OpenHead {
  readonly split = null;
  readonly #session: GraphSession;
  readonly #embedding: number;

  constructor(session: GraphSession, embedding: number) {
    this.#session = session;
    this.#embedding = embedding;
  }

  companions({ invariant }: Views): Promise<Float32Array> {
    return Promise.resolve(invariant.data);
  }

  async answers(
    features: Tensor,
    companions: Float32Array,
    elements: readonly GroupElement[],
  ): Promise<Float32Array> {
    const maps = features.dims[0]!;
    const invariant = { data: companions, dims: [maps, companions.length / maps] };
    const feeds = companions.length > 0 ? { features, invariant } : { features };
    const { embedding } = await this.#session.run(feeds);
    if (elements.length === 1) return embedding!.data;
    const answers = new Float32Array(maps * elements.length * this.#embedding);
    for (let map = 0; map < maps; map++) {
      const row = embedding!.data.subarray(map * this.#embedding, (map + 1) * this.#embedding);
      elements.forEach((_, turn) => {
        answers.set(row, (map * elements.length + turn) * this.#embedding);
      });
    }
    return answers;
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
