// PyTorch state dicts (torch.save, ZIP format): a dictionary from names to tensors, alone or inside the dictionary
// of a training checkpoint.
import { DermOrbitError } from '../../contract/errors.ts';
import { findWeights, type FoundWeights } from './find-weights.ts';
import { isRefusedName } from './foreign-names.ts';
import { PickleForeign } from './pickle-machine.ts';
import { openTorchArchive, readTorchArchive } from './torch-archive.ts';
import { matchZip } from './zip.ts';

export const matchStateDict = matchZip;

/**
 * Every tensor of a state dict, and what lies beside it in the file.
 * @throws DermOrbitError PICKLE_FORBIDDEN, CHECKPOINT_TRUNCATED, CHECKPOINT_UNRECOGNISED, and as {@link findWeights}
 */
export function readStateDict(bytes: Uint8Array): FoundWeights {
  const archive = openTorchArchive(bytes);
  if (!archive) {
    throw new DermOrbitError(
      'CHECKPOINT_UNRECOGNISED',
      'It is a ZIP archive without a PyTorch checkpoint in it.',
    );
  }
  const foreign = new Set<string>();
  const root = readTorchArchive(archive, (name) => {
    if (isRefusedName(name)) return null;
    foreign.add(name);
    return new PickleForeign(name);
  });
  return findWeights(root, foreign);
}
