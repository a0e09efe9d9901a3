// The tensors of a GPT-2 checkpoint: found under whatever prefix, and of the shapes that the configuration says.
import { requireFinite } from '../../backbones/clip-resnet/architecture.ts';
import type { CheckpointTensor } from '../../backbones/checkpoints/checkpoint-tensor.ts';
import type { WeightTensor } from '../../backbones/weights.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { LanguageArchitecture } from '../../contract/language.ts';
import type { Gpt2Config } from './config.ts';

type Tensors = ReadonlyMap<string, CheckpointTensor>;

/** Weights under GPT-2's own names: wte.weight, wpe.weight, h.N.*, ln_f.*, and lm_head.weight if it is another. */
export interface Gpt2Weights {
  readonly weights: ReadonlyMap<string, WeightTensor>;
  readonly architecture: LanguageArchitecture;
  readonly assumed: readonly string[];
}

/** Buffers that older checkpoints keep in every block: the causal mask and what it is filled with. */
const buffers = /^h\.\d+\.attn\.(bias|masked_bias)$/;

/** Whether the tensors are those of a GPT-2, under whatever prefix. */
export const isGpt2 = (tensors: Tensors) => prefixesOf(tensors).length > 0;

/** What stands before wte.weight: "transformer.", nothing, or a wrapper's "module.transformer.". */
function prefixesOf(tensors: Tensors): string[] {
  const anchor = 'wte.weight';
  return [...tensors.keys()].flatMap((name) =>
    name === anchor || name.endsWith(`.${anchor}`) ? [name.slice(0, -anchor.length)] : [],
  );
}

/**
 * The weights of a checkpoint.
 * @throws DermOrbitError LANGUAGE_CONFIG (no GPT-2, or several), LANGUAGE_TENSOR_MISSING, LANGUAGE_TENSOR_SHAPE,
 *   CHECKPOINT_NOT_FINITE
 */
export function gpt2Weights(tensors: Tensors, config: Gpt2Config): Gpt2Weights {
  const prefixes = prefixesOf(tensors);
  const [prefix] = prefixes;
  if (prefix === undefined) {
    const shown = [...tensors.keys()].slice(0, 3).join(', ');
    throw new DermOrbitError(
      'LANGUAGE_TENSOR_MISSING',
      `The tensor transformer.wte.weight is missing: these are no weights of a GPT-2 (${shown}, ..).`,
    );
  }
  if (prefixes.length > 1) {
    const shown = prefixes.map((each) => `"${each}"`).join(', ');
    throw new DermOrbitError('LANGUAGE_CONFIG', `The weights hold several networks, under ${shown}.`);
  }
  const find = (name: string) => tensors.get(prefix + name);
  const positions = config.positions ?? find('wpe.weight')?.dims[0] ?? 0;
  const vocabulary = config.vocabulary ?? find('wte.weight')?.dims[0] ?? 0;
  const weights = new Map<string, WeightTensor>();
  for (const [name, dims] of shapesOf(config, positions, vocabulary)) {
    weights.set(name, checked(prefix + name, find(name), dims));
  }
  const assumed: string[] = [];
  const outer = prefix.replace(/transformer\.$/, '');
  const [headName, head] = headOf(tensors, prefix, outer);
  if (!config.tied) weights.set('lm_head.weight', checked(headName, head, [vocabulary, config.width]));
  else if (head && !sameNumbers(head, find('wte.weight')!)) {
    assumed.push(
      `${headName} differs from wte.weight; config.json ties them (tie_word_embeddings), so wte.weight is used.`,
    );
  }
  const unread = [...tensors.keys()].filter((name) => {
    const own = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    return !weights.has(own) && name !== headName && !buffers.test(own);
  });
  if (unread.length > 0) {
    const shown = unread.slice(0, 4).join(', ') + (unread.length > 4 ? ` and ${unread.length - 4} more` : '');
    assumed.push(`The weights hold tensors that a GPT-2 does not use; they were left out: ${shown}.`);
  }
  const { layers, width, heads, activation, epsilon, attentionScales, tied } = config;
  let parameters = 0;
  for (const { dims } of weights.values()) parameters += dims.reduce((product, dim) => product * dim, 1);
  return {
    weights,
    assumed,
    architecture: {
      family: 'gpt2',
      ...{ layers, width, heads, positions, vocabulary, activation, epsilon },
      attentionScales: [...attentionScales],
      tied,
      parameters,
    },
  };
}

/** lm_head stands beside the transformer, or inside of it. */
function headOf(tensors: Tensors, prefix: string, outer: string): [string, CheckpointTensor | undefined] {
  const names = [`${outer}lm_head.weight`, `${prefix}lm_head.weight`];
  const name = names.find((each) => tensors.has(each)) ?? names[0]!;
  return [name, tensors.get(name)];
}

function shapesOf(
  { layers, width, inner }: Gpt2Config,
  positions: number,
  vocabulary: number,
): [string, number[]][] {
  const norm = (name: string): [string, number[]][] => [
    [`${name}.weight`, [width]],
    [`${name}.bias`, [width]],
  ];
  const conv1D = (name: string, input: number, output: number): [string, number[]][] => [
    [`${name}.weight`, [input, output]],
    [`${name}.bias`, [output]],
  ];
  const blocks = Array.from({ length: layers }, (_, layer) => `h.${layer}`).flatMap((block) => [
    ...norm(`${block}.ln_1`),
    ...conv1D(`${block}.attn.c_attn`, width, 3 * width),
    ...conv1D(`${block}.attn.c_proj`, width, width),
    ...norm(`${block}.ln_2`),
    ...conv1D(`${block}.mlp.c_fc`, width, inner),
    ...conv1D(`${block}.mlp.c_proj`, inner, width),
  ]);
  return [
    ['wte.weight', [vocabulary, width]],
    ['wpe.weight', [positions, width]],
    ...blocks,
    ...norm('ln_f'),
  ];
}

function checked(name: string, tensor: CheckpointTensor | undefined, dims: readonly number[]): WeightTensor {
  if (!tensor) throw new DermOrbitError('LANGUAGE_TENSOR_MISSING', `The tensor ${name} is missing.`);
  const [found, expected] = [tensor.dims.join(','), dims.join(',')];
  if (found !== expected) {
    const layout = /\.(c_attn|c_proj|c_fc)\.weight$/.test(name) ? ' (Conv1D layout is [in,out])' : '';
    throw new DermOrbitError(
      'LANGUAGE_TENSOR_SHAPE',
      `${name} has [${found}], expected [${expected}]${layout}.`,
    );
  }
  requireFinite(name, tensor);
  // A language model is compared with itself to the fifth digit: its weights keep the precision of their file.
  return {
    dims: tensor.dims,
    unrounded: true,
    float32: () => tensor.float32(),
    ...(tensor.float16Bits ? { float16Bits: () => tensor.float16Bits!() } : {}),
  };
}

function sameNumbers(a: CheckpointTensor, b: CheckpointTensor): boolean {
  const [left, right] = [a.float32(), b.float32()];
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}
