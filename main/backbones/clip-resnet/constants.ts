// Constants of CLIP that are not in its weights (Radford et al. 2021; the values of OpenAI's preprocessing).

/** Mean of each channel (RGB, pixels / 255) that CLIP subtracts. */
export const CLIP_MEAN: readonly [number, number, number] = [0.48145466, 0.4578275, 0.40821073];

/** Standard deviation of each channel (RGB, pixels / 255) that CLIP divides by. */
export const CLIP_STD: readonly [number, number, number] = [0.26862954, 0.26130258, 0.27577711];
