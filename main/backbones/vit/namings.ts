// Vision transformers under the names that published files give their tensors, told in OpenAI's names: the graphs are
// built from those alone. A naming is a table of patterns; separate query, key and value projections are stacked.
import { stacked, transposed, type Weights, type WeightTensor } from '../weights.ts';

type Patterns = readonly (readonly [RegExp, string])[];

/** Both towers of Hugging Face's models, after the tower's own prefix. */
const huggingFaceBlocks: Patterns = [
  [/^encoder\.layers\.(\d+)\.self_attn\.(q|k|v)_proj\.(weight|bias)$/, 'transformer.resblocks.$1.attn.$2.$3'],
  [/^encoder\.layers\.(\d+)\.self_attn\.out_proj\.(\w+)$/, 'transformer.resblocks.$1.attn.out_proj.$2'],
  [/^encoder\.layers\.(\d+)\.layer_norm(1|2)\.(\w+)$/, 'transformer.resblocks.$1.ln_$2.$3'],
  [/^encoder\.layers\.(\d+)\.mlp\.fc1\.(\w+)$/, 'transformer.resblocks.$1.mlp.c_fc.$2'],
  [/^encoder\.layers\.(\d+)\.mlp\.fc2\.(\w+)$/, 'transformer.resblocks.$1.mlp.c_proj.$2'],
];

const huggingFace: Patterns = [
  ...huggingFaceBlocks.map(([from, to]) => [prefixed('vision_model\\.', from), `visual.${to}`] as const),
  [/^vision_model\.embeddings\.patch_embedding\.(\w+)$/, 'visual.conv1.$1'],
  [/^vision_model\.embeddings\.class_embedding$/, 'visual.class_embedding'],
  [/^vision_model\.embeddings\.position_embedding\.weight$/, 'visual.positional_embedding'],
  // Spelt so in every published file.
  [/^vision_model\.pre_layrnorm\.(\w+)$/, 'visual.ln_pre.$1'],
  [/^vision_model\.post_layernorm\.(\w+)$/, 'visual.ln_post.$1'],
  [/^visual_projection\.weight$/, 'visual.proj^T'],
  [/^vision_model\.head\.probe$/, 'visual.pool.probe'],
  [/^vision_model\.head\.attention\.(.+)$/, 'visual.pool.attn.$1'],
  [/^vision_model\.head\.layernorm\.(\w+)$/, 'visual.pool.ln.$1'],
  [/^vision_model\.head\.mlp\.fc1\.(\w+)$/, 'visual.pool.mlp.c_fc.$1'],
  [/^vision_model\.head\.mlp\.fc2\.(\w+)$/, 'visual.pool.mlp.c_proj.$1'],
  ...huggingFaceBlocks.map(([from, to]) => [prefixed('text_model\\.', from), to] as const),
  [/^text_model\.embeddings\.token_embedding\.weight$/, 'token_embedding.weight'],
  [/^text_model\.embeddings\.position_embedding\.weight$/, 'positional_embedding'],
  [/^text_model\.final_layer_norm\.(\w+)$/, 'ln_final.$1'],
  [/^text_projection\.weight$/, 'text_projection^T'],
  [/^(logit_scale|logit_bias)$/, '$1'],
];

/** timm's vision transformers as open_clip's vision tower. */
const timm: Patterns = [
  [/^visual\.trunk\.cls_token$/, 'visual.class_embedding'],
  [/^visual\.trunk\.pos_embed$/, 'visual.positional_embedding'],
  [/^visual\.trunk\.patch_embed\.proj\.(\w+)$/, 'visual.conv1.$1'],
  [/^visual\.trunk\.norm_pre\.(\w+)$/, 'visual.ln_pre.$1'],
  [/^visual\.trunk\.blocks\.(\d+)\.norm(1|2)\.(\w+)$/, 'visual.transformer.resblocks.$1.ln_$2.$3'],
  [/^visual\.trunk\.blocks\.(\d+)\.attn\.qkv\.(\w+)$/, 'visual.transformer.resblocks.$1.attn.in_proj_$2'],
  [/^visual\.trunk\.blocks\.(\d+)\.attn\.proj\.(\w+)$/, 'visual.transformer.resblocks.$1.attn.out_proj.$2'],
  [/^visual\.trunk\.blocks\.(\d+)\.mlp\.fc1\.(\w+)$/, 'visual.transformer.resblocks.$1.mlp.c_fc.$2'],
  [/^visual\.trunk\.blocks\.(\d+)\.mlp\.fc2\.(\w+)$/, 'visual.transformer.resblocks.$1.mlp.c_proj.$2'],
  [/^visual\.trunk\.norm\.(\w+)$/, 'visual.ln_post.$1'],
  [/^visual\.head\.proj\.weight$/, 'visual.proj^T'],
  [/^(logit_scale|logit_bias)$/, '$1'],
];

function prefixed(prefix: string, pattern: RegExp): RegExp {
  return new RegExp(pattern.source.replace('^', `^${prefix}`));
}

const openAi: Patterns = [[/^(.+)$/, '$1']];

export const namings = { openAi, huggingFace, timm } as const;
export type Naming = keyof typeof namings;

/** The tensors that a naming knows, under OpenAI's names; what is in single precision and needs it stays so. */
export function inOpenAiNames(tensors: Weights, naming: Naming): Map<string, WeightTensor> {
  const found = new Map<string, WeightTensor>();
  for (const [name, tensor] of tensors) {
    const row = namings[naming].find(([pattern]) => pattern.test(name));
    if (!row) continue;
    const told = name.replace(row[0], row[1]);
    const flat = flattened(told, tensor);
    if (told.endsWith('^T')) {
      if (tensor.dims.length === 2) found.set(told.slice(0, -2), transposed(tensor));
    } else found.set(told, flat);
  }
  for (const name of [...found.keys()].filter((key) => key.endsWith('.attn.q.weight'))) {
    const base = name.slice(0, -'.q.weight'.length);
    for (const part of ['weight', 'bias']) {
      const parts = ['q', 'k', 'v'].map((letter) => found.get(`${base}.${letter}.${part}`));
      if (parts.every((tensor) => tensor !== undefined)) found.set(`${base}.in_proj_${part}`, stacked(parts));
    }
  }
  for (const [name, tensor] of found) found.set(name, { ...tensor, unrounded: true });
  return found;
}

/** timm and SigLIP keep axes of length 1 around vectors and tables that OpenAI has without. */
function flattened(name: string, tensor: WeightTensor): WeightTensor {
  const rank = { 'visual.class_embedding': 1, 'visual.positional_embedding': 2, 'visual.pool.probe': 1 }[
    name
  ];
  if (rank === undefined || tensor.dims.length <= rank) return tensor;
  const extra = tensor.dims.length - rank;
  return tensor.dims.slice(0, extra).every((dim) => dim === 1)
    ? { ...tensor, dims: tensor.dims.slice(extra) }
    : tensor;
}
