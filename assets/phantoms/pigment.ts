// Melanin: blotches, pigment network, dots and globules, streaks, blue-white veil, comedo-like openings.
// Terms follow Kittler et al., "Standardization of terminology in dermoscopy/dermatoscopy" (JAAD 2016).
// May depend on noise.ts, shapes.ts, scene.ts, random.ts.
import { cells, fractalNoise, type CellHit } from './noise.ts';
import type { Vector } from './random.ts';
import { patchField, pointInside, type Feature, type Patch } from './scene.ts';
import { disc, everywhere, smoothstep, stroke, turned, walk, type Shape } from './shapes.ts';

/** Brown (or, with `plane`, blue-grey) ground of a lesion or of a part of it. */
export interface BlotchOptions {
  readonly strength: number;
  /** 0 is even; 1 leaves holes. */
  readonly unevenness: number;
  /** Width of the largest clouds, scene units. */
  readonly grain?: number;
  /** Melanin gathers towards the middle (1) or not (0). */
  readonly domed?: number;
  readonly plane?: 'melanin' | 'dermalMelanin' | 'blood';
  readonly patch?: Patch;
}

/** A homogeneous or clouded area. */
export function blotch(options: BlotchOptions): Feature {
  const { strength, unevenness, grain = 60, domed = 0.3, plane = 'melanin', patch } = options;
  return (scene, random) => {
    const cloud = fractalNoise(random, grain, 4);
    const clumps = fractalNoise(random, 10, 2);
    const region = patchField(scene, random, patch);
    const { depth, size } = scene.lesion;
    const shape = everywhere((x, y) => {
      const part = region(x, y);
      if (part === 0) return 0;
      const dome = 1 - domed + domed * Math.min(1, Math.max(0, depth(x, y) / (0.7 * size)));
      return part * dome * Math.max(0, 1 + unevenness * (1.5 * cloud(x, y) + 0.7 * clumps(x, y)));
    });
    return [{ plane, strength, within: 'lesion', shapes: [shape] }];
  };
}

/** Lines around holes. */
export interface NetworkOptions {
  readonly strength: number;
  /** Width of one hole, scene units. */
  readonly mesh: number;
  /** Share of a hole that its line takes, 0.1 (fine) to 0.4 (broad). */
  readonly line: number;
  /** 0: the lines fade evenly towards the rim; 1: atypical, thick and thin by turns. */
  readonly irregularity: number;
  /** Light lines instead of dark ones: a negative (white) network. */
  readonly negative?: boolean;
  readonly patch?: Patch;
}

/** Pigment network: melanin along the rete ridges, seen as a honeycomb. */
export function network(options: NetworkOptions): Feature {
  const { strength, mesh, line, irregularity, negative = false, patch } = options;
  return (scene, random) => {
    const comb = cells(random, mesh, 0.8);
    const bend = fractalNoise(random, 3.2 * mesh, 2);
    const vary = fractalNoise(random, 60, 3);
    const region = patchField(scene, random, patch);
    const hit: CellHit = { wall: 0, centre: 0, tag: 0 };
    const { depth, size } = scene.lesion;
    const fadeWidth = 0.3 * size;
    const shape = everywhere((x, y) => {
      const part = region(x, y);
      if (part === 0) return 0;
      const sway = bend(x, y);
      comb(x + 0.9 * mesh * sway, y - 0.9 * mesh * sway, hit);
      const amount = Math.max(0, 1 + 1.8 * irregularity * vary(x, y) + 0.3 * sway);
      const half = line * (0.6 + 0.4 * amount);
      // Lines end before the rim: they fade over the outer part of the lesion.
      const fade = smoothstep(0, fadeWidth, depth(x, y));
      return part * fade * amount * (1 - smoothstep(0, 1.6 * half, hit.wall));
    });
    return [{ plane: negative ? 'keratin' : 'melanin', strength, within: 'lesion', shapes: [shape] }];
  };
}

/** Round clods. */
export interface GlobuleOptions {
  readonly count: number;
  /** Smallest and largest radius, scene units: below 2 the field calls them dots. */
  readonly radius: readonly [number, number];
  readonly strength: number;
  readonly plane?: 'melanin' | 'dermalMelanin' | 'blood';
  /** Least distance to the rim; negative scatters them outside it too. */
  readonly margin?: number;
  readonly patch?: Patch;
}

