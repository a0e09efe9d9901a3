// From an item of a labelled set to what the model sees of it.
import { createHash } from 'node:crypto';
import { gridPermutation } from '../../groups/action.ts';
import type { GroupElement } from '../../groups/groups.ts';
import { resizeBicubic } from '../../imaging/bicubic.ts';
import { readImageFile } from '../../imaging/file.ts';
import { preprocess } from '../../imaging/preprocess.ts';
import { readCifarImage } from '../datasets/cifar100.ts';
import type { LabelledItem } from '../datasets/labelled-set.ts';

/** An item whose bytes were read. */
export interface ReadItem {
  /** Of the file's bytes, or of a CIFAR image's pixels. */
  readonly sha256: string;
  /** The model's square, [size, size, 3]; null where the caller knows the image already. */
  readonly square: Uint8Array | null;
}

/**
 * Reads, hashes and, unless the image is known, decodes and preprocesses.
 * @param isKnown whether the pixels of an image with this hash are not needed
 * @throws DermOrbitError IMAGE_*, CIFAR_INVALID, DATASET_NOT_FOUND, CANCELLED
 */
export async function readItem(
  { image }: LabelledItem,
  size: number,
  isKnown: (sha256: string) => boolean,
  signal?: AbortSignal,
): Promise<ReadItem> {
  if (image.kind === 'file') {
    const file = await readImageFile(image.path, signal ? { signal } : {});
    const square = isKnown(file.sha256) ? null : (await preprocess(file, size)).square;
    return { sha256: file.sha256, square };
  }
  const pixels = await readCifarImage(image);
  const sha256 = createHash('sha256').update(pixels.data).digest('hex');
  const target = { width: size, height: size };
  return {
    sha256,
    square: isKnown(sha256) ? null : resizeBicubic(pixels, target, { left: 0, top: 0, ...target }),
  };
}

/**
 * The pixels of gx: what the model would be given had the picture been taken that way round.
 * @param square [size, size, 3]
 */
export function turnSquare(square: Uint8Array, size: number, element: GroupElement): Uint8Array {
  const permutation = gridPermutation(element, size);
  const turned = new Uint8Array(square.length);
  permutation.forEach((from, to) => {
    for (let channel = 0; channel < 3; channel++) turned[3 * to + channel] = square[3 * from + channel]!;
  });
  return turned;
}
