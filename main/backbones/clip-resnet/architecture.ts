// What a CLIP ResNet checkpoint is, read from the shapes of its tensors alone: any number of blocks, any width,
// any resolution (the rules of build_model in OpenAI's clip/model.py). Every tensor that the product will use is
// checked here, once: that it is there, that it has the shape the architecture implies, and that it is finite.
import { DermOrbitError } from '../../contract/errors.ts';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import type { CheckpointTensor } from '../checkpoints/checkpoint-tensor.ts';
import type { Weights, WeightTensor } from '../weights.ts';

/** Image tower (modified ResNet up to layer4) and attention pool. */
export interface VisualArchitecture {
  /** Bottleneck blocks of layer1 to layer4. */
  readonly layers: readonly [number, number, number, number];
  /** Channels inside layer1; the stem ends with these too. */
  readonly width: number;
  /** Attention heads of the pool: featureChannels / 64. */
  readonly heads: number;
  /** Input is [3, resolution, resolution]. */
  readonly resolution: number;
  /** Channels of the feature map: width * 32. */
  readonly featureChannels: number;
  /** Side of the feature map: resolution / 32. */
  readonly featureSize: number;
  /** Length of the embedding. */
  readonly embeddingWidth: number;
}

/** Text tower. */
export interface TextArchitecture {
  readonly layers: number;
  readonly width: number;
  /** width / 64 */
  readonly heads: number;
  readonly contextLength: number;
  readonly vocabularySize: number;
}

export interface ClipArchitecture {
  readonly visual: VisualArchitecture;
  /** Null where the checkpoint has an image tower only. */
  readonly text: TextArchitecture | null;
  /** exp(logit_scale), the factor of CLIP's own zero-shot logits; null where the checkpoint has none. */
  readonly logitScale: number | null;
}

/** Channels per attention head, the same in every published CLIP. */
const HEAD_WIDTH = 64;

/** Beginnings of names that only vision transformers have, by OpenAI, Hugging Face and timm. */
const vitMarkers = [
  ...['visual.proj', 'visual.class_embedding', 'visual.transformer.'],
  ...['vision_model.', 'visual.trunk.patch_embed.', 'visual.trunk.blocks.'],
];

/**
 * The architecture of a checkpoint, after checking every tensor it needs.
 * @throws DermOrbitError CHECKPOINT_NOT_CLIP (no CLIP image tower), CHECKPOINT_VIT (a vision transformer),
 *   CHECKPOINT_SHAPE (a tensor is missing or has another shape), CHECKPOINT_NOT_FINITE (NaN or infinite weights)
 */
export function detectArchitecture(checkpoint: Checkpoint): ClipArchitecture {
  const { tensors } = checkpoint;
  requireResNet(tensors);
  const visual = visualArchitecture(tensors);
  const text = textArchitecture(tensors);
  for (const [name, dims] of expectedTensors(visual, text)) requireTensor(tensors, name, dims);
  for (const name of expectedTensors(visual, text).keys()) requireFinite(name, tensors.get(name)!);
  return { visual, text, logitScale: logitScale(tensors) };
}

/**
 * Name and shape of every tensor of an architecture that is used for inference, in the order of the forward pass.
 * Batch norm's num_batches_tracked is not among them: it matters to training only, and not every file has it.
 */
export function expectedTensors(
  visual: VisualArchitecture,
  text: TextArchitecture | null,
): Map<string, readonly number[]> {
  return new Map([
    ...imageTowerTensors(visual),
    ...attentionPoolTensors(visual),
    ...(text ? textTowerTensors(visual, text) : []),
  ]);
}

type NamedShape = readonly [name: string, dims: readonly number[]];

function batchNorm(name: string, channels: number): NamedShape[] {
  return ['weight', 'bias', 'running_mean', 'running_var'].map((part) => [`${name}.${part}`, [channels]]);
}

function linear(name: string, output: number, input: number): NamedShape[] {
  return [
    [`${name}.weight`, [output, input]],
    [`${name}.bias`, [output]],
  ];
}

function layerNorm(name: string, width: number): NamedShape[] {
  return [
    [`${name}.weight`, [width]],
    [`${name}.bias`, [width]],
  ];
}

