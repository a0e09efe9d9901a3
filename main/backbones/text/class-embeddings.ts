// Class embeddings T [E, K] from a file: averaged text prompts or trained, made elsewhere for this checkpoint.
import { DermOrbitError } from '../../contract/errors.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { readSafetensors } from '../checkpoints/safetensors.ts';

const NAME = 'class_embeddings';

function invalid(message: string): DermOrbitError {
  return new DermOrbitError('CLASS_EMBEDDINGS_INVALID', message);
}

/**
 * The tensor `class_embeddings` of a safetensors file.
 * @param embeddingWidth E, the width of the checkpoint's embedding
 * @param classCount K
 * @returns [E, K] float32; its memory is not shared with the file's
 * @throws DermOrbitError CLASS_EMBEDDINGS_INVALID (absent, another shape, not finite), and as readSafetensors
 */
export function readClassEmbeddings(bytes: Uint8Array, embeddingWidth: number, classCount: number): Tensor {
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
  return { data, dims: [embeddingWidth, classCount] };
}
