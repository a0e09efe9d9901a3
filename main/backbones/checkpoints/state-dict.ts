// PyTorch state dicts (torch.save, ZIP format): a dictionary from names to tensors, alone or inside the dictionary
// of a training checkpoint.
import { DermOrbitError } from '../../contract/errors.ts';
import type { CheckpointTensor } from './checkpoint-tensor.ts';
import { openTorchArchive, readTorchArchive, TorchTensor } from './torch-archive.ts';
import { matchZip } from './zip.ts';

/** Where training programs put the weights in their checkpoints (open_clip: state_dict). */
const weightKeys = ['state_dict', 'model_state_dict', 'model'];

export const matchStateDict = matchZip;

/**
 * Every tensor of a state dict.
 * @throws DermOrbitError PICKLE_FORBIDDEN, CHECKPOINT_TRUNCATED, CHECKPOINT_UNRECOGNISED
 */
export function readStateDict(bytes: Uint8Array): Map<string, CheckpointTensor> {
  const archive = openTorchArchive(bytes);
  if (!archive) {
    throw new DermOrbitError(
      'CHECKPOINT_UNRECOGNISED',
      'It is a ZIP archive without a PyTorch checkpoint in it.',
    );
  }
  const root = readTorchArchive(archive, () => null);
  const candidates = root instanceof Map ? [root, ...weightKeys.map((key) => root.get(key) as unknown)] : [];
  const found = candidates.map(tensorsOf).find((tensors) => tensors.size > 0);
  if (!found) {
    throw new DermOrbitError('CHECKPOINT_NOT_CLIP', 'The PyTorch file holds no dictionary of named tensors.');
  }
  return found;
}

function tensorsOf(value: unknown): Map<string, CheckpointTensor> {
  const tensors = new Map<string, CheckpointTensor>();
  if (!(value instanceof Map)) return tensors;
  for (const [name, item] of value) {
    if (typeof name === 'string' && item instanceof TorchTensor) tensors.set(name, item.tensor);
  }
  return tensors;
}