function imageTowerTensors({ layers, width }: VisualArchitecture): NamedShape[] {
  const stem = [3, width / 2, width / 2, width];
  const shapes: NamedShape[] = [1, 2, 3].flatMap((i) => [
    [`visual.conv${i}.weight`, [stem[i]!, stem[i - 1]!, 3, 3]],
    ...batchNorm(`visual.bn${i}`, stem[i]!),
  ]);
  let input = width;
  layers.forEach((blocks, stage) => {
    const planes = width * 2 ** stage;
    for (let block = 0; block < blocks; block++) {
      const name = `visual.layer${stage + 1}.${block}`;
      shapes.push(
        [`${name}.conv1.weight`, [planes, input, 1, 1]],
        ...batchNorm(`${name}.bn1`, planes),
        [`${name}.conv2.weight`, [planes, planes, 3, 3]],
        ...batchNorm(`${name}.bn2`, planes),
        [`${name}.conv3.weight`, [planes * 4, planes, 1, 1]],
        ...batchNorm(`${name}.bn3`, planes * 4),
      );
      if (block === 0) {
        shapes.push(
          [`${name}.downsample.0.weight`, [planes * 4, input, 1, 1]],
          ...batchNorm(`${name}.downsample.1`, planes * 4),
        );
      }
      input = planes * 4;
    }
  });
  return shapes;
}

function attentionPoolTensors({
  featureChannels,
  featureSize,
  embeddingWidth,
}: VisualArchitecture): NamedShape[] {
  const square = ['q', 'k', 'v'].flatMap((part) =>
    linear(`visual.attnpool.${part}_proj`, featureChannels, featureChannels),
  );
  return [
    ['visual.attnpool.positional_embedding', [featureSize ** 2 + 1, featureChannels]],
    ...square,
    ...linear('visual.attnpool.c_proj', embeddingWidth, featureChannels),
  ];
}

function textTowerTensors({ embeddingWidth }: VisualArchitecture, text: TextArchitecture): NamedShape[] {
  const { layers, width, contextLength, vocabularySize } = text;
  const blocks = Array.from({ length: layers }, (_, i): NamedShape[] => {
    const name = `transformer.resblocks.${i}`;
    return [
      ...layerNorm(`${name}.ln_1`, width),
      [`${name}.attn.in_proj_weight`, [3 * width, width]],
      [`${name}.attn.in_proj_bias`, [3 * width]],
      ...linear(`${name}.attn.out_proj`, width, width),
      ...layerNorm(`${name}.ln_2`, width),
      ...linear(`${name}.mlp.c_fc`, 4 * width, width),
      ...linear(`${name}.mlp.c_proj`, width, 4 * width),
    ];
  });
  return [
    ['token_embedding.weight', [vocabularySize, width]],
    ['positional_embedding', [contextLength, width]],
    ...blocks.flat(),
    ...layerNorm('ln_final', width),
    ['text_projection', [width, embeddingWidth]],
  ];
}

type Tensors = ReadonlyMap<string, CheckpointTensor>;

/** @throws DermOrbitError CHECKPOINT_NOT_CLIP, CHECKPOINT_VIT */
export function requireResNet(tensors: Tensors): void {
  if (tensors.has('visual.layer1.0.conv1.weight')) return;
  const names = [...tensors.keys()];
  const marker = names.find((name) => vitMarkers.some((start) => name.startsWith(start)));
  if (marker !== undefined) {
    throw new DermOrbitError(
      'CHECKPOINT_VIT',
      `The image tower is a vision transformer: it has "${marker}".`,
    );
  }
  const first = names.slice(0, 3).map((name) => `"${name}"`);
  throw new DermOrbitError(
    'CHECKPOINT_NOT_CLIP',
    `The checkpoint has no "visual.layer1.0.conv1.weight"; its ${names.length} tensors begin with ` +
      `${first.join(', ') || 'nothing'}.`,
  );
}

function shapeError(name: string, expected: string, tensor: WeightTensor | undefined): DermOrbitError {
  const found = tensor ? `[${tensor.dims.join(', ')}]` : 'no such tensor';
  return new DermOrbitError('CHECKPOINT_SHAPE', `${name}: expected ${expected}, found ${found}.`);
}

/** A matrix whose sizes the architecture is read from. */
function matrix(tensors: Tensors, name: string, expected: string): [rows: number, columns: number] {
  const tensor = tensors.get(name);
  const [rows, columns] = tensor?.dims ?? [];
  if (tensor?.dims.length !== 2 || !rows || !columns) throw shapeError(name, expected, tensor);
  return [rows, columns];
}

function countBlocks(tensors: Tensors, name: (index: number) => string): number {
  let count = 0;
  while (tensors.has(name(count))) count++;
  return count;
}

