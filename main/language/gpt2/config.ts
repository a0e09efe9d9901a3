// config.json of the GPT-2 family (Hugging Face) -> what the network is. Pure.
import { z } from 'zod';
import type { Activation } from '../../contract/backbone.ts';
import { DermOrbitError } from '../../contract/errors.ts';

const count = z.int().min(1).max(1_000_000);

const configSchema = z.looseObject({
  model_type: z.string(),
  n_embd: count,
  n_layer: count.max(200),
  n_head: count,
  n_positions: count.optional(),
  n_ctx: count.optional(),
  n_inner: count.nullish(),
  vocab_size: count.optional(),
  activation_function: z.string().default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(true),
  add_cross_attention: z.boolean().default(false),
});

/** The names of Hugging Face, and the function that each is. */
const activations: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_fast: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  quick_gelu: 'quickgelu',
};

/** A GPT-2 as its configuration describes it; sizes that it leaves open follow from the weights. */
export interface Gpt2Config {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** Between the layers of the perceptrons. */
  readonly inner: number;
  readonly positions: number | null;
  readonly vocabulary: number | null;
  readonly activation: Activation;
  readonly epsilon: number;
  readonly attentionScales: readonly number[];
  readonly tied: boolean;
}

/**
 * Reads a configuration.
 * @throws DermOrbitError LANGUAGE_CONFIG
 */
export function readGpt2Config(json: unknown): Gpt2Config {
  if (json === null || json === undefined) throw refused('There is no config.json beside the weights');
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(`config.json: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}`);
  }
  const config = parsed.data;
  if (config.model_type !== 'gpt2')
    throw refused(`config.json says model_type "${config.model_type}", not "gpt2"`);
  if (config.add_cross_attention)
    throw refused('config.json asks for cross-attention, which a decoder alone lacks');
  const { n_embd: width, n_head: heads, n_layer: layers } = config;
  if (width % heads !== 0) throw refused(`config.json: the width ${width} is no multiple of ${heads} heads`);
  const activation = activations[config.activation_function];
  if (!activation) {
    const known = Object.keys(activations).join(', ');
    throw refused(`config.json: the activation "${config.activation_function}" is none of ${known}`);
  }
  const scale = config.scale_attn_weights ? 1 / Math.sqrt(width / heads) : 1;
  return {
    layers,
    width,
    heads,
    inner: config.n_inner ?? 4 * width,
    positions: config.n_positions ?? config.n_ctx ?? null,
    vocabulary: config.vocab_size ?? null,
    activation,
    epsilon: config.layer_norm_epsilon,
    attentionScales: Array.from({ length: layers }, (_, layer) =>
      config.scale_attn_by_inverse_layer_idx ? scale / (layer + 1) : scale,
    ),
    tied: config.tie_word_embeddings,
  };
}

const refused = (message: string) => new DermOrbitError('LANGUAGE_CONFIG', `${message}.`);
