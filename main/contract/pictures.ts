// How pixels become the numbers of a model's input: the presets that people know by name.
import { z } from 'zod';

export const presetSchema = z.enum(['imagenet', 'clip', 'siglip', 'half', 'unit', 'none']);
export type Preset = z.infer<typeof presetSchema>;

/** Pixels / 255, minus mean, divided by std. */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

const same = (value: number) => [value, value, value] as const;

export const presets: Readonly<Record<Preset, Normalisation>> = {
  /** torchvision, timm, Keras in its "torch" mode. */
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  clip: {
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  },
  siglip: { mean: same(0.5), std: same(0.5) },
  /** -1 to 1. */
  half: { mean: same(0.5), std: same(0.5) },
  /** 0 to 1. */
  unit: { mean: same(0), std: same(1) },
  /** 0 to 255. */
  none: { mean: same(0), std: same(1 / 255) },
};
