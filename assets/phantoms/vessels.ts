// Blood: arborising and linear vessels, hairpin and dotted ones by their size, and lacunae.
// May depend on noise.ts, shapes.ts, scene.ts, random.ts.
import { fractalNoise, type Field } from './noise.ts';
import type { Random, Vector } from './random.ts';
import { patchField, pointInside, type Feature, type Patch } from './scene.ts';
import { disc, stroke, turned, walk, type Shape } from './shapes.ts';

/** Branching trunks. */
export interface ArborisingOptions {
  readonly trunks: number;
  readonly length: number;
  /** Half the width of a trunk at its root, scene units. */
  readonly radius: number;
  readonly strength: number;
}

/** Arborising vessels: bright red trunks that enter from the rim and branch into ever finer twigs. */
export function arborisingVessels(options: ArborisingOptions): Feature {
  const { trunks, length, radius, strength } = options;
  return (scene, random) => {
    const { centre, size } = scene.lesion;
    const shapes: Shape[] = [];
    for (let trunk = 0; trunk < trunks; trunk++) {
      const out = random.direction();
      const away = random.between(0.7, 1.1) * size;
      const from = { x: centre.x + away * out.x, y: centre.y + away * out.y };
      const inwards = turned({ x: -out.x, y: -out.y }, random.between(-0.7, 0.7));
      shapes.push(...branch(random, from, inwards, length * random.between(0.7, 1.2), radius));
    }
    return [{ plane: 'blood', strength, within: 'anywhere', shapes }];
  };
}

function branch(random: Random, from: Vector, heading: Vector, length: number, radius: number): Shape[] {
  const points = walk(random, {
    from,
    heading,
    length,
    step: 3,
    wander: 0.22,
    radius: [radius, 0.45 * radius],
  });
  const shapes = stroke(points, 1.1);
  if (radius < 0.4) return shapes;
  for (let index = 5; index < points.length; index++) {
    if (random.next() > 0.12) continue;
    const here = points[index]!;
    const before = points[index - 1]!;
    const slope = random.between(0.45, 1.1) * (random.next() < 0.5 ? -1 : 1);
    const away = turned({ x: (here.x - before.x) / 3, y: (here.y - before.y) / 3 }, slope);
    shapes.push(...branch(random, here, away, length * random.between(0.3, 0.6), 0.6 * here.radius));
  }
  return shapes;
}

/** Short vessels strewn over the lesion. */
export interface ShortVesselOptions {
  readonly count: number;
  readonly length: readonly [number, number];
  readonly radius: number;
  readonly strength: number;
  /** 0 is straight; 0.35 serpentine; with `bend` near 0.5 a hairpin or a coil (glomerular). */
  readonly wander: number;
  readonly bend?: number;
  readonly patch?: Patch;
}

/** Linear irregular, serpentine, hairpin or glomerular vessels, by their length and bend. */
export function shortVessels(options: ShortVesselOptions): Feature {
  const { count, length, radius, strength, wander, bend = 0, patch } = options;
  return (scene, random) => {
    const region = patchField(scene, random, patch);
    const shapes: Shape[] = [];
    for (let index = 0; index < count; index++) {
      const from = pointInside(scene, random, 3, region);
      if (from === null) break;
      const points = walk(random, {
        from,
        heading: random.direction(),
        length: random.between(length[0], length[1]),
        step: 2,
        wander,
        bend: bend * (random.next() < 0.5 ? -1 : 1),
        radius: [radius * random.between(0.6, 1.2), 0.5 * radius],
      });
      shapes.push(...stroke(points, 1.1));
    }
    return [{ plane: 'blood', strength, within: 'lesion', shapes }];
  };
}

/** Red and purple rooms. */
export interface LacunaOptions {
  /** Radius of the smallest and the largest, scene units. */
  readonly radius: readonly [number, number];
  readonly strength: number;
  /** Share of the lacunae that are dark: thrombosed. */
  readonly dark: number;
}

/** Lacunae: round, sharply bounded pools of blood with septa between, some of them thrombosed to blue-black. */
export function lacunae(options: LacunaOptions): Feature {
  const { radius, strength, dark } = options;
  return (scene, random) => {
    const pools: (Vector & { size: number })[] = [];
    for (let attempt = 0; attempt < 900; attempt++) {
      // Large ones first, then smaller ones into the gaps.
      const size = radius[1] - ((radius[1] - radius[0]) * attempt) / 900;
      const at = pointInside(scene, random, 0.6 * size, () => 1);
      if (at === null) continue;
      const free = pools.every((pool) => {
        const dx = pool.x - at.x;
        const dy = pool.y - at.y;
        return Math.sqrt(dx * dx + dy * dy) > 0.88 * (pool.size + size);
      });
      if (free) pools.push({ ...at, size });
    }
    const inside = fractalNoise(random, 1.2 * radius[1], 3);
    const bend = fractalNoise(random, 1.1 * radius[1], 3);
    const blood: Shape[] = [];
    const clots: Shape[] = [];
    for (const pool of pools) {
      const round = disc(pool, pool.size, 0.28 * pool.size + 1, random.direction(), random.between(0.75, 1));
      const fullness = random.between(0.5, 1);
      const at: Field = (x, y) => {
        const sway = 0.5 * pool.size * bend(x, y);
        return round.at(x + sway, y - sway) * fullness * (0.9 + 0.5 * inside(x, y));
      };
      blood.push({ box: round.box, at });
      if (random.next() < dark) clots.push({ box: round.box, at });
    }
    return [
      { plane: 'blood', strength, within: 'lesion', shapes: blood },
      { plane: 'dermalMelanin', strength: 0.16, within: 'lesion', shapes: blood },
      { plane: 'dermalMelanin', strength: 1.2, within: 'lesion', shapes: clots },
    ];
  };
}
