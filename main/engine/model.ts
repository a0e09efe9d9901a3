// A model package opened for inference: its graphs as sessions on one provider, its class embeddings as numbers.
import { readClassEmbeddings } from '../clip/class-embeddings.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { Manifest, PackageFile } from '../contract/manifest.ts';
import type { Provider, ProviderChoice } from '../contract/settings.ts';
import type { Tensor } from '../contract/tensor.ts';
import type { CombinerName } from '../equivariance/methods.ts';
import type { ClassEmbeddings } from '../equivariance/logits.ts';
import type { RawEvidence } from '../equivariance/combine.ts';
import { decodeModel, encodeModel, OnnxModelError } from '../onnx/codec.ts';
import { pruneToOutputs, type Model } from '../onnx/graph.ts';
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
  /** M1: images [B, 3, R, R] -> features [B, C, s, s]. */
  features(images: Float32Array): Promise<Float32Array>;
  /** M2: features [B, C, s, s] -> embeddings [B, E]. */
  embeddings(features: Float32Array): Promise<Float32Array>;
  /** M2 with the split of e T over the cells: evidence [B, K, s*s] and constant [B, K]. */
  evidence(features: Float32Array): Promise<RawEvidence & { readonly embeddings: Float32Array }>;
  /** lambda: features [B, C, s, s] -> scores [B]. */
  lambda(features: Float32Array): Promise<Float32Array>;
  /** QNet and KNet: features [B, C, s, s] -> queries and keys [B, d]. */
  attention(features: Float32Array): Promise<{ queries: Tensor; keys: Tensor }>;
  /** Embedding-level lambda: normalised embeddings [B, E] -> scores [B]. */
  lambdaEmbedding(embeddings: Float32Array): Promise<Float32Array>;
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
    const sessions = await openSessions(graphs, candidate);
    try {
      if (candidate !== 'cpu') await requireAgreement(graphs, sessions, manifest);
      return sessions;
    } catch (error) {
      await releaseAll(Object.values(sessions));
      throw error;
    }
  });
  // The other graphs' bytes are let go of: the sessions hold the weights now.
  return new SessionModel(opened, provider, classEmbeddings, graphs.evidence, value);
}

type GraphRole = 'imageTower' | 'attentionPool' | CombinerName;
type Graphs = Partial<Record<GraphRole, Uint8Array>> & {
  imageTower: Uint8Array;
  attentionPool: Uint8Array;
  evidence: Uint8Array;
};
type Sessions = Partial<Record<CombinerName, RuntimeSession>> & {
  imageTower: RuntimeSession;
  attentionPool: RuntimeSession;
};

const combinerNames = ['lambda', 'attention', 'lambdaEmbedding'] as const satisfies readonly CombinerName[];

/** Inputs, then outputs, of the graph of each role, as main/clip writes them. */
const signatures: Readonly<Record<GraphRole, readonly [readonly string[], readonly string[]]>> = {
  imageTower: [['image'], ['features']],
  attentionPool: [
    ['features', 'class_embeddings'],
    ['embedding', 'evidence', 'evidence_constant'],
  ],
  lambda: [['features'], ['score']],
  attention: [['features'], ['query', 'key']],
  lambdaEmbedding: [['embedding'], ['score']],
};

async function readGraphs(opened: ModelPackage): Promise<Graphs> {
  const { files } = opened.manifest;
  const read = async (role: GraphRole, file: PackageFile) => {
    const bytes = await readPackageFile(opened, file);
    return { bytes, model: requireSafe(bytes, role, file.path) };
  };
  const [tower, pool] = await Promise.all([
    read('imageTower', files.imageTower),
    read('attentionPool', files.attentionPool),
  ]);
  const graphs: Graphs = {
    imageTower: tower.bytes,
    attentionPool: encodePruned(pool.model, ['embedding']),
    evidence: pool.bytes,
  };
  for (const name of combinerNames) {
    const file = files[name];
    if (file) graphs[name] = (await read(name, file)).bytes;
  }
  return graphs;
}

/** Only what the product itself writes is run: no external data, no custom operators, no nested graphs. */
function requireSafe(bytes: Uint8Array, role: GraphRole, name: string): Model {
  try {
    const model = decodeModel(bytes);
    const { inputs, outputs } = model.graph;
    const found = [inputs, outputs].map((values) => values.map((value) => value.name).join(', '));
    const expected = signatures[role].map((names) => names.join(', '));
    if (found.join(' -> ') !== expected.join(' -> ')) {
      throw new OnnxModelError(`it maps ${found.join(' to ')}, not ${expected.join(' to ')}`);
    }
    return model;
  } catch (error) {
    if (error instanceof OnnxModelError)
      throw new DermOrbitError('MODEL_UNSAFE', `${name}: ${error.message}.`, { cause: error });
    throw error;
  }
}

function encodePruned(model: Model, outputs: readonly string[]): Uint8Array {
  return encodeModel({ ...model, graph: pruneToOutputs(model.graph, outputs) });
}

async function openClassEmbeddings(opened: ModelPackage): Promise<ClassEmbeddings> {
  const { embedding, classes, files } = opened.manifest;
  const bytes = await readPackageFile(opened, files.classEmbeddings);
  const { data } = readClassEmbeddings(bytes, embedding, classes.length);
  return { data, width: embedding, classes: classes.length };
}