/** Dots and globules; in the dermal plane, blue-grey ovoid nests or peppering; in the blood plane, dotted vessels. */
export function globules(options: GlobuleOptions): Feature {
  const { count, radius, strength, plane = 'melanin', margin = 4, patch } = options;
  return (scene, random) => {
    const region = patchField(scene, random, patch);
    // Three depths of colour: clods of one lesion are alike, not equal.
    const tones: Shape[][] = [[], [], []];
    for (let index = 0; index < count; index++) {
      const at = pointInside(scene, random, margin, region);
      if (at === null) break;
      const share = random.next();
      const size = radius[0] + (radius[1] - radius[0]) * share * share;
      const softness = 0.9 + 0.22 * size;
      tones[index % 3]!.push(disc(at, size, softness, random.direction(), random.between(0.7, 1)));
    }
    return tones.map((shapes, tone) => ({
      plane,
      strength: strength * (0.55 + 0.25 * tone),
      within: margin < 0 ? 'anywhere' : 'lesion',
      shapes,
    }));
  };
}

/** Radial lines at the rim. */
export interface StreakOptions {
  readonly count: number;
  readonly length: readonly [number, number];
  readonly strength: number;
  /** Share of the streaks that end in a bulb (pseudopods). */
  readonly bulbs: number;
  /** Restricts them to one side: a unit vector from the centre; absent means all around. */
  readonly side?: Vector;
}

/** Streaks and pseudopods: lines that leave the lesion along its radius. */
export function streaks(options: StreakOptions): Feature {
  const { count, length, strength, bulbs, side } = options;
  return (scene, random) => {
    const { centre, depth, size } = scene.lesion;
    const shapes: Shape[] = [];
    for (let index = 0; index < count; index++) {
      const heading = random.direction();
      if (side !== undefined && heading.x * side.x + heading.y * side.y < random.between(0.2, 0.9)) continue;
      let reach = 2.2 * size;
      while (reach > 0 && depth(centre.x + reach * heading.x, centre.y + reach * heading.y) < 2) reach -= 2;
      const out = turned(heading, random.between(-0.25, 0.25));
      const start = reach - random.between(4, 30);
      const long = random.between(length[0], length[1]) + reach - start;
      const from = { x: centre.x + start * heading.x, y: centre.y + start * heading.y };
      const width = random.between(0.9, 2.4);
      const points = walk(random, {
        from,
        heading: out,
        length: long,
        step: 4,
        wander: 0.12,
        radius: [2.2 * width, 0.4 * width],
      });
      shapes.push(...stroke(points, 2.6));
      const tip = points[points.length - 1]!;
      if (random.next() < bulbs) shapes.push(disc(tip, random.between(1.1, 1.7) * width, 1.8));
    }
    return [{ plane: 'melanin', strength, within: 'anywhere', shapes }];
  };
}

/** Blue-white veil: blotch of dermal melanin under a ground-glass film of keratin. */
export function veil(patch: Patch, strength: number): Feature {
  return (scene, random) => {
    const region = patchField(scene, random, patch);
    const cloud = fractalNoise(random, 38, 4);
    const haze = fractalNoise(random, 26, 3);
    const pigment = everywhere((x, y) => {
      const part = region(x, y);
      return part === 0 ? 0 : part * (1 + 0.7 * cloud(x, y));
    });
    const film = everywhere((x, y) => {
      const part = region(x, y);
      return part === 0 ? 0 : part * Math.max(0, 0.6 + 0.9 * haze(x, y));
    });
    return [
      { plane: 'dermalMelanin', strength, within: 'lesion', shapes: [pigment] },
      { plane: 'keratin', strength: 0.14, within: 'lesion', shapes: [film] },
    ];
  };
}

/** Comedo-like openings: dark plugs with a pale rim, as in seborrhoeic keratosis. */
export function comedoOpenings(count: number, radius: readonly [number, number]): Feature {
  return (scene, random) => {
    const plugs: Shape[] = [];
    const rims: Shape[] = [];
    for (let index = 0; index < count; index++) {
      const at = pointInside(scene, random, 8, () => 1);
      if (at === null) break;
      const size = random.between(radius[0], radius[1]);
      const along = random.direction();
      const flatness = random.between(0.55, 1);
      plugs.push(disc(at, size, 1.6, along, flatness));
      rims.push(disc(at, 1.7 * size, 2.4, along, flatness));
    }
    return [
      { plane: 'melanin', strength: 0.25, within: 'lesion', shapes: rims },
      { plane: 'melanin', strength: 2.2, within: 'lesion', shapes: plugs },
    ];
  };
}
