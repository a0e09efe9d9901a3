// A head as one session that is asked with maps: `features` [B, C, s, s] and what lies beside them, `invariant` [B, N],
// each where the model has it, -> `embedding` [B, E]. What does not turn is what the head keeps of a view.
import type { Tensor } from '../contract/tensor.ts';
import { actOnGrid } from '../groups/action.ts';
import type { GroupElement } from '../groups/groups.ts';
import type { GraphSession, HeadRow, OpenHead, SplitOverCells, Views } from './backbone.ts';

/** What is known of a head beside its graph. */
export interface MapHeadFacts {
  /** Whether M2(hF) is M2(F) for every h: then one run answers for all turns. */
  readonly blindToTurns: boolean;
  /** Whether the embedding is an affine function of the mean of the cells. */
  readonly affine: boolean;
}

/** Maps that the head is asked about in one run: bounds memory. */
const mapsPerRun = 32;

/** Makes a head ready whose facts stand in its description. */
export const prepareMapHead =
  (factsOf: (head: Parameters<HeadRow['prepare']>[0]['head']) => MapHeadFacts): HeadRow['prepare'] =>
  ({ bytes, embedding, head }) =>
  async (open) =>
    new MapHead(await open(bytes), embedding, factsOf(head));

class MapHead implements OpenHead {
  readonly split: OpenHead['split'];
  readonly #session: GraphSession;
  readonly #embedding: number;
  readonly #facts: MapHeadFacts;

  constructor(session: GraphSession, embedding: number, facts: MapHeadFacts) {
    this.#session = session;
    this.#embedding = embedding;
    this.#facts = facts;
    this.split = facts.affine ? (maps, classEmbeddings) => this.#split(maps, classEmbeddings) : null;
  }

  companions({ invariant }: Views): Promise<Float32Array> {
    return Promise.resolve(invariant.data);
  }

  async answers(
    features: Tensor,
    companions: Float32Array,
    elements: readonly GroupElement[],
  ): Promise<Float32Array> {
    if (elements.length === 1 && isIdentity(elements[0]!)) return this.#run(features, companions);
    const maps = features.dims[0]!;
    const answers = new Float32Array(maps * elements.length * this.#embedding);
    const seen = this.#facts.blindToTurns ? await this.#run(features, companions) : null;
    for (const [turn, element] of elements.entries()) {
      const embeddings = seen ?? (await this.#run(turned(features, element), companions));
      for (let map = 0; map < maps; map++) {
        const row = embeddings.subarray(map * this.#embedding, (map + 1) * this.#embedding);
        answers.set(row, (map * elements.length + turn) * this.#embedding);
      }
    }
    return answers;
  }

  async #run(features: Tensor, companions: Float32Array): Promise<Float32Array> {
    const maps = features.dims[0]!;
    const invariant = { data: companions, dims: [maps, companions.length / maps] };
    const { embedding } = await this.#session.run({
      ...(features.dims[1]! > 0 ? { features } : {}),
      ...(companions.length > 0 ? { invariant } : {}),
    });
    return embedding!.data;
  }

  /**
   * With e(F) = A mean(F) + b, the mean over the cells of e(a map that is everywhere as that cell) is e(F): each cell
   * adds what it makes beyond e(0), divided by the number of cells.
   */
  async #split(
    maps: Tensor,
    { data: T, width, classes }: Parameters<NonNullable<OpenHead['split']>>[1],
  ): Promise<SplitOverCells> {
    const [count, channels, size] = maps.dims as [number, number, number];
    const plane = size * size;
    const empty = { data: new Float32Array(channels * plane), dims: [1, channels, size, size] };
    const base = await this.#run(empty, new Float32Array(0));
    const baseLogits = product(base, T, width, classes);
    const cells = new Float32Array(count * classes * plane);
    const places = Array.from(
      { length: count * plane },
      (_, i) => [Math.floor(i / plane), i % plane] as const,
    );
    for (let first = 0; first < places.length; first += mapsPerRun) {
      const part = places.slice(first, first + mapsPerRun);
      const data = new Float32Array(part.length * channels * plane);
      part.forEach(([map, cell], row) => {
        for (let c = 0; c < channels; c++) {
          const start = (row * channels + c) * plane;
          data.fill(maps.data[(map * channels + c) * plane + cell]!, start, start + plane);
        }
      });
      const found = await this.#run({ data, dims: [part.length, channels, size, size] }, new Float32Array(0));
      part.forEach(([map, cell], row) => {
        const logits = product(found.subarray(row * width, (row + 1) * width), T, width, classes);
        for (let k = 0; k < classes; k++) {
          cells[(map * classes + k) * plane + cell] = (logits[k]! - baseLogits[k]!) / plane;
        }
      });
    }
    return {
      embeddings: await this.#run(maps, new Float32Array(0)),
      cells,
      constant: Float32Array.from({ length: count * classes }, (_, i) => baseLogits[i % classes]!),
    };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

const isIdentity = ({ turns, mirror }: GroupElement) => turns === 0 && !mirror;

function turned(features: Tensor, element: GroupElement): Tensor {
  if (isIdentity(element)) return features;
  return { data: actOnGrid(element, features.data, features.dims.at(-1)!), dims: features.dims };
}

/** e T, [K]. */
function product(embedding: Float32Array, T: Float32Array, width: number, classes: number): Float64Array {
  const logits = new Float64Array(classes);
  for (let e = 0; e < width; e++) {
    for (let k = 0; k < classes; k++) logits[k]! += embedding[e]! * T[e * classes + k]!;
  }
  return logits;
}
