// A vision transformer's checkpoint as a backbone for the importer: sizes from the shapes of its tensors, the rest from
// the files beside it, and what neither says assumed and told.
import { DermOrbitError } from '../../contract/errors.ts';
import { sizeOf } from '../../contract/tensor.ts';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { logitScale, requireFinite, requireTensor } from '../clip-resnet/architecture.ts';
import { CLIP_MEAN, CLIP_STD } from '../clip-resnet/constants.ts';
import type { ImportedBackbone, ImportedText } from '../imported.ts';
import { buildTextTower } from '../text/text-tower.ts';
import type { Weights } from '../weights.ts';
import { saidOfModel, type ImportHints, type SaidOfModel } from './config.ts';
import { inOpenAiNames, type Naming } from './namings.ts';
import { expectedText, expectedVit } from './tensors.ts';
import { buildVitHead, buildVitTower, type VitShape } from './vit.ts';

/** What a family of models has where nothing beside the file says otherwise. */
interface Family {
  readonly backbone: string;
  readonly label: string;
  readonly naming: Naming;
  readonly pooling: VitShape['pooling'];
  readonly activation: VitShape['activation'];
  readonly epsilon: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

const clip = { activation: 'quickgelu', epsilon: 1e-5, mean: CLIP_MEAN, std: CLIP_STD } as const;
const half = [0.5, 0.5, 0.5] as const;

export const vitFamilies = {
  openAi: { ...clip, backbone: 'clip-vit', label: 'CLIP ViT', naming: 'openAi', pooling: 'class-token' },
  huggingFace: {
    ...clip,
    backbone: 'clip-vit',
    label: 'CLIP ViT',
    naming: 'huggingFace',
    pooling: 'class-token',
  },
  siglip: {
    backbone: 'siglip',
    label: 'SigLIP ViT',
    naming: 'huggingFace',
    pooling: 'map-pool',
    activation: 'gelu_tanh',
    epsilon: 1e-6,
    mean: half,
    std: half,
  },
  timm: {
    ...clip,
    backbone: 'timm-vit',
    label: 'timm ViT',
    naming: 'timm',
    pooling: 'class-token',
    activation: 'gelu',
    epsilon: 1e-6,
  },
} as const satisfies Record<string, Family>;

/** Channels per attention head where nothing says otherwise, the same in every published CLIP. */
const usualHeadWidth = 64;

/** @throws DermOrbitError CHECKPOINT_SHAPE, CHECKPOINT_NOT_FINITE, OPTION_INVALID (configuration) */
export function importVit({ tensors }: Checkpoint, hints: ImportHints, family: Family): ImportedBackbone {
  const weights = inOpenAiNames(tensors, family.naming);
  const said = saidOfModel(hints);
  const assumed: string[] = [];
  const assume = <T>(value: T | undefined, otherwise: T, sentence: string): T => {
    if (value !== undefined) return value;
    assumed.push(sentence);
    return otherwise;
  };
  const activation =
    hints.activation ??
    assume(said.activation, family.activation, `The activation is ${family.activation}: no file says it.`);
  const shape = shapeOf(weights, family, said, activation, assume);
  const mean = assume(
    said.mean,
    [...family.mean] as [number, number, number],
    `Pictures are normalised with mean ${family.mean.join(', ')} and the standard deviation that goes with it: no file says it.`,
  );
  if (said.squeezes) {
    assumed.push(
      'Pictures are resized by their shorter side and cropped, where the model was made for pictures squeezed into a square.',
    );
  }
  const expected = expectedVit(shape, weights);
  for (const [name, dims] of expected) requireTensor(weights, name, dims);
  for (const name of expected.keys()) requireFinite(name, weights.get(name)!);
  const { width, layers, grid, patch, embedding, pooling } = shape;
  return {
    architecture: {
      backbone: family.backbone,
      name: `${family.label} ${layers} blocks, width ${width}, patch ${patch}, ${grid * patch} px`,
      parameters: [...expected.values()].reduce((total, dims) => total + sizeOf(dims), 0),
    },
    input: { size: grid * patch, mean, std: said.std ?? [...family.std], resize: 'shortest-crop' },
    features: { channels: width, size: grid },
    invariantPart: pooling === 'class-token' ? width : 0,
    embedding,
    head: { kind: pooling, activation },
    tower: () => buildVitTower(weights, shape),
    headGraph: () => buildVitHead(weights, shape),
    text: textOf(weights, said, shape),
    logitScale: logitScale(tensors),
    assumed,
  };
}

type Assume = <T>(value: T | undefined, otherwise: T, sentence: string) => T;

function shapeOf(
  weights: Weights,
  family: Family,
  said: SaidOfModel,
  activation: VitShape['activation'],
  assume: Assume,
): VitShape {
  const kernel = 'visual.conv1.weight';
  const [width, , patch] = dimsOf(weights, kernel, 4);
  const places = 'visual.positional_embedding';
  const [rows] = dimsOf(weights, places, 2);
  const cells = rows! - (family.pooling === 'class-token' ? 1 : 0);
  const grid = Math.round(Math.sqrt(cells));
  if (grid < 1 || grid * grid !== cells) {
    throw new DermOrbitError('CHECKPOINT_SHAPE', `${places}: ${rows!} rows are not a square of patches.`);
  }
  let layers = 0;
  while (weights.has(`visual.transformer.resblocks.${layers}.ln_1.weight`)) layers++;
  if (layers === 0) throw new DermOrbitError('CHECKPOINT_SHAPE', 'The image tower has no transformer block.');
  const usual = width! / usualHeadWidth;
  const heads =
    said.heads ??
    (said.headWidth === undefined
      ? assume(
          undefined,
          Math.max(1, Math.floor(usual)),
          `Attention has ${Math.max(1, Math.floor(usual))} heads of ${usualHeadWidth} channels, as published models have: no file says it.`,
        )
      : width! / said.headWidth);
  if (!Number.isInteger(heads) || width! % heads !== 0) {
    throw new DermOrbitError(
      'CHECKPOINT_SHAPE',
      `A width of ${width!} cannot be divided among ${heads} heads.`,
    );
  }
  const embedding = family.pooling === 'class-token' ? dimsOf(weights, 'visual.proj', 2)[1]! : width!;
  return {
    width: width!,
    heads,
    activation,
    epsilon: said.epsilon ?? family.epsilon,
    layers,
    patch: patch!,
    grid,
    embedding,
    pooling: family.pooling,
  };
}

function dimsOf(weights: Weights, name: string, rank: number): readonly number[] {
  const tensor = weights.get(name);
  if (tensor?.dims.length !== rank) {
    const found = tensor ? `[${tensor.dims.join(', ')}]` : 'no such tensor';
    throw new DermOrbitError('CHECKPOINT_SHAPE', `${name}: expected ${rank} dimensions, found ${found}.`);
  }
  return tensor.dims;
}

/** CLIP's own text tower; null where the checkpoint has another one, or none: its tokens are not CLIP's then. */
function textOf(
  weights: Weights,
  said: SaidOfModel,
  { activation, embedding }: VitShape,
): ImportedText | null {
  if (!weights.has('text_projection') || !weights.has('token_embedding.weight')) return null;
  const [vocabularySize, width] = dimsOf(weights, 'token_embedding.weight', 2) as [number, number];
  const [contextLength] = dimsOf(weights, 'positional_embedding', 2) as [number, number];
  let layers = 0;
  while (weights.has(`transformer.resblocks.${layers}.ln_1.weight`)) layers++;
  const heads = said.textHeads ?? Math.max(1, Math.floor(width / usualHeadWidth));
  const text = {
    ...{ layers, width, heads, contextLength, vocabularySize },
    activation: said.textActivation ?? activation,
    epsilon: said.textEpsilon ?? 1e-5,
  };
  const expected = expectedText(text, embedding);
  for (const [name, dims] of expected) requireTensor(weights, name, dims);
  for (const name of expected.keys()) requireFinite(name, weights.get(name)!);
  return { model: () => buildTextTower(weights, text, embedding), contextLength, vocabularySize };
}
