// A model package opened for inference: its graphs as sessions on one provider, its class embeddings as numbers.
import type { OpenHead, SplitOverCells, Views } from '../backbones/backbone.ts';
import { pictureSide } from '../backbones/scorers.ts';
import { readClassEmbeddings } from '../backbones/text/class-embeddings.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { Manifest } from '../contract/manifest.ts';
import type { Provider, ProviderChoice } from '../contract/settings.ts';
import type { Tensor } from '../contract/tensor.ts';
import { combinerSchema, type CombinerName } from '../contract/settings.ts';
import type { ClassEmbeddings } from '../equivariance/logits.ts';
import { groups, type GroupElement } from '../groups/groups.ts';
import { readGraphs, type Graphs } from './graphs.ts';
import { oneByOne } from './one-by-one.ts';
import { onFirstUsable } from './providers.ts';
import { openSession, type RuntimeSession } from './runtime.ts';
import { readPackageFile, type ModelPackage } from './store/package.ts';

/** How far another provider may be from cpu on the known input, relative L2: TF32 and half-precision kernels pass. */
const providerTolerance = 2e-2;

/** The networks of one model on one provider. Every array is row-major; B is any number of views. */
export interface LoadedModel {
  readonly id: string;
  /** Of its manifest. */
  readonly sha256: string;
  readonly manifest: Manifest;
  readonly provider: Provider;
  readonly classEmbeddings: ClassEmbeddings;
  readonly combiners: ReadonlySet<CombinerName>;
  /** M1: images [B, 3, R, R] -> maps [B, C, s, s], and what of them does not turn. */
  views(images: Float32Array): Promise<Views>;
  /** What the head keeps of each view beside its map, [B, W]: combined with the same weights, and never turned. */
  companions(maps: Float32Array, invariant: Float32Array): Promise<Float32Array>;
  /** M2(hF) for every map F [B, C, s, s] with its companion, and every h of `elements`: [B*m, E], the first map's first. */
  answers(
    maps: Float32Array,
    companions: Float32Array,
    elements: readonly GroupElement[],
  ): Promise<Float32Array>;
  /** The exact split of e T over the cells of maps; null where the head has none. */
  readonly split: ((maps: Float32Array) => Promise<SplitOverCells>) | null;
  /** lambda: features [B, C, s, s] -> scores [B]. */
  lambda(features: Float32Array): Promise<Float32Array>;
  /** QNet and KNet: features [B, C, s, s] -> queries and keys [B, d]. */
  attention(features: Float32Array): Promise<{ queries: Tensor; keys: Tensor }>;
  /** Embedding-level lambda: normalised embeddings [B, E] -> scores [B]. */
  lambdaEmbedding(embeddings: Float32Array): Promise<Float32Array>;
  /** canonical's feature scorer: features [B, C, s, s] -> scores [B]. */
  canonical(features: Float32Array): Promise<Float32Array>;
  /** canonical's image scorer: pictures [B, 3, 32, 32] -> scores [B]. */
  canonicalImage(pictures: Float32Array): Promise<Float32Array>;
  /** Embeddings [B, E] -> squared distance to the nearest class mean [B]. */
  distance(embeddings: Float32Array): Promise<Float32Array>;
  release(): Promise<void>;
}

/**
 * Reads, verifies and opens a model.
 * @throws DermOrbitError MODEL_FILE_MISSING, MODEL_HASH_MISMATCH, MODEL_UNSAFE, PROVIDER_UNAVAILABLE,
 *   CLASS_EMBEDDINGS_INVALID
 */
export async function loadModel(opened: ModelPackage, choice: ProviderChoice): Promise<LoadedModel> {
  const { manifest } = opened;
  const [graphs, classEmbeddings] = await Promise.all([readGraphs(opened), openClassEmbeddings(opened)]);
  const { value, provider } = await onFirstUsable(choice, async (candidate) => {
    const sessions = await openSessions(graphs, candidate, manifest);
    try {
      if (candidate !== 'cpu') await requireAgreement(graphs, sessions, manifest);
      return sessions;
    } catch (error) {
      await releaseAll(Object.values(sessions));
      throw error;
    }
  });
  // The other graphs' bytes are let go of: the sessions hold the weights now.
  return new SessionModel(opened, provider, classEmbeddings, value);
}

