// A small model with random weights and every weight network, imported as a person's checkpoint would be. Test use
// only.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  randomClassEmbeddings,
  randomClip,
  randomCombiners,
  visualArchitecture,
} from '../backbones/clip-resnet/random-weights.ts';
import { writeSafetensors, type SafetensorsInput } from '../backbones/checkpoints/safetensors.ts';
import type { ImportRequest } from '../contract/engine.ts';
import { float16ToFloat32 } from '../onnx/float16.ts';
import type { TemporaryStore } from './model-store.ts';

/** 96 px and a 3 x 3 map of 128 channels in two heads: small enough for any test, with a cell in the middle. */
export const smallVisual = visualArchitecture({
  layers: [1, 2, 1, 1],
  width: 4,
  resolution: 96,
  embeddingWidth: 16,
});

export const smallClasses = ['MEL', 'NV', 'BCC', 'DF'];

/** Files of a small checkpoint beside the store, ready to be imported; any field of the request can be replaced. */
export function smallImport(
  { root }: TemporaryStore,
  changes: Partial<ImportRequest> & Pick<ImportRequest, 'id'>,
): ImportRequest {
  const classes = changes.classes?.length ?? smallClasses.length;
  return {
    checkpoint: writeTensors(root, 'small-clip', randomClip(smallVisual, 1)),
    classEmbeddings: writeTensors(root, 'class-embeddings', smallClassEmbeddings()),
    combiners: writeTensors(root, `combiners-${classes}`, smallCombiners(classes)),
    classes: smallClasses,
    ...changes,
  };
}

/** Every weight network and scorer. Random networks prefer no orientation by much; with their last layers enlarged, a wrong weight shows. */
export function smallCombiners(classes = smallClasses.length): Map<string, SafetensorsInput> {
  const tensors = randomCombiners(smallVisual, 3);
  const enlarged = ['lambda.main.4', 'attention.q.2', 'attention.k.2', 'lambda_embedding.fc3'];
  for (const layer of enlarged) {
    const name = `${layer}.weight`;
    const { dims, data } = tensors.get(name)!;
    const values = float16ToFloat32(data as Uint16Array).map((value) => value * 20);
    tensors.set(name, { dims, dtype: 'float32', data: values });
  }
  const { embeddingWidth: width } = smallVisual;
  const [means] = randomClassEmbeddings(smallVisual, classes, 5).values();
  const identity = Float32Array.from({ length: width ** 2 }, (_, i) => (i % (width + 1) === 0 ? 1 : 0));
  tensors.set('feature_distance.means', { ...means!, dims: [classes, width] });
  tensors.set('feature_distance.precision', { dims: [width, width], dtype: 'float32', data: identity });
  return tensors;
}

export function smallClassEmbeddings(classes = smallClasses.length): Map<string, SafetensorsInput> {
  return randomClassEmbeddings(smallVisual, classes, 2);
}

/** Writes tensors as NAME.safetensors into a folder and tells the path. */
export function writeTensors(
  folder: string,
  name: string,
  tensors: ReadonlyMap<string, SafetensorsInput>,
): string {
  const path = join(folder, `${name}.safetensors`);
  writeFileSync(path, writeSafetensors(tensors));
  return path;
}
