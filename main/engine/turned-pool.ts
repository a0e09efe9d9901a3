// The attention pool (M2) as two sessions: what the mean token of a map asks, and the embeddings of the map under
// any number of turns (backbones/clip-resnet/turned-pool.ts says why this is the same function, and cheaper).
import type { PoolHalves } from '../backbones/clip-resnet/turned-pool.ts';
import type { Provider } from '../contract/settings.ts';
import type { Tensor } from '../contract/tensor.ts';
import { gridPermutation } from '../groups/action.ts';
import type { GroupElement } from '../groups/groups.ts';
import { openSession, type RuntimeSession } from './runtime.ts';

/** The graphs as bytes. */
export type PoolGraphs = Readonly<Record<keyof PoolHalves, Uint8Array>>;

export class TurnedPool {
  readonly #probe: RuntimeSession;
  readonly #turned: RuntimeSession;

  private constructor(probe: RuntimeSession, turned: RuntimeSession) {
    this.#probe = probe;
    this.#turned = turned;
  }

  static async open(graphs: PoolGraphs, provider: Provider): Promise<TurnedPool> {
    const probe = await openSession(graphs.probe, provider);
    try {
      return new TurnedPool(probe, await openSession(graphs.turned, provider));
    } catch (error) {
      await probe.release();
      throw error;
    }
  }

  /** [B, C, s, s] -> [B, H, C] */
  async probes(features: Tensor): Promise<Float32Array> {
    const { probe } = await this.#probe.run({ features });
    return probe!.data;
  }

  /** M2(hF) for every map F [B, C, s, s] with its probe and every h of `elements`: [B*m, E], the first map's first. */
  async embeddings(
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

  async release(): Promise<void> {
    await Promise.all([this.#probe.release(), this.#turned.release()]);
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
