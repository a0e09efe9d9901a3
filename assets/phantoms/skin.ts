// The healthy skin around a lesion: tone, mottling, furrows, fine vessels.
// May depend on noise.ts, shapes.ts, scene.ts.
import { fractalNoise, gradientNoise } from './noise.ts';
import type { Feature } from './scene.ts';
import { everywhere, smoothstep } from './shapes.ts';

/** Fitzpatrick skin types. */
export type SkinType = 'I' | 'II' | 'III' | 'IV' | 'V' | 'VI';

/** Melanin and blood of each skin type, in densities of optics.ts, and how uneven its pigment is. */
const SKIN: Record<SkinType, { melanin: number; blood: number; mottle: number }> = {
  I: { melanin: 0.03, blood: 0.16, mottle: 0.06 },
  II: { melanin: 0.1, blood: 0.15, mottle: 0.08 },
  III: { melanin: 0.24, blood: 0.15, mottle: 0.1 },
  IV: { melanin: 0.5, blood: 0.14, mottle: 0.14 },
  V: { melanin: 1.05, blood: 0.12, mottle: 0.2 },
  VI: { melanin: 2.1, blood: 0.1, mottle: 0.28 },
};

/** How a recipe varies its skin; every amount is 1 by default. */
export interface SkinOptions {
  readonly type: SkinType;
  /** Redness: vessels in the upper dermis, irritation. */
  readonly redness?: number;
  /** Freckling and sun damage: spots of pigment away from the lesion. */
  readonly freckles?: number;
  /** Depth of the skin's own lines. */
  readonly furrows?: number;
}

/** The skin itself; the first feature of every phantom. */
export function skin(options: SkinOptions): Feature {
  const { type, redness = 1, freckles = 1, furrows = 1 } = options;
  const tone = SKIN[type];
  return (_scene, random) => {
    const cloud = fractalNoise(random, 120, 5);
    const fine = fractalNoise(random, 11, 2);
    const blush = fractalNoise(random, 130, 4);
    const crease = gradientNoise(random);
    const vein = gradientNoise(random);
    const grain = random.direction();
    const melanin = everywhere((x, y) => {
      const unevenness = cloud(x, y);
      const mottle = fine(x, y);
      // Two families of creases, each stretched along its own direction, cross into rhombs.
      const u = (x * grain.x + y * grain.y) / 9 + unevenness;
      const v = (y * grain.x - x * grain.y) / 9 - unevenness;
      const first = Math.abs(crease(0.25 * u + 0.2 * v, v - 0.35 * u));
      const second = Math.abs(crease(u - 0.35 * v + 31, 0.25 * v + 0.2 * u));
      const line = 2 - smoothstep(0, 0.22, first) - smoothstep(0, 0.22, second);
      const freckle = smoothstep(0.3, 0.62, unevenness + 0.3 * mottle);
      return (
        tone.melanin * (1 - 0.07 * furrows * line + 0.1 * mottle) +
        tone.mottle * (unevenness + 0.6 * mottle + 2 * freckles * freckle)
      );
    });
    const blood = everywhere((x, y) => {
      const sway = blush(x, y);
      const ridge = 1 - Math.abs(vein(x / 21 + 1.3 * sway, y / 21 - 1.3 * sway));
      const vessel = smoothstep(0.8, 1, ridge) * smoothstep(-0.1, 0.6, sway);
      return redness * tone.blood * (1 + 0.75 * sway + 0.55 * redness * vessel);
    });
    return [
      { plane: 'melanin', strength: 1, within: 'anywhere', shapes: [melanin] },
      { plane: 'blood', strength: 1, within: 'anywhere', shapes: [blood] },
    ];
  };
}
