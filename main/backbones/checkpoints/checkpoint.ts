// Opens a CLIP checkpoint in any of the formats people have, as named tensors. One file per format, each with a
// test on the bytes and a reader; this file knows the order to ask them in. Reads bytes, touches no disk.
import { DermOrbitError } from '../../contract/errors.ts';
import type { CheckpointTensor } from './checkpoint-tensor.ts';
import type { FoundWeights } from './find-weights.ts';
import { matchSafetensors, readSafetensors } from './safetensors.ts';
import { matchStateDict, readStateDict } from './state-dict.ts';
import { matchTorchScript, readTorchScript } from './torchscript.ts';

interface CheckpointReader {
  readonly format: 'torchscript' | 'state-dict' | 'safetensors';
  /** Whether the bytes look like the format; never throws. */
  readonly match: (bytes: Uint8Array) => boolean;
  readonly open: (bytes: Uint8Array) => FoundWeights;
}

/** A file that holds nothing but tensors. */
const whole = (tensors: Map<string, CheckpointTensor>): FoundWeights => ({
  tensors,
  entry: null,
  skipped: [],
});

/** TorchScript archives are ZIP archives too, so they are asked for first. */
const readers: readonly CheckpointReader[] = [
  { format: 'torchscript', match: matchTorchScript, open: (bytes) => whole(readTorchScript(bytes)) },
  { format: 'state-dict', match: matchStateDict, open: readStateDict },
  { format: 'safetensors', match: matchSafetensors, open: (bytes) => whole(readSafetensors(bytes)) },
];

type CheckpointFormat = CheckpointReader['format'];

/** The tensors of a checkpoint under CLIP's own names ("visual.conv1.weight", "token_embedding.weight"). */
export interface Checkpoint {
  readonly format: CheckpointFormat;
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** Where the weights stand in the file, e.g. "net"; null if they are the file. */
  readonly entry: string | null;
  /** What the file holds beside the weights and what was not read, e.g. `"args" (argparse.Namespace)`. */
  readonly skipped: readonly string[];
}

/** Files that people take for checkpoints, by how they begin: what to tell them. */
const lookalikes: readonly { readonly start: readonly number[]; readonly message: string }[] = [
  {
    // A pickle of PyTorch's magic number 0x1950a86a20f9469cfc6c.
    start: [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19],
    message:
      "It is in PyTorch's format of before version 1.6. Load it with a current PyTorch and save its state dict " +
      'again, or convert it to safetensors.',
  },
  {
    start: [0x80],
    message: 'It is a bare Python pickle. Save the state dict with torch.save, or convert it to safetensors.',
  },
  {
    start: [...new TextEncoder().encode('version https://git-lfs')],
    message: 'It is a Git LFS pointer, a few lines that stand for the real file. Fetch it with git lfs pull.',
  },
  { start: [0x3c], message: 'It is a web page, not the file that its link promised.' },
];

/**
 * Tensors of which every image tower has one (OpenAI's and open_clip's names, Hugging Face's, timm's in open_clip); what
 * stands before it is a wrapper's prefix ("module.").
 */
const anchors = [
  'visual.conv1.weight',
  'vision_model.embeddings.patch_embedding.weight',
  'visual.trunk.patch_embed.proj.weight',
];

/**
 * Opens a checkpoint.
 * @param bytes the whole file
 * @param name its file name, for messages
 * @param whole false for a shard, whose names keep the prefix of a wrapper until all are there
 * @throws DermOrbitError CHECKPOINT_UNRECOGNISED (no format we read), CHECKPOINT_TRUNCATED (damaged),
 *   PICKLE_FORBIDDEN (names what runs code, or holds an object for weights), SAFETENSORS_INVALID, CHECKPOINT_ENTRIES
 *   (several entries may be the weights), CHECKPOINT_NOT_CLIP (no tensors, or several towers)
 */
export function readCheckpoint(bytes: Uint8Array, name: string, whole = true): Checkpoint {
  try {
    if (bytes.length === 0) throw new DermOrbitError('CHECKPOINT_TRUNCATED', 'The file holds no bytes.');
    const reader =
      readers.find(({ match }) => match(bytes)) ??
      // Its reader can say what is wrong with a file that claims to be safetensors.
      readers.find(({ format }) => format === 'safetensors' && name.toLowerCase().endsWith('.safetensors'));
    if (!reader) throw new DermOrbitError('CHECKPOINT_UNRECOGNISED', describe(bytes));
    const { tensors, ...place } = reader.open(bytes);
    return { format: reader.format, tensors: whole ? withoutPrefix(tensors) : tensors, ...place };
  } catch (error) {
    if (!(error instanceof DermOrbitError)) throw error;
    throw new DermOrbitError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}

/**
 * Shards as one checkpoint.
 * @param names every tensor that the index promises
 * @throws DermOrbitError CHECKPOINT_SHAPE if one is in no shard, CHECKPOINT_NOT_CLIP (several towers)
 */
export function mergedCheckpoint(
  shards: readonly Checkpoint[],
  names: readonly string[],
  index: string,
): Checkpoint {
  const tensors = new Map(shards.flatMap((shard) => [...shard.tensors]));
  const missing = names.find((name) => !tensors.has(name));
  if (missing !== undefined) {
    throw new DermOrbitError('CHECKPOINT_SHAPE', `${index}: no shard holds the tensor ${missing}.`);
  }
  return {
    format: shards[0]?.format ?? 'safetensors',
    tensors: withoutPrefix(tensors),
    entry: null,
    skipped: shards.flatMap((shard) => shard.skipped),
  };
}

function describe(bytes: Uint8Array): string {
  const known = lookalikes.find(({ start }) => start.every((byte, i) => bytes[i] === byte));
  return known?.message ?? 'Its first bytes are those of no checkpoint format.';
}

/** DistributedDataParallel, torch.compile and classifiers around CLIP all name its tensors with a prefix. */
function withoutPrefix(tensors: Map<string, CheckpointTensor>): Map<string, CheckpointTensor> {
  const prefixes = [...tensors.keys()].flatMap((name) => {
    const anchor = anchors.find((known) => name === known || name.endsWith(`.${known}`));
    return anchor === undefined ? [] : [name.slice(0, -anchor.length)];
  });
  if (prefixes.length === 0 || prefixes.includes('')) return tensors;
  if (prefixes.length > 1) {
    throw new DermOrbitError(
      'CHECKPOINT_NOT_CLIP',
      `It holds several image towers: ${prefixes.map((prefix) => `"${prefix}visual"`).join(', ')}.`,
    );
  }
  const prefix = prefixes[0]!;
  const own = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
