// The graphs of a package for the runtime: verified, found safe as data, and the head made ready to be opened.
import { towerSignature, type PreparedHead, type Signature } from '../backbones/backbone.ts';
import { heads } from '../backbones/heads.ts';
import { pictureSide } from '../backbones/scorers.ts';
import { DermOrbitError } from '../contract/errors.ts';
import { mapOf, type Manifest, type PackageFile } from '../contract/manifest.ts';
import { combinerSchema, type CombinerName } from '../contract/settings.ts';
import { groups } from '../groups/groups.ts';
import { requireBounded, UnknownOperatorError, type GraphCost, type InputSizes } from '../onnx/bounds.ts';
import { decodeModel, OnnxModelError } from '../onnx/codec.ts';
import type { Model } from '../onnx/graph.ts';
import { readPackageFile, type ModelPackage } from './store/package.ts';

export type Graphs = Partial<Record<CombinerName, Uint8Array>> & {
  imageTower: Uint8Array;
  head: PreparedHead;
  /** Multiplications of all of them together, for all views of the largest group. */
  work: number;
};
/** Inputs, then outputs, of the weight networks, as main/backbones writes them. */
const signatures: Readonly<Record<CombinerName, Signature>> = {
  lambda: [['features'], ['score']],
  attention: [['features'], ['query', 'key']],
  lambdaEmbedding: [['embedding'], ['score']],
  canonical: [['features'], ['score']],
  canonicalImage: [['picture'], ['score']],
  distance: [['embedding'], ['score']],
};

/** Sizes of whatever a graph of a package is fed with, for all views of the largest group at once if it takes them. */
export function inputSizes(
  manifest: Pick<Manifest, 'input' | 'features' | 'invariantPart' | 'embedding' | 'classes' | 'batch'>,
): InputSizes {
  const { input, invariantPart, embedding, classes, batch } = manifest;
  const features = mapOf(manifest);
  const views = batch ?? groups.d4.elements.length;
  return {
    image: [views, 3, input.size, input.size],
    features: [views, features.channels, features.size, features.size],
    invariant: [views, invariantPart],
    embedding: [views, embedding],
    picture: [views, 3, pictureSide, pictureSide],
    class_embeddings: [embedding, classes.length],
  };
}

/** @throws DermOrbitError MODEL_FILE_MISSING, MODEL_HASH_MISMATCH, MODEL_UNSAFE, INFERENCE_FAILED */
export async function readGraphs(opened: ModelPackage): Promise<Graphs> {
  const { files, head, embedding } = opened.manifest;
  const sizes = inputSizes(opened.manifest);
  let work = 0;
  const read = async (signature: Signature, file: PackageFile) => {
    const bytes = await readPackageFile(opened, file);
    const { graph, cost } = requireSafe(bytes, signature, sizes, file.path);
    work += cost.work;
    return { bytes, graph };
  };
  const row = heads[head.kind];
  const [tower, asked] = await Promise.all([
    read(towerSignature(opened.manifest), files.imageTower),
    read(row.signature, files.head),
  ]);
  const graphs: Omit<Graphs, 'work'> = {
    imageTower: tower.bytes,
    head: unlessUnsafe(files.head.path, () => row.prepare({ ...asked, embedding, head })),
  };
  for (const name of combinerSchema.options) {
    const file = files[name];
    if (file) graphs[name] = (await read(signatures[name], file)).bytes;
  }
  return { ...graphs, work };
}

/**
 * Only what the product itself writes is run: no external data, no custom operators, no nested graphs, and nothing
 * that takes more memory or time than such networks do.
 */
function requireSafe(
  bytes: Uint8Array,
  signature: Signature,
  sizes: InputSizes,
  name: string,
): { graph: Model; cost: GraphCost } {
  return unlessUnsafe(name, () => {
    const model = decodeModel(bytes);
    const { inputs, outputs } = model.graph;
    const found = [inputs, outputs].map((values) => values.map((value) => value.name).join(', '));
    const expected = signature.map((names) => names.join(', '));
    if (found.join(' -> ') !== expected.join(' -> ')) {
      throw new OnnxModelError(`it maps ${found.join(' to ')}, not ${expected.join(' to ')}`);
    }
    return { graph: model, cost: requireBounded(model, sizes) };
  });
}

function unlessUnsafe<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof OnnxModelError)
      throw new DermOrbitError('MODEL_UNSAFE', `${name}: ${error.message}.`, { cause: error });
    if (error instanceof UnknownOperatorError)
      throw new DermOrbitError('INFERENCE_FAILED', `${name}: ${error.message}.`, { cause: error });
    throw error;
  }
}
