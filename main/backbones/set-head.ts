// Heads that take the cells of a map for a set: behind the image tower no position enters any more, so M2(hF) is M2(F)
// for every h, and one run answers for all turns.
import type { Tensor } from '../contract/tensor.ts';
import type { GroupElement } from '../groups/groups.ts';
import type { GraphSession, OpenHead, Views } from './backbone.ts';

/** `features` [B, C, s, s], and `invariant` [B, N] where the tower has such a part -> `embedding` [B, E]. */
export class SetHead implements OpenHead {
  readonly split: OpenHead['split'] = null;
  protected readonly session: GraphSession;
  protected readonly width: number;

  constructor(session: GraphSession, width: number) {
    this.session = session;
    this.width = width;
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
    const { embedding } = await this.session.run(feeds);
    if (elements.length === 1) return embedding!.data;
    const answers = new Float32Array(maps * elements.length * this.width);
    for (let map = 0; map < maps; map++) {
      const row = embedding!.data.subarray(map * this.width, (map + 1) * this.width);
      elements.forEach((_, turn) => {
        answers.set(row, (map * elements.length + turn) * this.width);
      });
    }
    return answers;
  }

  release(): Promise<void> {
    return this.session.release();
  }
}
