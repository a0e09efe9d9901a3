// The phantoms that the product ships: eight fixed recipes with their seeds and names.
// May depend on recipes.ts and the feature files.
import { fieldStop, gelBubbles, glints, hairs, ruler, vignette } from './artefacts.ts';
import { follicles, miliaLikeCysts, scale, shinyWhiteLines, whiteArea } from './keratin.ts';
import { blotch, comedoOpenings, globules, network, streaks, veil } from './pigment.ts';
import { LIGHTS, type Recipe } from './recipes.ts';
import { arborisingVessels, lacunae, shortVessels } from './vessels.ts';

/** One phantom: `name` is its file's name without the suffix. */
export interface Phantom {
  readonly name: string;
  readonly seed: number;
  readonly description: string;
  readonly recipe: Recipe;
}

/** All phantoms, in the order of their names. */
export const phantoms: readonly Phantom[] = [
  {
    name: 'phantom-01-network',
    seed: 101,
    description: 'Round, even lesion with a regular pigment network that fades at its rim; skin type II.',
    recipe: {
      skin: { type: 'II', freckles: 0.5 },
      camera: { light: LIGHTS.neutral, grain: 1.3 },
      outline: {
        centre: { x: -8, y: 6 },
        radii: [128, 108],
        along: { x: 4, y: 1 },
        irregularity: 0.1,
        softness: 22,
      },
      features: [
        blotch({ strength: 0.5, unevenness: 0.45, domed: 0.6 }),
        network({ strength: 0.5, mesh: 10, line: 0.22, irregularity: 0.5 }),
        blotch({ strength: 0.4, unevenness: 0.5, patch: { x: 10, y: 0, radius: 60 } }),
        globules({ count: 26, radius: [1.5, 3.5], strength: 0.5, patch: { x: 5, y: 0, radius: 55 } }),
        hairs({ count: 4, length: [90, 240], radius: 1, strength: 1.2, bend: 0.02 }),
        vignette(0.3),
      ],
    },
  },
  {
    name: 'phantom-02-asymmetric',
    seed: 202,
    description:
      'Plainly asymmetric lesion: black blotch with streaks on one side, blue-white veil, pale brown lobe ' +
      'with an atypical network on the other; skin type I.',
    recipe: {
      skin: { type: 'I', freckles: 0.6, redness: 1.2 },
      camera: { light: LIGHTS.magenta, grain: 1.4 },
      outline: {
        centre: { x: -20, y: 18 },
        radii: [142, 78],
        along: { x: 5, y: -1 },
        irregularity: 0.28,
        softness: 7,
        lobes: [
          { x: 108, y: -72, radius: 66 },
          { x: -70, y: 40, radius: 48 },
        ],
      },
      features: [
        blotch({ strength: 0.5, unevenness: 0.7, domed: 0.2 }),
        network({
          strength: 0.8,
          mesh: 14,
          line: 0.3,
          irregularity: 1,
          patch: { x: 95, y: -60, radius: 85 },
        }),
        blotch({ strength: 2.3, unevenness: 0.5, domed: 0.1, patch: { x: -62, y: 14, radius: 96 } }),
        blotch({
          plane: 'dermalMelanin',
          strength: 0.7,
          unevenness: 0.7,
          patch: { x: -58, y: 10, radius: 88 },
        }),
        veil({ x: -2, y: -12, radius: 58 }, 0.9),
        streaks({ count: 150, length: [3, 22], strength: 1.7, bulbs: 0.4, side: { x: -0.8, y: 0.6 } }),
        globules({ count: 40, radius: [1.5, 5], strength: 1.2, patch: { x: 30, y: -20, radius: 70 } }),
        shinyWhiteLines(12, { x: -10, y: 0, radius: 50 }),
        hairs({ count: 3, length: [60, 160], radius: 0.9, strength: 1.4, bend: 0.03 }),
        glints(30),
        vignette(0.15),
      ],
    },
  },
  {
    name: 'phantom-03-globules',
    seed: 303,
    description:
      'Globular pattern: brown globules over a light brown ground, denser at the rim; skin type IV.',
    recipe: {
      skin: { type: 'IV', freckles: 0.3 },
      camera: { light: LIGHTS.warm, grain: 1.2 },
      outline: {
        centre: { x: 12, y: -4 },
        radii: [112, 92],
        along: { x: 1, y: 2 },
        irregularity: 0.14,
        softness: 12,
      },
      features: [
        blotch({ strength: 0.65, unevenness: 0.5, domed: 0.4 }),
        globules({ count: 210, radius: [2, 6], strength: 0.9, margin: 3 }),
        globules({ count: 70, radius: [1, 2.2], strength: 0.9 }),
        blotch({ strength: 0.5, unevenness: 0.4, patch: { x: 12, y: 8, radius: 42 } }),
        hairs({ count: 9, length: [120, 330], radius: 1.3, strength: 2.2, bend: 0.015 }),
        gelBubbles(2, [6, 12]),
        vignette(0.35),
      ],
    },
  },
  {
    name: 'phantom-04-arborising-vessels',
    seed: 404,
    description:
      'Pearly pink nodule with arborising vessels, blue-grey ovoid nests and shiny white lines; skin type I.',
    recipe: {
      skin: { type: 'I', redness: 1.5, freckles: 0.4 },
      camera: { light: LIGHTS.cold, grain: 1.3 },
      outline: {
        centre: { x: 4, y: 2 },
        radii: [118, 96],
        along: { x: 3, y: -2 },
        irregularity: 0.2,
        softness: 16,
      },
      features: [
        blotch({ plane: 'blood', strength: 0.22, unevenness: 0.5 }),
        whiteArea({ x: -10, y: -14, radius: 70 }, 0.16),
        globules({ count: 9, radius: [6, 15], strength: 0.75, plane: 'dermalMelanin', margin: 12 }),
        globules({ count: 40, radius: [1, 2.4], strength: 0.7, plane: 'dermalMelanin' }),
        arborisingVessels({ trunks: 8, length: 140, radius: 2.4, strength: 0.85 }),
        shinyWhiteLines(16),
        scale(0.12, 0.5, { x: 30, y: 25, radius: 45 }),
        glints(50),
        vignette(0.2),
        fieldStop(252),
      ],
    },
  },
  {
    name: 'phantom-05-scaling',
    seed: 505,
    description:
      'Flat pink patch with pale follicles, the strawberry pattern, and white scale; skin type III.',
    recipe: {
      skin: { type: 'III', redness: 1.7, freckles: 1 },
      camera: { light: LIGHTS.neutral, grain: 1.3 },
      outline: {
        centre: { x: -6, y: -8 },
        radii: [150, 112],
        along: { x: 2, y: 1 },
        irregularity: 0.34,
        softness: 20,
        lobes: [{ x: 90, y: 70, radius: 50 }],
      },
      features: [
        blotch({ plane: 'blood', strength: 0.42, unevenness: 0.6, grain: 45 }),
        follicles(80, [3.5, 7]),
        shortVessels({ count: 90, length: [4, 14], radius: 0.9, strength: 0.5, wander: 0.5 }),
        blotch({ strength: 0.22, unevenness: 0.9, grain: 40 }),
        scale(0.36, 0.75, { x: -15, y: 5, radius: 95 }),
        glints(80),
        vignette(0.25),
      ],
    },
  },
  {
    name: 'phantom-06-milia-like-cysts',
    seed: 606,
    description:
      'Sharply bounded brown plaque with milia-like cysts and comedo-like openings, beside a ruler; skin type V.',
    recipe: {
      skin: { type: 'V', freckles: 0.2 },
      camera: { light: LIGHTS.warm, grain: 1.2 },
      outline: {
        centre: { x: 6, y: -16 },
        radii: [138, 98],
        along: { x: 6, y: 1 },
        irregularity: 0.22,
        softness: 4,
      },
      features: [
        blotch({ strength: 0.55, unevenness: 1, domed: 0, grain: 34 }),
        blotch({ plane: 'dermalMelanin', strength: 0.3, unevenness: 1, domed: 0, grain: 50 }),
        network({ strength: 0.6, mesh: 30, line: 0.14, irregularity: 0.9 }),
        comedoOpenings(22, [2.5, 8]),
        miliaLikeCysts(34, [1.6, 4.5]),
        scale(0.24, 0.4),
        hairs({ count: 5, length: [60, 140], radius: 1.2, strength: 2.3, bend: 0.06 }),
        ruler(19),
        vignette(0.3),
      ],
    },
  },
  {
    name: 'phantom-07-lacunae',
    seed: 707,
    description:
      'Well-bounded vascular lesion of red, purple and thrombosed lacunae between pale septa; type II.',
    recipe: {
      skin: { type: 'II', redness: 1.1, freckles: 0.8 },
      camera: { light: LIGHTS.magenta, grain: 1.3 },
      outline: {
        centre: { x: -2, y: 4 },
        radii: [92, 80],
        along: { x: 1, y: 1 },
        irregularity: 0.16,
        softness: 5,
      },
      features: [
        blotch({ plane: 'blood', strength: 0.4, unevenness: 0.3, domed: 0 }),
        lacunae({ radius: [4, 17], strength: 1.1, dark: 0.35 }),
        whiteArea({ x: 0, y: 0, radius: 70 }, 0.1),
        gelBubbles(5, [5, 20]),
        glints(25),
        vignette(0.25),
      ],
    },
  },
  {
    name: 'phantom-08-white-centre',
    seed: 808,
    description:
      'Dark skin: delicate peripheral network around a scar-like white centre with shiny lines; skin type VI.',
    recipe: {
      skin: { type: 'VI', freckles: 0.2 },
      camera: { light: LIGHTS.neutral, grain: 1.1 },
      outline: {
        centre: { x: 0, y: 0 },
        radii: [104, 90],
        along: { x: 1, y: -3 },
        irregularity: 0.12,
        softness: 24,
      },
      features: [
        blotch({ strength: 0.55, unevenness: 0.4, domed: 0 }),
        network({ strength: 0.9, mesh: 11, line: 0.24, irregularity: 0.3 }),
        blotch({ plane: 'blood', strength: 0.3, unevenness: 0.4 }),
        whiteArea({ x: 0, y: 0, radius: 52 }, 0.3),
        shinyWhiteLines(18, { x: 0, y: 0, radius: 46 }),
        hairs({ count: 12, length: [40, 120], radius: 1.3, strength: 2.4, bend: 0.12 }),
        gelBubbles(3, [4, 10]),
        vignette(0.4),
        fieldStop(270),
      ],
    },
  },
];
