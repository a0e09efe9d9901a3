// The weights of a CLIP ResNet, under the names of CLIP's checkpoints.
import type { VisualArchitecture } from '../../backbones/clip-resnet/architecture.ts';
import type { Weights } from '../../backbones/weights.ts';

export interface ResNetWeights {
  readonly visual: VisualArchitecture;
  /** Image tower and attention pool, every tensor that `expectedTensors` names. */
  readonly weights: Weights;
}
