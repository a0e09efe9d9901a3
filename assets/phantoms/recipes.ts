// A recipe says what is in a phantom; randomRecipe makes one up. May depend on the feature files.
import type { Camera, Colour } from './optics.ts';
import { fieldStop, gelBubbles, glints, hairs, ruler, vignette } from './artefacts.ts';
import { follicles, miliaLikeCysts, scale, shinyWhiteLines, whiteArea } from './keratin.ts';
import { blotch, comedoOpenings, globules, network, streaks, veil } from './pigment.ts';
import type { Random } from './random.ts';
import type { Feature, Outline } from './scene.ts';
import type { SkinOptions, SkinType } from './skin.ts';
import { arborisingVessels, lacunae, shortVessels } from './vessels.ts';

/** Everything but the seed. */
export interface Recipe {
  readonly skin: SkinOptions;
  readonly outline: Outline;
  readonly camera: Camera;
  /** Drawn in this order; the skin comes before them. */
  readonly features: readonly Feature[];
}

/** White balance of dermatoscopes: neutral, warm, cold, magenta. */
export const LIGHTS = {
  neutral: [1, 1, 1],
  warm: [1.04, 0.97, 0.9],
  cold: [0.92, 0.97, 1.08],
  magenta: [1.02, 0.92, 1.08],
} as const satisfies Record<string, Colour>;

const LIGHT_NAMES = [
  'neutral',
  'warm',
  'cold',
  'magenta',
] as const satisfies readonly (keyof typeof LIGHTS)[];

const SKIN_TYPES = ['I', 'II', 'III', 'IV', 'V', 'VI'] as const satisfies readonly SkinType[];

/** Lesion patterns for random phantoms: each returns the features of one kind of lesion. */
const PATTERNS: readonly [(random: Random) => Feature[], ...((random: Random) => Feature[])[]] = [
  (random) => [
    blotch({ strength: random.between(0.3, 0.8), unevenness: 0.4 }),
    network({
      strength: random.between(0.4, 0.9),
      mesh: random.between(9, 16),
      line: random.between(0.15, 0.3),
      irregularity: random.between(0.1, 1),
    }),
  ],
  (random) => [
    blotch({ strength: random.between(0.4, 1), unevenness: random.between(0.3, 0.9) }),
    globules({ count: 40 + random.integer(120), radius: [1.5, random.between(4, 9)], strength: 0.9 }),
  ],
  (random) => [
    blotch({ strength: random.between(0.8, 2), unevenness: 0.7 }),
    streaks({ count: 30 + random.integer(50), length: [6, 26], strength: 1.3, bulbs: random.next() }),
    veil({ x: random.between(-40, 40), y: random.between(-40, 40), radius: 50 }, random.between(0.4, 1)),
  ],
  (random) => [
    blotch({ plane: 'blood', strength: random.between(0.1, 0.3), unevenness: 0.5 }),
    arborisingVessels({ trunks: 4 + random.integer(5), length: 130, radius: 2.2, strength: 0.9 }),
    globules({ count: random.integer(12), radius: [4, 14], strength: 0.8, plane: 'dermalMelanin' }),
  ],
  (random) => [
    blotch({ plane: 'blood', strength: random.between(0.2, 0.5), unevenness: 0.5 }),
    follicles(30 + random.integer(60), [3, 7]),
    scale(random.between(0.2, 0.5), 0.6),
  ],
  (random) => [
    blotch({ strength: random.between(0.4, 0.9), unevenness: 0.6, domed: 0 }),
    comedoOpenings(5 + random.integer(20), [2, 7]),
    miliaLikeCysts(8 + random.integer(25), [1.5, 4]),
  ],
  (random) => [
    blotch({ strength: random.between(0.2, 0.5), unevenness: 0.3 }),
    network({ strength: 0.4, mesh: 11, line: 0.2, irregularity: 0.3 }),
    whiteArea({ x: 0, y: 0, radius: random.between(30, 60) }, 0.4),
    shinyWhiteLines(random.integer(20)),
  ],
  (random) => [
    lacunae({
      radius: [4, random.between(10, 20)],
      strength: random.between(0.8, 1.4),
      dark: random.between(0.1, 0.5),
    }),
    shortVessels({ count: random.integer(20), length: [6, 20], radius: 0.9, strength: 0.6, wander: 0.3 }),
  ],
];

/** A recipe of random skin, outline, pattern and artefacts. */
export function randomRecipe(random: Random): Recipe {
  const length = random.between(60, 150);
  const lobes = Array.from({ length: random.integer(3) }, () => {
    const away = random.direction();
    return { x: 0.8 * length * away.x, y: 0.8 * length * away.y, radius: length * random.between(0.3, 0.6) };
  });
  const features = random.pick(PATTERNS)(random);
  if (random.next() < 0.5) {
    features.push(
      hairs({ count: 1 + random.integer(16), length: [80, 400], radius: 1, strength: 1.6, bend: 0.02 }),
    );
  }
  if (random.next() < 0.3) features.push(gelBubbles(1 + random.integer(6), [4, 22]));
  if (random.next() < 0.2) features.push(ruler(random.between(14, 24)));
  if (random.next() < 0.5) features.push(glints(random.integer(60)));
  features.push(vignette(random.between(0.05, 0.5)));
  if (random.next() < 0.25) features.push(fieldStop(random.between(220, 280)));
  return {
    skin: { type: random.pick(SKIN_TYPES), redness: random.between(0.6, 2), freckles: random.next() },
    outline: {
      centre: { x: random.between(-45, 45), y: random.between(-30, 30) },
      radii: [length, length * random.between(0.55, 1)],
      along: random.direction(),
      irregularity: random.between(0.05, 0.4),
      softness: random.between(5, 18),
      lobes,
    },
    camera: { light: LIGHTS[random.pick(LIGHT_NAMES)], grain: 1.2 },
    features,
  };
}
