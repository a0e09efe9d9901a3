// What a feature is: a function that, given a scene, returns layers. The lesion's outline lives here too.
// May depend on random.ts, noise.ts, shapes.ts, optics.ts.
import { fractalNoise, gradientNoise, type Field } from './noise.ts';
import type { Plane } from './optics.ts';
import type { Random, Vector } from './random.ts';
import { smoothstep, unit, type Shape } from './shapes.ts';

/**
 * Matter in one plane: the union (maximum) of its shapes, times `strength`, added to the plane.
 * With `within: 'lesion'` it fades out with the lesion.
 */
export interface Layer {
  readonly plane: Plane;
  readonly strength: number;
  readonly within: 'lesion' | 'anywhere';
  readonly shapes: readonly Shape[];
}

/** The frame: the origin is its centre, its short side is 450 units, whatever the resolution. */
export interface Scene {
  readonly halfWidth: number;
  readonly halfHeight: number;
  readonly lesion: Lesion;
}

/** A dermoscopic structure or an artefact, drawn from its own random source. */
export type Feature = (scene: Scene, random: Random) => Layer[];

/** The lesion's outline, as numbers; lengths in scene units. */
export interface Outline {
  readonly centre: Vector;
  /** Half the length and half the width. */
  readonly radii: readonly [number, number];
  /** Direction of the length; any vector but zero. */
  readonly along: Vector;
  /** 0 is an ellipse; 0.4 is ragged. */
  readonly irregularity: number;
  /** Half the width over which the lesion fades into skin. */
  readonly softness: number;
  /** Further bulges: centre relative to the lesion's, and radius. */
  readonly lobes?: readonly (Vector & { readonly radius: number })[];
}

/** The lesion's outline, as functions. */
export interface Lesion {
  readonly centre: Vector;
  /** Mean radius, scene units. */
  readonly size: number;
  /** Signed distance to the outline (approximate), positive inside, scene units. */
  readonly depth: Field;
  /** 1 inside, 0 outside, fading over the outline's softness. */
  readonly mask: Field;
}

/** Draws the outline: a bent ellipse and its lobes, with a ragged edge. */
export function lesionOf(outline: Outline, random: Random): Lesion {
  const { centre, radii, irregularity, softness, lobes = [] } = outline;
  const { x: cosine, y: sine } = unit(outline.along);
  const size = Math.sqrt(radii[0] * radii[1]);
  const bulge = gradientNoise(random);
  const ragged = fractalNoise(random, size / 2, 4);
  const ragging = (0.08 + 0.3 * irregularity) * size;
  const depth: Field = (x, y) => {
    const dx = x - centre.x;
    const dy = y - centre.y;
    const u = (dx * cosine + dy * sine) / radii[0];
    const v = (dy * cosine - dx * sine) / radii[1];
    const r = Math.sqrt(u * u + v * v) + 1e-9;
    // Noise sampled on the unit circle is a closed curve: no angle, hence no trigonometry, is needed.
    const reach = 1 + irregularity * bulge(1.1 * (u / r) + 7.3, 1.1 * (v / r) + 2.9);
    let best = (reach - r) * Math.min(radii[0], radii[1]);
    for (const lobe of lobes) {
      const lx = dx - lobe.x;
      const ly = dy - lobe.y;
      best = smoothMaximum(best, lobe.radius - Math.sqrt(lx * lx + ly * ly), 0.25 * size);
    }
    // Far from the edge the raggedness cannot matter: skip the noise.
    return Math.abs(best) > softness + 3 * ragging ? best : best + ragging * ragged(x, y);
  };
  return { centre, size, depth, mask: (x, y) => smoothstep(-softness, softness, depth(x, y)) };
}

/** The larger of two distances, with a fillet of the given width where they meet. */
function smoothMaximum(a: number, b: number, width: number): number {
  const overlap = Math.max(0, width - Math.abs(a - b)) / width;
  return Math.max(a, b) + 0.25 * width * overlap * overlap;
}

/** A soft round region, relative to the lesion's centre; restricts a feature to a part of the lesion. */
export interface Patch extends Vector {
  readonly radius: number;
}

/** The region as a field in [0, 1] with an uneven edge. Without a patch: 1 everywhere. */
export function patchField(scene: Scene, random: Random, patch: Patch | undefined): Field {
  if (patch === undefined) return () => 1;
  const x0 = scene.lesion.centre.x + patch.x;
  const y0 = scene.lesion.centre.y + patch.y;
  const uneven = fractalNoise(random, 0.7 * patch.radius, 4);
  return (x, y) => {
    const dx = x - x0;
    const dy = y - y0;
    const distance = Math.sqrt(dx * dx + dy * dy) / patch.radius;
    if (distance > 1.8) return 0;
    return 1 - smoothstep(0.35, 1.2, distance + 0.7 * uneven(x, y));
  };
}

/**
 * A random point that lies at least `margin` units inside the lesion and in the patch, or null after many
 * misses (a lesion narrower than the margin).
 */
export function pointInside(scene: Scene, random: Random, margin: number, region: Field): Vector | null {
  const { lesion } = scene;
  for (let attempt = 0; attempt < 60; attempt++) {
    const x = lesion.centre.x + random.between(-2, 2) * lesion.size;
    const y = lesion.centre.y + random.between(-2, 2) * lesion.size;
    if (lesion.depth(x, y) > margin && region(x, y) > 0.5) return { x, y };
  }
  return null;
}
