// What the importer needs of a backbone, and the kinds of checkpoints it knows: one row each, asked in order.
import type { ImportedBackbone } from './imported.ts';
import type { Checkpoint } from './checkpoints/checkpoint.ts';
import type { ImportHints } from './vit/config.ts';
import { importVit, vitFamilies } from './vit/import.ts';
import { importClipResNet, requireResNet } from './clip-resnet/import.ts';

/** A kind of checkpoint, as a row. */
interface ImportRow {
  /** Whether the names of the tensors are this kind's; never throws. */
  readonly recognises: (tensors: Checkpoint['tensors']) => boolean;
  /** @throws DermOrbitError CHECKPOINT_SHAPE, CHECKPOINT_NOT_FINITE */
  readonly read: (checkpoint: Checkpoint, hints: ImportHints) => ImportedBackbone;
}

const rows: readonly ImportRow[] = [
  { recognises: (tensors) => tensors.has('visual.layer1.0.conv1.weight'), read: importClipResNet },
  {
    recognises: (tensors) => tensors.has('visual.conv1.weight') && tensors.has('visual.class_embedding'),
    read: (checkpoint, hints) => importVit(checkpoint, hints, vitFamilies.openAi),
  },
  {
    recognises: (tensors) => tensors.has('vision_model.embeddings.class_embedding'),
    read: (checkpoint, hints) => importVit(checkpoint, hints, vitFamilies.huggingFace),
  },
  {
    recognises: (tensors) => tensors.has('vision_model.head.probe'),
    read: (checkpoint, hints) => importVit(checkpoint, hints, vitFamilies.siglip),
  },
  {
    recognises: (tensors) => tensors.has('visual.trunk.cls_token'),
    read: (checkpoint, hints) => importVit(checkpoint, hints, vitFamilies.timm),
  },
];

/**
 * The backbone of a checkpoint, after checking every tensor that it needs.
 * @throws DermOrbitError CHECKPOINT_NOT_CLIP, CHECKPOINT_VIT (a vision transformer, but none that comes in whole),
 *   CHECKPOINT_SHAPE, CHECKPOINT_NOT_FINITE, OPTION_INVALID (a configuration that is none)
 */
export function importBackbone(checkpoint: Checkpoint, hints: ImportHints): ImportedBackbone {
  const row = rows.find(({ recognises }) => recognises(checkpoint.tensors));
  if (!row) requireResNet(checkpoint.tensors);
  return (row ?? rows[0]!).read(checkpoint, hints);
}
