// One image's orbit, read through a model's networks on demand and kept: each orientation passes the image tower
// once, however many groups, methods and levels ask. Every group is part of d4, so orientations are kept by their
// index there.
import { joined, norm, rowsOf } from '../equivariance/logits.ts';
import { actOnGrid } from '../groups/action.ts';
import { groups, type Group, type GroupElement } from '../groups/groups.ts';
import { areaAverage } from '../imaging/area.ts';
import { pictureSide } from '../backbones/scorers.ts';
import type { LoadedModel } from './model.ts';

/** A group, or some of its elements. */
type Orientations = Pick<Group, 'elements'>;

/** An orientation's place in d4 (element 4f + k mirrors if f, then turns k). */
const d4Index = (element: GroupElement) => element.turns + (element.mirror ? 4 : 0);

export class ImageOrbit {
  readonly model: LoadedModel;
  readonly #image: Float32Array;
  readonly #features = new Map<number, Float32Array>();
  readonly #invariant = new Map<number, Float32Array>();
  readonly #companions = new Map<number, Float32Array>();
  readonly #embeddings = new Map<number, Float32Array>();
  readonly #lambda = new Map<number, number>();
  readonly #queries = new Map<number, Float32Array>();
  readonly #keys = new Map<number, Float32Array>();
  readonly #lambdaEmbedding = new Map<number, number>();
  readonly #canonical = new Map<number, number>();
  readonly #canonicalImage = new Map<number, number>();
  readonly #distance = new Map<number, number>();

  /** @param image preprocessed, [3, R, R] */
  constructor(model: LoadedModel, image: Float32Array) {
    this.model = model;
    this.#image = image;
  }

  /** f_g = M1(gx) for every g, n arrays [C, s, s]. */
  features(group: Orientations): Promise<Float32Array[]> {
    return this.#read(group, this.#features, async (missing) => {
      const length = this.#image.length;
      const batch = new Float32Array(missing.length * length);
      missing.forEach((index, place) => {
        const view = batch.subarray(place * length, (place + 1) * length);
        actOnGrid(groups.d4.elements[index]!, this.#image, this.model.manifest.input.size, view);
      });
      const { maps, invariant } = await this.model.views(batch);
      const width = invariant.dims[1]!;
      missing.forEach((index, place) => {
        this.#invariant.set(index, invariant.data.subarray(place * width, (place + 1) * width));
      });
      return rowsOfCount(maps.data, missing.length);
    });
  }

  /** What of each view turns with nothing (a class token), n arrays; empty where the tower has no such part. */
  async invariant(group: Orientations): Promise<Float32Array[]> {
    await this.features(group);
    return group.elements.map((element) => this.#invariant.get(d4Index(element))!);
  }

  /** What the head keeps of f_g beside the map, n arrays. */
  async companions(group: Orientations): Promise<Float32Array[]> {
    await this.features(group);
    return this.#read(group, this.#companions, async (missing) => {
      const invariant = joined(missing.map((index) => this.#invariant.get(index)!));
      const companions = await this.model.companions(this.#joinedFeatures(missing), invariant);
      return rowsOfCount(companions, missing.length);
    });
  }

  /** M2(f_g), n arrays [E]. */
  async embeddings(group: Orientations): Promise<Float32Array[]> {
    await this.companions(group);
    return this.#read(group, this.#embeddings, async (missing) => {
      const companions = joined(missing.map((index) => this.#companions.get(index)!));
      const features = this.#joinedFeatures(missing);
      const embeddings = await this.model.answers(features, companions, groups.c1.elements);
      return rowsOf(embeddings, this.model.manifest.embedding);
    });
  }

  /** M2(f_g) / |M2(f_g)|. */
  async normalizedEmbeddings(group: Orientations): Promise<Float32Array[]> {
    return (await this.embeddings(group)).map(normalized);
  }

  /** lambda(f_g), [n]. */
  async lambda(group: Orientations): Promise<number[]> {
    await this.features(group);
    return this.#read(group, this.#lambda, async (missing) =>
      Array.from(await this.model.lambda(this.#joinedFeatures(missing))),
    );
  }

  /** Q_g and K_g, n arrays [d] each. */
  async attention(group: Orientations): Promise<{ queries: Float32Array[]; keys: Float32Array[] }> {
    await this.features(group);
    const queries = await this.#read(group, this.#queries, async (missing) => {
      const result = await this.model.attention(this.#joinedFeatures(missing));
      const width = result.keys.dims[1]!;
      const keys = rowsOf(result.keys.data, width);
      missing.forEach((index, place) => this.#keys.set(index, keys[place]!));
      return rowsOf(result.queries.data, width);
    });
    return { queries, keys: group.elements.map((element) => this.#keys.get(d4Index(element))!) };
  }

  /** Embedding-level lambda of the normalised embeddings, [n]. */
  async lambdaEmbedding(group: Orientations): Promise<number[]> {
    await this.embeddings(group);
    return this.#read(group, this.#lambdaEmbedding, async (missing) => {
      const rows = missing.map((index) => normalized(this.#embeddings.get(index)!));
      return Array.from(await this.model.lambdaEmbedding(joined(rows)));
    });
  }

  /** canonical's feature scores s(f_g), [n]. */
  async canonical(group: Orientations): Promise<number[]> {
    await this.features(group);
    return this.#read(group, this.#canonical, async (missing) =>
      Array.from(await this.model.canonical(this.#joinedFeatures(missing))),
    );
  }

  /** canonical's image scores s(gx), [n], of small pictures of the views: the image tower is not asked. */
  canonicalImage(group: Orientations): Promise<number[]> {
    return this.#read(group, this.#canonicalImage, async (missing) => {
      const picture = areaAverage(this.#image, this.model.manifest.input.size, pictureSide);
      const views = missing.map((index) => actOnGrid(groups.d4.elements[index]!, picture, pictureSide));
      return Array.from(await this.model.canonicalImage(joined(views)));
    });
  }

  /** Squared distance of M2(f_g) to the nearest class mean, [n]. */
  async distance(group: Orientations): Promise<number[]> {
    await this.embeddings(group);
    return this.#read(group, this.#distance, async (missing) => {
      const rows = missing.map((index) => this.#embeddings.get(index)!);
      return Array.from(await this.model.distance(joined(rows)));
    });
  }

  /** What is known of the orientations of a group, after asking for what is not. */
  async #read<T>(
    group: Orientations,
    known: Map<number, T>,
    ask: (missing: readonly number[]) => Promise<T[]>,
  ): Promise<T[]> {
    const wanted = group.elements.map(d4Index);
    const missing = wanted.filter((index) => !known.has(index));
    if (missing.length > 0) {
      const answers = await ask(missing);
      missing.forEach((index, place) => known.set(index, answers[place]!));
    }
    return wanted.map((index) => known.get(index)!);
  }

  #joinedFeatures(indices: readonly number[]): Float32Array {
    return joined(indices.map((index) => this.#features.get(index)!));
  }
}

function normalized(embedding: Float32Array): Float32Array {
  const length = norm(embedding);
  return embedding.map((value) => value / length);
}

/** The rows of [n, W], also where W is 0. */
function rowsOfCount(data: Float32Array, rows: number): Float32Array[] {
  const width = data.length / rows;
  return Array.from({ length: rows }, (_, row) => data.subarray(row * width, (row + 1) * width));
}
