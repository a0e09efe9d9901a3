// Keratin on and in the skin: milia-like cysts, scale, white areas, follicles, shiny white lines.
// May depend on noise.ts, shapes.ts, scene.ts.
import { fractalNoise, gradientNoise } from './noise.ts';
import { patchField, pointInside, type Feature, type Patch } from './scene.ts';
import { disc, everywhere, smoothstep, stroke, walk, type Shape } from './shapes.ts';

/** Milia-like cysts: small, bright, soft-edged pearls of keratin. */
export function miliaLikeCysts(count: number, radius: readonly [number, number]): Feature {
  return (scene, random) => {
    const shapes: Shape[] = [];
    for (let index = 0; index < count; index++) {
      const at = pointInside(scene, random, 8, () => 1);
      if (at === null) break;
      const size = random.between(radius[0], radius[1]);
      shapes.push(disc(at, size, 0.95 * size, random.direction(), random.between(0.7, 1)));
    }
    return [{ plane: 'keratin', strength: 0.5, within: 'lesion', shapes }];
  };
}

/** Scale: flakes of white keratin with torn edges. `cover` is the share of the area, 0 to 1. */
export function scale(cover: number, strength: number, patch?: Patch): Feature {
  return (scene, random) => {
    const flake = fractalNoise(random, 26, 5);
    const lift = gradientNoise(random);
    const region = patchField(scene, random, patch);
    const edge = 0.55 - cover;
    const shape = everywhere((x, y) => {
      const part = region(x, y);
      if (part === 0) return 0;
      const height = flake(x, y);
      const body = smoothstep(edge, edge + 0.12, height);
      // A flake is brightest along its lifted edge.
      const rim = body * (1 - smoothstep(edge + 0.1, edge + 0.3, height));
      return part * (0.5 * body + 0.4 * rim) * (0.8 + 0.4 * lift(x / 5, y / 5));
    });
    return [{ plane: 'keratin', strength, within: 'lesion', shapes: [shape] }];
  };
}

/** A white, structureless (scar-like) area, or regression. */
export function whiteArea(patch: Patch, strength: number): Feature {
  return (scene, random) => {
    const region = patchField(scene, random, patch);
    const cloud = fractalNoise(random, 30, 4);
    const shape = everywhere((x, y) => {
      const part = region(x, y);
      return part === 0 ? 0 : part * (0.85 + 0.5 * cloud(x, y));
    });
    return [{ plane: 'keratin', strength, within: 'lesion', shapes: [shape] }];
  };
}

/** Pale follicle openings, each with a yellowish plug: with redness around them, a strawberry pattern. */
export function follicles(count: number, radius: readonly [number, number]): Feature {
  return (scene, random) => {
    const halos: Shape[] = [];
    const plugs: Shape[] = [];
    for (let index = 0; index < count; index++) {
      const at = pointInside(scene, random, 0, () => 1);
      if (at === null) break;
      const size = random.between(radius[0], radius[1]);
      halos.push(disc(at, size, 0.9 * size, random.direction(), random.between(0.7, 1)));
      plugs.push(disc(at, 0.35 * size, 0.3 * size));
    }
    return [
      { plane: 'blood', strength: -0.32, within: 'lesion', shapes: halos },
      { plane: 'keratin', strength: 0.22, within: 'lesion', shapes: halos },
      { plane: 'melanin', strength: 0.22, within: 'lesion', shapes: plugs },
    ];
  };
}

/** Shiny white lines: short, straight, and all of them along two directions at a right angle. */
export function shinyWhiteLines(count: number, patch?: Patch): Feature {
  return (scene, random) => {
    const region = patchField(scene, random, patch);
    const along = random.direction();
    const shapes: Shape[] = [];
    for (let index = 0; index < count; index++) {
      const from = pointInside(scene, random, 4, region);
      if (from === null) break;
      const heading = random.next() < 0.6 ? along : { x: -along.y, y: along.x };
      const length = random.between(6, 20);
      shapes.push(
        ...stroke(walk(random, { from, heading, length, step: 5, wander: 0.12, radius: [0.9, 0.4] }), 1.2),
      );
    }
    return [{ plane: 'keratin', strength: 0.42, within: 'lesion', shapes }];
  };
}
