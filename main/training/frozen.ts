// The frozen parts of a model package as graphs: what the training graph is built around.
import { mapOf } from '../contract/manifest.ts';
import type { LoadedModel } from '../engine/model.ts';
import { readPackageFile, type ModelPackage } from '../engine/store/package.ts';
import type { CombinerName } from '../contract/settings.ts';
import { decodeModel } from '../onnx/codec.ts';
import { pruneToOutputs, type Model } from '../onnx/graph.ts';
import type { FrozenParts } from './graphs/forward.ts';

/**
 * @param model the same package, loaded: its graphs were found safe
 * @throws DermOrbitError MODEL_FILE_MISSING, MODEL_HASH_MISMATCH
 */
export async function frozenParts(opened: ModelPackage, model: LoadedModel): Promise<FrozenParts> {
  const { files, logits } = opened.manifest;
  const pool = decodeModel(await readPackageFile(opened, files.head));
  return {
    features: mapOf(opened.manifest),
    pool: pruneToOutputs(pool.graph, ['embedding']),
    classEmbeddings: model.classEmbeddings,
    logits,
  };
}

/** The weight network that a package brings; null if it brings none of that name. */
export async function packagedNet(opened: ModelPackage, name: CombinerName): Promise<Model | null> {
  const file = opened.manifest.files[name];
  return file ? decodeModel(await readPackageFile(opened, file)) : null;
}
