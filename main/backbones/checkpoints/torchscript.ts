// TorchScript archives (torch.jit.save; OpenAI's RN50.pt): a tree of modules, each an instance with attributes. The
// code beside them is not read; every tensor of the tree is named by the path of attributes that leads to it.
import { DermOrbitError } from '../../contract/errors.ts';
import type { CheckpointTensor } from './checkpoint-tensor.ts';
import { PickleGlobal, PickleObject } from './pickle-machine.ts';
import { isTorchScript, openTorchArchive, readTorchArchive, TorchTensor } from './torch-archive.ts';

/** CLIP's modules are at most ten deep. Modules that contain each other would never end. */
const MAX_DEPTH = 64;
/** Modules may be shared, so that a small file can describe a huge tree: a count of visits ends it. */
const MAX_VISITS = 200_000;

export const matchTorchScript = isTorchScript;

/**
 * Every tensor of a TorchScript archive under its state-dict name, e.g. "visual.layer1.0.conv1.weight".
 * @throws DermOrbitError PICKLE_FORBIDDEN, CHECKPOINT_TRUNCATED, CHECKPOINT_UNRECOGNISED
 */
export function readTorchScript(bytes: Uint8Array): Map<string, CheckpointTensor> {
  const archive = openTorchArchive(bytes);
  const root = archive && readTorchArchive(archive, scriptClass);
  if (!(root instanceof PickleObject)) {
    throw new DermOrbitError('CHECKPOINT_TRUNCATED', 'The TorchScript archive does not hold a module.');
  }
  const tensors = new Map<string, CheckpointTensor>();
  let visits = 0;
  const visit = (module: PickleObject, prefix: string, depth: number) => {
    if (depth > MAX_DEPTH)
      throw new DermOrbitError('CHECKPOINT_TRUNCATED', 'Its modules contain each other.');
    for (const [name, value] of module.attributes) {
      if (++visits > MAX_VISITS) throw new DermOrbitError('CHECKPOINT_TRUNCATED', 'It has too many modules.');
      if (value instanceof TorchTensor) tensors.set(prefix + name, value.tensor);
      else if (value instanceof PickleObject) visit(value, `${prefix}${name}.`, depth + 1);
    }
  };
  visit(root, '', 0);
  return tensors;
}

/** The classes of the archive's own code (`__torch__.*`), which here only hold attributes. */
function scriptClass(name: string): PickleGlobal | null {
  return name.startsWith('__torch__.') ? new PickleGlobal(name, { create: () => new PickleObject() }) : null;
}
