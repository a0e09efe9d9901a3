// Class embeddings T [E, K] from a file: averaged text prompts or trained, made elsewhere for this checkpoint.
import { DermOrbitError } from '../../contract/errors.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { readSafetensors } from '../checkpoints/safetensors.ts';
import type { WeightTensor } from '../weights.ts';

const NAME = 'class_embeddings';
const BIAS_NAME = 'class_bias';

function invalid(message: string): DermOrbitError {
  return new DermOrbitError('CLASS_EMBEDDINGS_INVALID', message);
}

/**
 * The tensor `class_embeddings` of a safetensors file.
 * @param embeddingWidth E, the width of the checkpoint's embedding
 * @param classCount K
 * @returns [E, K] float32, and [K] where the file has `class_bias`; its memory is not shared with the file's
 * @throws DermOrbitError CLASS_EMBEDDINGS_INVALID (absent, another shape, not finite), and as readSafetensors
 */
export function readClassEmbeddings(
  bytes: Uint8Array,
  embeddingWidth: number,
  classCount: number,
): Tensor & { readonly bias?: Float32Array | undefined } {
  const tensors = readSafetensors(bytes);
  const found = tensors.get(NAME);
  if (!found) {
    const names = [...tensors.keys()].slice(0, 5).map((name) => `"${name}"`);
    throw invalid(`The file has no tensor "${NAME}"; it has ${names.join(', ') || 'none'}.`);
  }
  const [rows, columns] = found.dims;
  if (found.dims.length !== 2 || rows !== embeddingWidth || columns !== classCount) {
    const transposed = rows === classCount && columns === embeddingWidth ? ' It seems to be transposed.' : '';
    throw invalid(
      `Expected [${embeddingWidth}, ${classCount}] (embedding width, classes), ` +
        `found [${found.dims.join(', ')}].${transposed}`,
    );
  }
  const data = found.float32().slice();
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw invalid(
      `The number at row ${Math.floor(at / classCount)}, column ${at % classCount} is not finite.`,
    );
  return { data, dims: [embeddingWidth, classCount], bias: readBias(tensors.get(BIAS_NAME), classCount) };
}

/** `class_bias` [K], added to the logits; absent where the logits are the product alone. */
function readBias(found: WeightTensor | undefined, classCount: number): Float32Array | undefined {
  if (!found) return undefined;
  const data = found.float32().slice();
  if (found.dims.length !== 1 || data.length !== classCount || !data.every(Number.isFinite)) {
    throw invalid(`${BIAS_NAME} must hold ${classCount} numbers, one for each class.`);
  }
  return data;
}
