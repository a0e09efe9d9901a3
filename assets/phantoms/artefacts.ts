// What is in the picture and not in the skin: hairs, gel bubbles, ruler, reflections, uneven light, field stop.
// May depend on random.ts, shapes.ts, scene.ts.
import type { Vector } from './random.ts';
import type { Feature } from './scene.ts';
import {
  disc,
  everywhere,
  ring,
  smoothstep,
  stroke,
  unit,
  walk,
  type Shape,
  type StrokePoint,
} from './shapes.ts';

/** Hairs across the picture. */
export interface HairOptions {
  readonly count: number;
  readonly length: readonly [number, number];
  /** Half the width, scene units. */
  readonly radius: number;
  /** Up to 1 for pale hair, 2 and more for black. */
  readonly strength: number;
  readonly bend: number;
}

/** Hairs: long arcs that lie roughly one way, each with a reflection beside its middle line. */
export function hairs(options: HairOptions): Feature {
  const { count, length, radius, strength, bend } = options;
  return (scene, random) => {
    const lie = random.direction();
    const shafts: Shape[] = [];
    const glints: Shape[] = [];
    for (let index = 0; index < count; index++) {
      const stray = random.direction();
      const heading = unit({ x: lie.x + 0.7 * stray.x, y: lie.y + 0.7 * stray.y });
      const long = random.between(length[0], length[1]);
      const from = {
        x: random.between(-1.1, 1.1) * scene.halfWidth - 0.5 * long * heading.x,
        y: random.between(-1.1, 1.1) * scene.halfHeight - 0.5 * long * heading.y,
      };
      const width = radius * random.between(0.7, 1.3);
      const points = walk(random, {
        from,
        heading,
        length: long,
        step: 6,
        wander: 0.012,
        bend: bend * random.between(-1, 1),
        radius: [width, 0.35 * width],
      });
      shafts.push(...stroke(points, 0.9));
      const beside: StrokePoint[] = points.slice(2, -2).map((point) => ({
        x: point.x + 0.3 * width,
        y: point.y - 0.4 * width,
        radius: 0.25 * point.radius,
      }));
      glints.push(...stroke(beside, 0.8));
    }
    return [
      { plane: 'hair', strength, within: 'anywhere', shapes: shafts },
      { plane: 'gloss', strength: 0.07, within: 'anywhere', shapes: glints },
    ];
  };
}

/** Air bubbles in the contact gel: a dark outline, a bright crescent towards the light, a highlight. */
export function gelBubbles(count: number, radius: readonly [number, number]): Feature {
  return (scene, random) => {
    const lit: Vector = unit({ x: -0.6, y: -0.8 });
    const outlines: Shape[] = [];
    const crescents: Shape[] = [];
    const highlights: Shape[] = [];
    for (let index = 0; index < count; index++) {
      const centre = {
        x: random.between(-0.9, 0.9) * scene.halfWidth,
        y: random.between(-0.9, 0.9) * scene.halfHeight,
      };
      const share = random.next();
      const size = radius[0] + (radius[1] - radius[0]) * share * share;
      const width = 1 + 0.07 * size;
      outlines.push(ring(centre, size, 1.2 * width, { x: -lit.x, y: -lit.y }, 0.6));
      crescents.push(ring(centre, size - 1.8 * width, 1.7 * width, lit, 0.9));
      const spot = { x: centre.x + 0.5 * size * lit.x, y: centre.y + 0.5 * size * lit.y };
      highlights.push(disc(spot, 0.1 * size + 0.5, 0.8, { x: -lit.y, y: lit.x }, 0.6));
    }
    return [
      { plane: 'shade', strength: 0.3, within: 'anywhere', shapes: outlines },
      { plane: 'gloss', strength: 0.16, within: 'anywhere', shapes: crescents },
      { plane: 'gloss', strength: 0.6, within: 'anywhere', shapes: highlights },
    ];
  };
}

/** Tiny reflections of the light on wet, uneven skin. */
export function glints(count: number): Feature {
  return (scene, random) => {
    const shapes: Shape[] = [];
    for (let index = 0; index < count; index++) {
      const at = {
        x: random.between(-1, 1) * scene.halfWidth,
        y: random.between(-1, 1) * scene.halfHeight,
      };
      shapes.push(disc(at, random.between(0.3, 1.1), 0.9, random.direction(), random.between(0.35, 1)));
    }
    return [{ plane: 'gloss', strength: 0.3, within: 'anywhere', shapes }];
  };
}

/** Millimetre marks along the bottom edge, every fifth one longer. `pitch` is one millimetre in scene units. */
export function ruler(pitch: number): Feature {
  return (scene, random) => {
    const slope = random.between(-0.03, 0.03);
    const base = scene.halfHeight - random.between(16, 26);
    const shapes: Shape[] = [];
    const count = Math.floor((1.5 * scene.halfWidth) / pitch);
    for (let index = 0; index <= count; index++) {
      const x = -0.75 * scene.halfWidth + index * pitch;
      const y = base + slope * x;
      const long = index % 5 === 0 ? 16 : 9;
      shapes.push(
        ...stroke(
          [
            { x, y, radius: 0.9 },
            { x: x + slope * long, y: y - long, radius: 0.9 },
          ],
          0.9,
        ),
      );
    }
    return [{ plane: 'shade', strength: 1.9, within: 'anywhere', shapes }];
  };
}

/** Light that falls off towards the corners; `amount` is the density at the corner. */
export function vignette(amount: number): Feature {
  return (scene, random) => {
    const x0 = random.between(-0.12, 0.12) * scene.halfWidth;
    const y0 = random.between(-0.12, 0.12) * scene.halfHeight;
    const corner = scene.halfWidth * scene.halfWidth + scene.halfHeight * scene.halfHeight;
    const shape = everywhere((x, y) => {
      const dx = x - x0;
      const dy = y - y0;
      const share = (dx * dx + dy * dy) / corner;
      return share * (0.4 + 0.6 * share);
    });
    return [{ plane: 'shade', strength: amount, within: 'anywhere', shapes: [shape] }];
  };
}

/** The dermatoscope's round field stop: black outside `radius` scene units. */
export function fieldStop(radius: number): Feature {
  return (_scene, random) => {
    const x0 = random.between(-6, 6);
    const y0 = random.between(-6, 6);
    const shape = everywhere((x, y) => {
      const dx = x - x0;
      const dy = y - y0;
      const distance = Math.sqrt(dx * dx + dy * dy);
      return 0.05 * smoothstep(radius - 90, radius, distance) + smoothstep(radius - 5, radius + 9, distance);
    });
    return [{ plane: 'shade', strength: 7, within: 'anywhere', shapes: [shape] }];
  };
}