function visualArchitecture(tensors: Tensors): VisualArchitecture {
  const [one, two, three, four] = [1, 2, 3, 4].map((stage) =>
    countBlocks(tensors, (block) => `visual.layer${stage}.${block}.conv1.weight`),
  ) as [number, number, number, number];
  const layers = [one, two, three, four] as const;
  const empty = layers.indexOf(0);
  if (empty >= 0) {
    throw shapeError(`visual.layer${empty + 1}.0.conv1.weight`, 'at least one block', undefined);
  }
  const firstName = 'visual.layer1.0.conv1.weight';
  const first = tensors.get(firstName);
  const width = first?.dims[0] ?? 0;
  // The stem has width / 2 channels, and the pool's heads have 64 of the width * 32 feature channels.
  if (width < 2 || width % 2 !== 0) throw shapeError(firstName, 'an even number of output channels', first);
  const featureChannels = width * 32;
  const positions = 'visual.attnpool.positional_embedding';
  const [rows] = matrix(tensors, positions, `[cells + 1, ${featureChannels}]`);
  const featureSize = Math.round(Math.sqrt(rows - 1));
  if (featureSize < 1 || featureSize ** 2 + 1 !== rows) {
    throw shapeError(positions, `a square number of cells + 1 rows`, tensors.get(positions));
  }
  const [embeddingWidth] = matrix(
    tensors,
    'visual.attnpool.c_proj.weight',
    `[embedding width, ${featureChannels}]`,
  );
  return {
    layers,
    width,
    heads: featureChannels / HEAD_WIDTH,
    resolution: featureSize * 32,
    featureChannels,
    featureSize,
    embeddingWidth,
  };
}

function textArchitecture(tensors: Tensors): TextArchitecture | null {
  const block = (index: number) => `transformer.resblocks.${index}.attn.in_proj_weight`;
  if (!['token_embedding.weight', block(0), 'text_projection'].some((name) => tensors.has(name))) return null;
  const [vocabularySize, width] = matrix(tensors, 'token_embedding.weight', '[vocabulary size, width]');
  if (width % HEAD_WIDTH !== 0) {
    const name = 'token_embedding.weight';
    throw shapeError(name, `a width that is a multiple of ${HEAD_WIDTH}`, tensors.get(name));
  }
  const [contextLength] = matrix(tensors, 'positional_embedding', `[context length, ${width}]`);
  const layers = countBlocks(tensors, block);
  if (layers === 0) throw shapeError(block(0), 'at least one block', undefined);
  return { layers, width, heads: width / HEAD_WIDTH, contextLength, vocabularySize };
}

/** @throws DermOrbitError CHECKPOINT_SHAPE */
export function requireTensor(tensors: Weights, name: string, dims: readonly number[]): void {
  const tensor = tensors.get(name);
  if (tensor?.dims.length !== dims.length || !tensor.dims.every((dim, axis) => dim === dims[axis])) {
    throw shapeError(name, `[${dims.join(', ')}]`, tensor);
  }
}

/** @throws DermOrbitError CHECKPOINT_NOT_FINITE, with the place */
export function requireFinite(name: string, tensor: WeightTensor): void {
  const at = firstNotFinite(tensor);
  if (at >= 0) {
    throw new DermOrbitError(
      'CHECKPOINT_NOT_FINITE',
      `${name}: element ${at} is ${String(tensor.float32()[at])}.`,
    );
  }
  if (!name.endsWith('.running_var')) return;
  const negative = tensor.float32().findIndex((value) => value < 0);
  if (negative >= 0) {
    throw new DermOrbitError(
      'CHECKPOINT_NOT_FINITE',
      `${name}: the variance at ${negative} is negative, so the batch norm has no real value.`,
    );
  }
}

/** Index of the first NaN or infinite element, or -1. A plain loop: a full-size CLIP has 100 million of them. */
function firstNotFinite(tensor: WeightTensor): number {
  const halves = tensor.float16Bits?.();
  if (halves) {
    // In half precision, all exponent bits set means infinite or NaN: seen on the bits, without converting.
    for (let i = 0; i < halves.length; i++) if ((halves[i]! & 0x7c00) === 0x7c00) return i;
    return -1;
  }
  const values = tensor.float32();
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/**
 * exp(logit_scale), null where there is none.
 * @throws DermOrbitError CHECKPOINT_SHAPE, CHECKPOINT_NOT_FINITE
 */
export function logitScale(tensors: Tensors): number | null {
  const name = 'logit_scale';
  const tensor = tensors.get(name);
  if (!tensor) return null;
  const values = tensor.float32();
  if (values.length !== 1) throw shapeError(name, 'one number', tensor);
  const scale = Math.exp(values[0]!);
  if (!Number.isFinite(scale)) {
    throw new DermOrbitError('CHECKPOINT_NOT_FINITE', `${name}: exp(${values[0]!}) is ${scale}.`);
  }
  return scale;
}
