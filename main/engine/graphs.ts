// The graphs of a package as bytes for the runtime: verified, found safe as data, and the pool in halves.
import { splitPool } from '../backbones/clip-resnet/turned-pool.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { PackageFile } from '../contract/manifest.ts';
import type { CombinerName } from '../equivariance/methods.ts';
import { decodeModel, encodeModel, OnnxModelError } from '../onnx/codec.ts';
import type { Model } from '../onnx/graph.ts';
import { readPackageFile, type ModelPackage } from './store/package.ts';
import type { PoolGraphs } from './turned-pool.ts';

type GraphRole = 'imageTower' | 'attentionPool' | CombinerName;
export type Graphs = Partial<Record<CombinerName, Uint8Array>> & {
  imageTower: Uint8Array;
  attentionPool: PoolGraphs;
  evidence: Uint8Array;
};
/** Weight networks that a package may have. */
export const combinerNames = [
  'lambda',
  'attention',
  'lambdaEmbedding',
] as const satisfies readonly CombinerName[];

/** Inputs, then outputs, of the graph of each role, as main/backbones writes them. */
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

/** @throws DermOrbitError MODEL_FILE_MISSING, MODEL_HASH_MISMATCH, MODEL_UNSAFE */
export async function readGraphs(opened: ModelPackage): Promise<Graphs> {
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
    attentionPool: halvesOf(pool.model, files.attentionPool.path),
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
  return unlessUnsafe(name, () => {
    const model = decodeModel(bytes);
    const { inputs, outputs } = model.graph;
    const found = [inputs, outputs].map((values) => values.map((value) => value.name).join(', '));
    const expected = signatures[role].map((names) => names.join(', '));
    if (found.join(' -> ') !== expected.join(' -> ')) {
      throw new OnnxModelError(`it maps ${found.join(' to ')}, not ${expected.join(' to ')}`);
    }
    return model;
  });
}

function unlessUnsafe<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof OnnxModelError)
      throw new DermOrbitError('MODEL_UNSAFE', `${name}: ${error.message}.`, { cause: error });
    throw error;
  }
}

function halvesOf(pool: Model, name: string): PoolGraphs {
  const { probe, turned } = unlessUnsafe(name, () => splitPool(pool));
  return { probe: encodeModel(probe), turned: encodeModel(turned) };
}