type Sessions = Partial<Record<CombinerName, RuntimeSession>> & {
  imageTower: RuntimeSession;
  head: OpenHead;
};

async function openClassEmbeddings(opened: ModelPackage): Promise<ClassEmbeddings> {
  const { embedding, classes, files } = opened.manifest;
  const bytes = await readPackageFile(opened, files.classEmbeddings);
  const { data, bias } = readClassEmbeddings(bytes, embedding, classes.length);
  return { data, width: embedding, classes: classes.length, bias };
}

/** How the graphs of a model are opened: where they take one picture at a time, they are asked that way. */
function opening(
  { batch }: Manifest,
  provider: Provider,
  work: Graphs['work'],
): (bytes: Uint8Array) => Promise<RuntimeSession> {
  if (batch === undefined) return (bytes) => openSession(bytes, provider, { work });
  return async (bytes) => oneByOne(await openSession(bytes, provider, { work }));
}

async function openSessions(graphs: Graphs, provider: Provider, manifest: Manifest): Promise<Sessions> {
  const opened: Releasable[] = [];
  const keep = <T extends Releasable>(session: T): T => {
    opened.push(session);
    return session;
  };
  const openPart = opening(manifest, provider, graphs.work);
  const { work } = graphs;
  const open = async (bytes: Uint8Array) => keep(await openSession(bytes, provider, { work }));
  try {
    const sessions: Sessions = {
      imageTower: keep(await openPart(graphs.imageTower)),
      head: keep(await graphs.head(openPart)),
    };
    for (const name of combinerSchema.options) {
      const bytes = graphs[name];
      if (bytes) sessions[name] = await open(bytes);
    }
    return sessions;
  } catch (error) {
    await releaseAll(opened);
    throw error;
  }
}

interface Releasable {
  release(): Promise<void>;
}

async function releaseAll(sessions: readonly Releasable[]): Promise<void> {
  await Promise.all(sessions.map((session) => session.release()));
}

/** A fixed image without symmetry, and neither constant nor noise: every kernel answers to it. */
export function knownImage(size: number): Float32Array {
  return Float32Array.from(
    { length: 3 * size * size },
    (_, i) => ((i * 37) % 101) / 50 - 1 + ((i % size) / size) * 0.5,
  );
}

/** The provider's tower and head must say what cpu's say of a known image. */
async function requireAgreement(graphs: Graphs, sessions: Sessions, manifest: Manifest): Promise<void> {
  const { input } = manifest;
  const image = { data: knownImage(input.size), dims: [1, 3, input.size, input.size] };
  const embed = async ({ imageTower, head }: Pick<Sessions, 'imageTower' | 'head'>) => {
    const views = viewsOf(await imageTower.run({ image }));
    return head.answers(views.maps, await head.companions(views), groups.c1.elements);
  };
  const { work } = graphs;
  const reference = {
    imageTower: await opening(manifest, 'cpu', work)(graphs.imageTower),
    head: await graphs.head(opening(manifest, 'cpu', work)),
  };
  try {
    const [found, expected] = [await embed(sessions), await embed(reference)];
    let [difference, length] = [0, 0];
    expected.forEach((value, i) => {
      difference += (found[i]! - value) ** 2;
      length += value ** 2;
    });
    const distance = Math.sqrt(difference / length);
    // Written so that NaN fails too.
    if (!(distance <= providerTolerance)) {
      throw new Error(`its result is ${distance.toExponential(1)} away from cpu's`);
    }
  } finally {
    await releaseAll([reference.imageTower, reference.head]);
  }
}

function viewsOf({ features, invariant }: Record<string, Tensor>): Views {
  const views = (features ?? invariant)!.dims[0]!;
  const nothing = new Float32Array(0);
  return {
    maps: features ?? { data: nothing, dims: [views, 0, 1, 1] },
    invariant: invariant ?? { data: nothing, dims: [views, 0] },
  };
}

