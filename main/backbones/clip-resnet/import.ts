// A CLIP ResNet checkpoint as a backbone for the importer, and what a manifest says of one read back.
import type { HeadDescription } from '../../contract/backbone.ts';
import type { Manifest } from '../../contract/manifest.ts';
import { sizeOf } from '../../contract/tensor.ts';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import type { ImportedBackbone } from '../imported.ts';
import { buildTextTower } from '../text/text-tower.ts';
import { detectArchitecture, expectedTensors, type VisualArchitecture } from './architecture.ts';
import { buildAttentionPool } from './attention-pool.ts';
import { CLIP_MEAN, CLIP_STD } from './constants.ts';
import { buildImageTower } from './image-tower.ts';

export { requireResNet } from './architecture.ts';

/** @throws DermOrbitError CHECKPOINT_SHAPE, CHECKPOINT_NOT_FINITE */
export function importClipResNet(checkpoint: Checkpoint): ImportedBackbone {
  const architecture = detectArchitecture(checkpoint);
  const { visual, text, logitScale } = architecture;
  const { tensors } = checkpoint;
  const learned = [...expectedTensors(visual, null).keys()].filter(
    (name) => !/running_(mean|var)$/.test(name),
  );
  const parameters = learned.reduce((total, name) => total + sizeOf(tensors.get(name)!.dims), 0);
  const layers: [number, number, number, number] = [...visual.layers];
  return {
    architecture: {
      backbone: 'clip-resnet',
      name: `CLIP ResNet ${layers.join('-')}, width ${visual.width}, ${visual.resolution} px`,
      parameters,
    },
    input: {
      size: visual.resolution,
      mean: [...CLIP_MEAN],
      std: [...CLIP_STD],
      resize: 'shortest-crop',
    },
    features: { channels: visual.featureChannels, size: visual.featureSize },
    invariantPart: 0,
    embedding: visual.embeddingWidth,
    head: { kind: 'attention-pool', layers, width: visual.width, heads: visual.heads },
    tower: () => buildImageTower(tensors, architecture),
    headGraph: () => buildAttentionPool(tensors, architecture),
    text: text && {
      model: () => buildTextTower(tensors, text, visual.embeddingWidth),
      contextLength: text.contextLength,
      vocabularySize: text.vocabularySize,
    },
    logitScale,
    assumed: [],
  };
}

/** The architecture of the image tower and pool of an installed model; null where it is no CLIP ResNet. */
export function packagedResNet({
  head,
  input,
  embedding,
}: {
  readonly head: HeadDescription;
  readonly input: Pick<Manifest['input'], 'size'>;
  readonly embedding: number;
}): VisualArchitecture | null {
  if (head.kind !== 'attention-pool') return null;
  const { layers, width, heads } = head;
  return {
    layers,
    width,
    heads,
    resolution: input.size,
    featureChannels: width * 32,
    featureSize: input.size / 32,
    embeddingWidth: embedding,
  };
}
