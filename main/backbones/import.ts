// What the importer needs of a backbone, and the kinds of checkpoints it knows: one row each, asked in order.
import type { HeadDescription } from '../contract/backbone.ts';
import type { Manifest } from '../contract/manifest.ts';
import type { Model } from '../onnx/graph.ts';
import type { Checkpoint } from './checkpoints/checkpoint.ts';
import type { ImportHints } from './vit/config.ts';
import { importVit, vitFamilies } from './vit/import.ts';
import { importClipResNet, requireResNet } from './clip-resnet/import.ts';

/** A text tower: `tokens` int64 [batch, contextLength] -> `text_embedding` [batch, E]. */
export interface ImportedText {
  readonly model: () => Model;
  readonly contextLength: number;
  readonly vocabularySize: number;
}

/** A checkpoint understood: what its manifest says, and its graphs, made when they are asked for. */
export interface ImportedBackbone {
  readonly architecture: Manifest['architecture'];
  readonly input: Manifest['input'];
  readonly features: Manifest['features'];
  readonly invariantPart: number;
  readonly embedding: number;
  readonly head: HeadDescription;
  readonly tower: () => Model;
  /** With the signature that the row of the head in heads.ts asks for. */
  readonly headGraph: () => Model;
  readonly text: ImportedText | null;
  /** The factor of the model's own zero-shot logits; null where the checkpoint has none. */
  readonly logitScale: number | null;
  readonly assumed: readonly string[];
}

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
