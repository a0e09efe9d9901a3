// What the files beside a checkpoint say of a vision transformer: Hugging Face's config.json and
// preprocessor_config.json, open_clip's open_clip_config.json. Only what decides numbers is read; what is absent is for
// the importer to assume, and to say.
import { z } from 'zod';
import type { Activation } from '../../contract/backbone.ts';
import { DermOrbitError } from '../../contract/errors.ts';

/** JSON beside a checkpoint, as it was read; null where there is none. */
export interface ImportHints {
  readonly config: unknown;
  readonly preprocessor: unknown;
  /** What the person says, over what any file says. */
  readonly activation?: Activation | undefined;
}

const positive = z.int().positive();
const triple = z.tuple([z.number(), z.number(), z.number()]);

const hfTower = z.looseObject({
  hidden_act: z.string().optional(),
  num_attention_heads: positive.optional(),
  layer_norm_eps: z.number().positive().optional(),
});
const hfSchema = z.looseObject({
  model_type: z.string(),
  vision_config: hfTower,
  text_config: hfTower.optional(),
});
const preprocessorSchema = z.looseObject({
  image_mean: triple,
  image_std: triple,
  do_center_crop: z.boolean().optional(),
});
const openClipSchema = z.looseObject({
  model_cfg: z.looseObject({
    quick_gelu: z.boolean().optional(),
    vision_cfg: z.looseObject({
      head_width: positive.optional(),
      timm_model_name: z.string().optional(),
      timm_pool: z.string().optional(),
    }),
    text_cfg: z.looseObject({ heads: positive.optional() }).optional(),
  }),
  preprocess_cfg: z.looseObject({ mean: triple, std: triple, resize_mode: z.string().optional() }).optional(),
});

/** What the files say, in one form; undefined where they say nothing. */
export interface SaidOfModel {
  readonly activation?: Activation | undefined;
  readonly heads?: number | undefined;
  readonly headWidth?: number | undefined;
  readonly epsilon?: number | undefined;
  readonly textHeads?: number | undefined;
  readonly textActivation?: Activation | undefined;
  readonly textEpsilon?: number | undefined;
  readonly mean?: [number, number, number] | undefined;
  readonly std?: [number, number, number] | undefined;
  /** Whether the model's own preprocessing squeezes pictures into the square instead of cropping. */
  readonly squeezes: boolean;
}

const activationNames: Readonly<Record<string, Activation>> = {
  quick_gelu: 'quickgelu',
  gelu: 'gelu',
  gelu_pytorch_tanh: 'gelu_tanh',
  gelu_new: 'gelu_tanh',
};

/** @throws DermOrbitError OPTION_INVALID for an activation that is none of ours */
function activationOf(name: string | undefined): Activation | undefined {
  if (name === undefined) return undefined;
  const known = activationNames[name];
  if (!known) {
    throw new DermOrbitError(
      'OPTION_INVALID',
      `The configuration names the activation ${name}; known are ${Object.keys(activationNames).join(', ')}.`,
    );
  }
  return known;
}

/**
 * @throws DermOrbitError OPTION_INVALID for a configuration that contradicts its own format
 */
export function saidOfModel({ config, preprocessor }: ImportHints): SaidOfModel {
  const openClip = openClipSchema.safeParse(config);
  if (openClip.success) {
    const { model_cfg: model, preprocess_cfg: pictures } = openClip.data;
    const activation = model.quick_gelu === true ? 'quickgelu' : 'gelu';
    return {
      activation,
      headWidth: model.vision_cfg.head_width,
      epsilon: model.vision_cfg.timm_model_name === undefined ? undefined : 1e-6,
      textHeads: model.text_cfg?.heads,
      textActivation: activation,
      mean: pictures?.mean,
      std: pictures?.std,
      squeezes: pictures?.resize_mode === 'squash',
    };
  }
  const pictures = preprocessorSchema.safeParse(preprocessor);
  const shown = pictures.success
    ? { mean: pictures.data.image_mean, std: pictures.data.image_std }
    : { mean: undefined, std: undefined };
  const squeezes = pictures.success && pictures.data.do_center_crop !== true;
  const hf = hfSchema.safeParse(config);
  if (hf.success) {
    const { vision_config: vision, text_config: text } = hf.data;
    return {
      activation: activationOf(vision.hidden_act),
      heads: vision.num_attention_heads,
      epsilon: vision.layer_norm_eps,
      textHeads: text?.num_attention_heads,
      textActivation: activationOf(text?.hidden_act),
      textEpsilon: text?.layer_norm_eps,
      ...shown,
      squeezes,
    };
  }
  if (config !== null && config !== undefined) {
    throw new DermOrbitError(
      'OPTION_INVALID',
      'The configuration is neither of Hugging Face (model_type, vision_config) nor of open_clip (model_cfg).',
    );
  }
  return { ...shown, squeezes };
}
