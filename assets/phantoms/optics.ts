// From pigments to colour: planes of absorbing and scattering matter, seen through one layer of skin.
// Light that passes matter of density d keeps the share e^-d per channel (Beer-Lambert), so brown, blue-grey
// and red mix as they do in skin instead of as paint does. May depend on random.ts.
import type { Random } from './random.ts';

/**
 * What a layer adds to. Epidermal melanin looks brown, dermal melanin blue-grey (longer wavelengths reach it),
 * blood red; hair and shade are dark; keratin is white matter on top; gloss is reflected light.
 */
export type Plane = 'melanin' | 'dermalMelanin' | 'blood' | 'keratin' | 'hair' | 'gloss' | 'shade';

/** Names of all planes. */
export const PLANES: readonly Plane[] = [
  'melanin',
  'dermalMelanin',
  'blood',
  'keratin',
  'hair',
  'gloss',
  'shade',
];

/** Red, green and blue. */
export type Colour = readonly [number, number, number];

/** Density per unit of matter, by channel. */
const ABSORPTION = {
  melanin: [0.62, 1.05, 1.5],
  dermalMelanin: [1.7, 1.2, 0.72],
  blood: [0.22, 1.25, 0.95],
  hair: [1.55, 1.9, 2.1],
} as const satisfies Partial<Record<Plane, Colour>>;

/** Linear reflectance of bloodless, unpigmented skin and of keratin. */
const DERMIS: Colour = [0.9, 0.72, 0.66];
const KERATIN: Colour = [0.86, 0.8, 0.7];

/** The camera: colour of the light (1 is neutral), and the amplitude of the sensor noise in grey levels. */
export interface Camera {
  readonly light: Colour;
  readonly grain: number;
}

/**
 * e^-density to within 2% for densities below 3, by a rational function: Math.exp may be rounded differently
 * on another machine, and these operations may not.
 */
function transmittance(density: number): number {
  const d = density > 0 ? density : 0;
  return 1 / (1 + d * (1 + d * (0.5 + d * (1 / 6 + d * (1 / 24)))));
}

/**
 * Turns matter into pixels.
 * @param planes one value per pixel for each plane, row by row.
 * @returns RGB, 3 bytes per pixel.
 */
export function expose(planes: Record<Plane, Float32Array>, camera: Camera, random: Random): Uint8Array {
  const { melanin, dermalMelanin, blood, keratin, hair, gloss, shade } = planes;
  const count = melanin.length;
  const data = new Uint8Array(3 * count);
  let previous = 0;
  for (let pixel = 0; pixel < count; pixel++) {
    const white = Math.min(1, Math.max(0, keratin[pixel]!));
    const dark = transmittance(shade[pixel]!);
    const shine = gloss[pixel]!;
    // Neighbouring pixels share a part of their noise, as demosaiced ones do.
    const fresh = random.next() + random.next() - 1;
    const grain = camera.grain * (fresh + 0.6 * previous);
    previous = fresh;
    for (let channel = 0; channel < 3; channel++) {
      const depth =
        ABSORPTION.melanin[channel]! * melanin[pixel]! +
        ABSORPTION.dermalMelanin[channel]! * dermalMelanin[pixel]! +
        ABSORPTION.blood[channel]! * blood[pixel]!;
      const skin = DERMIS[channel]! * transmittance(depth);
      const scaly = skin + white * (KERATIN[channel]! - skin);
      const covered = scaly * transmittance(ABSORPTION.hair[channel]! * hair[pixel]!);
      const light = (covered * camera.light[channel]! + shine) * dark;
      // Gamma 2 (a square root) stands for the display curve: exact everywhere, and close enough to sRGB.
      const level = 255 * Math.sqrt(light) + grain;
      data[3 * pixel + channel] = level <= 0 ? 0 : level >= 255 ? 255 : Math.round(level);
    }
  }
  return data;
}
