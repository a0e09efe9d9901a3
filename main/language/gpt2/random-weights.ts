// A GPT-2 with random weights: for benchmarks and tests, where what matters is the size and not what it says. The same
// seed gives the same bytes.
import type { SafetensorsInput } from '../../backbones/checkpoints/safetensors.ts';
import { seededRandom } from '../../evaluation/metrics/random.ts';

export interface Gpt2Size {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly positions: number;
  readonly vocabulary: number;
}

/** Of the published models. */
export const gpt2Sizes = {
  distilgpt2: { layers: 6, width: 768, heads: 12, positions: 1024, vocabulary: 50_257 },
  gpt2: { layers: 12, width: 768, heads: 12, positions: 1024, vocabulary: 50_257 },
} as const satisfies Record<string, Gpt2Size>;

/** Content of config.json. */
export function gpt2Config(size: Gpt2Size): Record<string, unknown> {
  const { layers, width, heads, positions, vocabulary } = size;
  return {
    model_type: 'gpt2',
    activation_function: 'gelu_new',
    n_layer: layers,
    n_embd: width,
    n_head: heads,
    n_positions: positions,
    vocab_size: vocabulary,
    layer_norm_epsilon: 1e-5,
  };
}

/**
 * Weights under Hugging Face's names, in single precision.
 * @param spread of the matrices: 0.02 as GPT-2 is initialised; larger, and the logits differ more
 */
export function randomGpt2(size: Gpt2Size, seed: number, spread = 0.02): Map<string, SafetensorsInput> {
  const { layers, width, positions, vocabulary } = size;
  const random = seededRandom(seed);
  const tensors = new Map<string, SafetensorsInput>();
  const add = (name: string, dims: readonly number[], around: number, by: number) => {
    const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
    // Uniform, with the standard deviation that is asked for: as good as normal here, and quick for 10^8 numbers.
    const reach = by * Math.sqrt(12);
    for (let i = 0; i < data.length; i++) data[i] = around + (random() / 2 ** 32 - 0.5) * reach;
    tensors.set(`transformer.${name}`, { dims, dtype: 'float32', data });
  };
  const linear = (name: string, input: number, output: number) => {
    add(`${name}.weight`, [input, output], 0, spread);
    add(`${name}.bias`, [output], 0, spread);
  };
  const norm = (name: string) => {
    add(`${name}.weight`, [width], 1, spread);
    add(`${name}.bias`, [width], 0, spread);
  };
  add('wte.weight', [vocabulary, width], 0, spread);
  add('wpe.weight', [positions, width], 0, spread);
  for (let layer = 0; layer < layers; layer++) {
    const block = `h.${layer}`;
    norm(`${block}.ln_1`);
    linear(`${block}.attn.c_attn`, width, 3 * width);
    linear(`${block}.attn.c_proj`, width, width);
    norm(`${block}.ln_2`);
    linear(`${block}.mlp.c_fc`, width, 4 * width);
    linear(`${block}.mlp.c_proj`, 4 * width, width);
  }
  norm('ln_f');
  return tensors;
}
