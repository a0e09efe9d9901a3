// CLIP's modified ResNet with its attention pool, under the names of CLIP's checkpoints.
import { unfoldBatchNorm, type BatchNorm } from '../../autodiff/unfold-batch-norm.ts';
import { readCheckpoint } from '../../backbones/checkpoints/checkpoint.ts';
import { writeSafetensors, type SafetensorsInput } from '../../backbones/checkpoints/safetensors.ts';
import { expectedTensors, type VisualArchitecture } from '../../backbones/clip-resnet/architecture.ts';
import { buildAttentionPool } from '../../backbones/clip-resnet/attention-pool.ts';
import { buildImageTower } from '../../backbones/clip-resnet/image-tower.ts';
import { importClipResNet } from '../../backbones/clip-resnet/import.ts';
import { pruneToOutputs } from '../../onnx/graph.ts';
import { poolPrefix } from '../graphs/forward.ts';
import type { State } from '../step.ts';
import { calibrated } from './clip-resnet-calibration.ts';
import type { ResNetWeights } from './clip-resnet-weights.ts';
import { resizePositions, resizeState } from './positions.ts';
import type { BatchNormMode, LearnedNames, TrainableNetwork, TrainedNetwork } from './trainable.ts';

export function clipResNet(start: ResNetWeights): TrainableNetwork {
  const { visual, weights } = start;
  const architecture = { visual, text: null, logitScale: null };
  return {
    size: visual.resolution,
    features: { channels: visual.featureChannels, size: visual.featureSize },
    embedding: visual.embeddingWidth,
    summary: `CLIP modified ResNet (${visual.layers.join('-')}, width ${visual.width}, ${visual.resolution} px)`,
    atSize: (size) => clipResNet(startAtSize(start, size)),
    resized: (state) => resizeState(state, visual.featureSize),
    tower: (batchNorm, statistics) => {
      const folded = buildImageTower(weights, architecture);
      return batchNorm === 'live' ? unfoldBatchNorm(folded, batchNorms(start), { statistics }) : folded;
    },
    head: pruneToOutputs(buildAttentionPool(weights, architecture).graph, ['embedding']),
    learned: (batchNorm) => learnedNames(visual, batchNorm),
    calibrated: async (parts, provider) => clipResNet(await calibrated(start, parts, provider)),
    trained: (state) => trained(start, state),
  };
}

function batchNorms({ weights }: ResNetWeights): Map<string, BatchNorm> {
  const suffix = '.running_mean';
  const part = (name: string) => weights.get(name)!.float32();
  return new Map(
    [...weights.keys()].flatMap((name): [string, BatchNorm][] => {
      if (!name.endsWith(suffix)) return [];
      const norm = name.slice(0, -suffix.length);
      return [
        [
          norm,
          {
            weight: part(`${norm}.weight`),
            bias: part(`${norm}.bias`),
            running_mean: part(`${norm}.running_mean`),
            running_var: part(`${norm}.running_var`),
          },
        ],
      ];
    }),
  );
}

/** Of a tensor in a checkpoint: its name in the graph. */
function nameInGraph(name: string): string {
  return name.startsWith('visual.attnpool.') ? poolPrefix + name : name;
}

function learnedNames(visual: VisualArchitecture, batchNorm: BatchNormMode): LearnedNames {
  // The bias of the keys drops out of the softmax (backbones/clip-resnet/attention-pool.ts).
  const names = [...expectedTensors(visual, null).keys()].filter((name) => !name.endsWith('k_proj.bias'));
  const isStatistic = (name: string) => /\.running_(mean|var)$/.test(name);
  const isNorm = (name: string) => isStatistic(name) || /(bn\d|downsample\.1)\.(weight|bias)$/.test(name);
  const kept = batchNorm === 'live' ? names : names.filter((name) => !isNorm(name));
  return {
    parameters: kept.filter((name) => !isStatistic(name)).map(nameInGraph),
    statistics: kept.filter(isStatistic),
  };
}

/** The same weights for another input size. */
function startAtSize(start: ResNetWeights, size: number): ResNetWeights {
  const { visual, weights } = start;
  if (size === visual.resolution) return start;
  const featureSize = size / 32;
  const name = 'visual.attnpool.positional_embedding';
  const known = weights.get(name)!;
  const { data, dims } = resizePositions({ data: known.float32(), dims: known.dims }, featureSize);
  return {
    visual: { ...visual, resolution: size, featureSize },
    weights: new Map([...weights, [name, { dims, float32: () => data }]]),
  };
}

/** A file that any CLIP tool reads: safetensors under the names of CLIP's checkpoints. */
function trained({ visual, weights }: ResNetWeights, state: State): TrainedNetwork {
  const tensors = new Map<string, SafetensorsInput>();
  for (const [name, dims] of expectedTensors(visual, null)) {
    const data = state.get(nameInGraph(name))?.data ?? weights.get(name)!.float32();
    tensors.set(name, { dims, dtype: 'float32', data });
  }
  const bytes = writeSafetensors(tensors);
  const file = { name: 'weights.safetensors', format: 'safetensors', bytes };
  return { file, backbone: importClipResNet(readCheckpoint(bytes, file.name)) };
}
