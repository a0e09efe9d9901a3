// Trained weights as files that any CLIP tool reads: safetensors under the names of CLIP's checkpoints.
import { expectedTensors } from '../../backbones/clip-resnet/architecture.ts';
import { writeSafetensors, type SafetensorsInput } from '../../backbones/checkpoints/safetensors.ts';
import type { State } from '../step.ts';
import { nameInGraph } from './graph.ts';
import type { StartingPoint } from './starting-point.ts';

/** Files of a trained model, as safetensors in single precision. */
export interface ExportedWeights {
  /** `visual.*`: image tower and attention pool. */
  readonly tower: Uint8Array;
  /** `class_embeddings` [E, K]. */
  readonly classEmbeddings: Uint8Array;
  /** Weight network, if the model has one. */
  readonly combiners: Uint8Array | null;
}

/**
 * @param learned by their names in the graph; what did not learn is the starting point's
 * @param network the weight network's tensors by name; null without one
 */
export function exportWeights(
  { visual, weights, classEmbeddings }: StartingPoint,
  learned: State,
  network: State | null,
): ExportedWeights {
  const tensors = new Map<string, SafetensorsInput>();
  for (const [name, dims] of expectedTensors(visual, null)) {
    const data = learned.get(nameInGraph(name))?.data ?? weights.get(name)!.float32();
    tensors.set(name, single(dims, data));
  }
  const { width, classes, data } = classEmbeddings;
  const embeddings = single([width, classes], learned.get('class_embeddings')?.data ?? data);
  return {
    tower: writeSafetensors(tensors),
    classEmbeddings: writeSafetensors(new Map([['class_embeddings', embeddings]])),
    combiners: network
      ? writeSafetensors(
          new Map([...network].map(([name, tensor]) => [name, single(tensor.dims, tensor.data)])),
        )
      : null,
  };
}

function single(dims: readonly number[], data: Float32Array): SafetensorsInput {
  return { dims, dtype: 'float32', data };
}