class SessionModel implements LoadedModel {
  readonly id: string;
  readonly sha256: string;
  readonly manifest: Manifest;
  readonly provider: Provider;
  readonly classEmbeddings: ClassEmbeddings;
  readonly combiners: ReadonlySet<CombinerName>;
  readonly split: LoadedModel['split'];
  readonly #sessions: Sessions;

  constructor(
    opened: ModelPackage,
    provider: Provider,
    classEmbeddings: ClassEmbeddings,
    sessions: Sessions,
  ) {
    this.id = opened.manifest.id;
    this.sha256 = opened.sha256;
    this.manifest = opened.manifest;
    this.provider = provider;
    this.classEmbeddings = classEmbeddings;
    this.#sessions = sessions;
    const { split } = sessions.head;
    this.split = split && ((maps) => split(this.#asFeatures(maps, 0), classEmbeddings));
    this.combiners = new Set(combinerSchema.options.filter((name) => sessions[name]));
  }

  async views(images: Float32Array): Promise<Views> {
    const { size } = this.manifest.input;
    const image = { data: images, dims: [images.length / (3 * size * size), 3, size, size] };
    return viewsOf(await this.#sessions.imageTower.run({ image }));
  }

  companions(maps: Float32Array, invariant: Float32Array): Promise<Float32Array> {
    const views = this.#asFeatures(maps, invariant.length);
    const count = views.dims[0]!;
    return this.#sessions.head.companions({
      maps: views,
      invariant: { data: invariant, dims: [count, invariant.length / count] },
    });
  }

  answers(
    maps: Float32Array,
    companions: Float32Array,
    elements: readonly GroupElement[],
  ): Promise<Float32Array> {
    return this.#sessions.head.answers(this.#asFeatures(maps, companions.length), companions, elements);
  }

  lambda(features: Float32Array): Promise<Float32Array> {
    return this.#score('lambda', { features: this.#asFeatures(features, 0) });
  }

  async attention(features: Float32Array): Promise<{ queries: Tensor; keys: Tensor }> {
    const { query, key } = await this.#combiner('attention').run({ features: this.#asFeatures(features, 0) });
    return { queries: query!, keys: key! };
  }

  lambdaEmbedding(embeddings: Float32Array): Promise<Float32Array> {
    return this.#score('lambdaEmbedding', { embedding: this.#asEmbeddings(embeddings) });
  }

  canonical(features: Float32Array): Promise<Float32Array> {
    return this.#score('canonical', { features: this.#asFeatures(features, 0) });
  }

  canonicalImage(pictures: Float32Array): Promise<Float32Array> {
    const dims = [pictures.length / (3 * pictureSide ** 2), 3, pictureSide, pictureSide];
    return this.#score('canonicalImage', { picture: { data: pictures, dims } });
  }

  distance(embeddings: Float32Array): Promise<Float32Array> {
    return this.#score('distance', { embedding: this.#asEmbeddings(embeddings) });
  }

  async release(): Promise<void> {
    await releaseAll(Object.values(this.#sessions));
  }

  async #score(name: CombinerName, feeds: Record<string, Tensor>): Promise<Float32Array> {
    const { score } = await this.#combiner(name).run(feeds);
    return score!.data;
  }

  #combiner(name: CombinerName): RuntimeSession {
    const session = this.#sessions[name];
    if (!session) throw new DermOrbitError('COMBINER_MISSING', `The model has no ${name} network.`);
    return session;
  }

  #asEmbeddings(data: Float32Array): Tensor {
    const { width } = this.classEmbeddings;
    return { data, dims: [data.length / width, width] };
  }

  /** @param beside numbers beside the maps: where the model has none, only they tell how many views there are */
  #asFeatures(data: Float32Array, beside: number): Tensor {
    const { features, invariantPart } = this.manifest;
    if (!features) return { data, dims: [beside / invariantPart, 0, 1, 1] };
    const { channels, size } = features;
    return { data, dims: [data.length / (channels * size * size), channels, size, size] };
  }
}