async function openSessions(graphs: Graphs, provider: Provider): Promise<Sessions> {
  const opened: RuntimeSession[] = [];
  const open = async (bytes: Uint8Array) => {
    const session = await openSession(bytes, provider);
    opened.push(session);
    return session;
  };
  try {
    const sessions: Sessions = {
      imageTower: await open(graphs.imageTower),
      attentionPool: await open(graphs.attentionPool),
    };
    for (const name of combinerNames) {
      const bytes = graphs[name];
      if (bytes) sessions[name] = await open(bytes);
    }
    return sessions;
  } catch (error) {
    await releaseAll(opened);
    throw error;
  }
}

async function releaseAll(sessions: readonly RuntimeSession[]): Promise<void> {
  await Promise.all(sessions.map((session) => session.release()));
}

/** A fixed image without symmetry, and neither constant nor noise: every kernel answers to it. */
export function knownImage(size: number): Float32Array {
  return Float32Array.from(
    { length: 3 * size * size },
    (_, i) => ((i * 37) % 101) / 50 - 1 + ((i % size) / size) * 0.5,
  );
}

/** The provider's tower and pool must say what cpu's say of a known image. */
async function requireAgreement(graphs: Graphs, sessions: Sessions, { input }: Manifest): Promise<void> {
  const image = { data: knownImage(input.size), dims: [1, 3, input.size, input.size] };
  const embed = async ({ imageTower, attentionPool }: Pick<Sessions, 'imageTower' | 'attentionPool'>) => {
    const { features } = await imageTower.run({ image });
    const { embedding } = await attentionPool.run({ features: features! });
    return embedding!.data;
  };
  const reference = {
    imageTower: await openSession(graphs.imageTower, 'cpu'),
    attentionPool: await openSession(graphs.attentionPool, 'cpu'),
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
    await releaseAll([reference.imageTower, reference.attentionPool]);
  }
}

class SessionModel implements LoadedModel {
  readonly id: string;
  readonly sha256: string;
  readonly manifest: Manifest;
  readonly provider: Provider;
  readonly classEmbeddings: ClassEmbeddings;
  readonly combiners: ReadonlySet<CombinerName>;
  readonly #evidenceGraph: Uint8Array;
  readonly #sessions: Sessions;
  #evidence: Promise<RuntimeSession> | null = null;

  constructor(
    opened: ModelPackage,
    provider: Provider,
    classEmbeddings: ClassEmbeddings,
    evidenceGraph: Uint8Array,
    sessions: Sessions,
  ) {
    this.id = opened.manifest.id;
    this.sha256 = opened.sha256;
    this.manifest = opened.manifest;
    this.provider = provider;
    this.classEmbeddings = classEmbeddings;
    this.#evidenceGraph = evidenceGraph;
    this.#sessions = sessions;
    this.combiners = new Set(combinerNames.filter((name) => sessions[name]));
  }

  async features(images: Float32Array): Promise<Float32Array> {
    const { size } = this.manifest.input;
    const image = { data: images, dims: [images.length / (3 * size * size), 3, size, size] };
    const { features } = await this.#sessions.imageTower.run({ image });
    return features!.data;
  }

  async embeddings(features: Float32Array): Promise<Float32Array> {
    const { embedding } = await this.#sessions.attentionPool.run({ features: this.#asFeatures(features) });
    return embedding!.data;
  }

  async evidence(features: Float32Array) {
    // Opened when first asked for: most work never is, and it holds the pool's weights a second time.
    this.#evidence ??= openSession(this.#evidenceGraph, this.provider);
    const { data, width, classes } = this.classEmbeddings;
    const session = await this.#evidence;
    const {
      embedding,
      evidence,
      evidence_constant: constant,
    } = await session.run({
      features: this.#asFeatures(features),
      class_embeddings: { data, dims: [width, classes] },
    });
    return { embeddings: embedding!.data, cells: evidence!.data, constant: constant!.data };
  }

  async lambda(features: Float32Array): Promise<Float32Array> {
    const { score } = await this.#combiner('lambda').run({ features: this.#asFeatures(features) });
    return score!.data;
  }

  async attention(features: Float32Array): Promise<{ queries: Tensor; keys: Tensor }> {
    const { query, key } = await this.#combiner('attention').run({ features: this.#asFeatures(features) });
    return { queries: query!, keys: key! };
  }

  async lambdaEmbedding(embeddings: Float32Array): Promise<Float32Array> {
    const { width } = this.classEmbeddings;
    const embedding = { data: embeddings, dims: [embeddings.length / width, width] };
    const { score } = await this.#combiner('lambdaEmbedding').run({ embedding });
    return score!.data;
  }

  async release(): Promise<void> {
    // An evidence session that could not be opened holds nothing.
    const evidence = await this.#evidence?.catch(() => undefined);
    await releaseAll([...Object.values(this.#sessions), ...(evidence ? [evidence] : [])]);
  }

  #combiner(name: CombinerName): RuntimeSession {
    const session = this.#sessions[name];
    if (!session) throw new DermOrbitError('COMBINER_MISSING', `The model has no ${name} network.`);
    return session;
  }

  #asFeatures(data: Float32Array): Tensor {
    const { channels, size } = this.manifest.features;
    return { data, dims: [data.length / (channels * size * size), channels, size, size] };
  }
}
