// Shapes: a coverage in [0, 1] over a box of the scene, by signed distance. And the walks that strokes follow.
// Only + - * / and sqrt (see noise.ts). May depend on random.ts and noise.ts.
import type { Field } from './noise.ts';
import type { Random, Vector } from './random.ts';

/** A rectangle of the scene outside which a shape is zero, scene units. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A part of a layer: `at` gives its coverage and is only asked inside `box`. */
export interface Shape {
  readonly box: Box;
  readonly at: Field;
}

/** One point of a stroke: where, and half its width there. */
export interface StrokePoint extends Vector {
  readonly radius: number;
}

const EVERYWHERE: Box = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };

/** 0 below `low`, 1 above `high`, smooth between. `low` < `high`. */
export function smoothstep(low: number, high: number, value: number): number {
  if (value <= low) return 0;
  if (value >= high) return 1;
  const share = (value - low) / (high - low);
  return share * share * (3 - 2 * share);
}

/** A field as a shape that covers the whole scene. */
export function everywhere(at: Field): Shape {
  return { box: EVERYWHERE, at };
}

function around(centre: Vector, reach: number): Box {
  return {
    left: centre.x - reach,
    top: centre.y - reach,
    right: centre.x + reach,
    bottom: centre.y + reach,
  };
}

/**
 * A filled disc, a little flattened along a random direction.
 * @param softness width of the edge, scene units.
 */
export function disc(
  centre: Vector,
  radius: number,
  softness: number,
  along: Vector = { x: 1, y: 0 },
  flatness = 1,
): Shape {
  return {
    box: around(centre, radius + softness),
    at: (x, y) => {
      const dx = x - centre.x;
      const dy = y - centre.y;
      const u = dx * along.x + dy * along.y;
      const v = (dy * along.x - dx * along.y) / flatness;
      return 1 - smoothstep(radius - softness, radius + softness, Math.sqrt(u * u + v * v));
    },
  };
}

/** A ring; `lit`, a unit vector, brightens the side that it points to and darkens the other (1 +- `contrast`). */
export function ring(centre: Vector, radius: number, width: number, lit: Vector, contrast: number): Shape {
  return {
    box: around(centre, radius + 2 * width),
    at: (x, y) => {
      const dx = x - centre.x;
      const dy = y - centre.y;
      const distance = Math.sqrt(dx * dx + dy * dy);
      const edge = 1 - smoothstep(0, width, Math.abs(distance - radius));
      if (edge === 0) return 0;
      const side = (dx * lit.x + dy * lit.y) / distance;
      return Math.max(0, edge * (1 + contrast * side));
    },
  };
}

/** The line through `points`, one tapered capsule per piece; a layer takes their maximum, so joints do not show. */
export function stroke(points: readonly StrokePoint[], softness: number): Shape[] {
  const shapes: Shape[] = [];
  for (let index = 1; index < points.length; index++) {
    shapes.push(capsule(points[index - 1]!, points[index]!, softness));
  }
  return shapes;
}

function capsule(from: StrokePoint, to: StrokePoint, softness: number): Shape {
  const reach = Math.max(from.radius, to.radius) + softness;
  const gapX = to.x - from.x;
  const gapY = to.y - from.y;
  const square = gapX * gapX + gapY * gapY + 1e-9;
  return {
    box: {
      left: Math.min(from.x, to.x) - reach,
      top: Math.min(from.y, to.y) - reach,
      right: Math.max(from.x, to.x) + reach,
      bottom: Math.max(from.y, to.y) + reach,
    },
    at: (x, y) => {
      const dx = x - from.x;
      const dy = y - from.y;
      const share = Math.max(0, Math.min(1, (dx * gapX + dy * gapY) / square));
      const ex = dx - share * gapX;
      const ey = dy - share * gapY;
      const radius = from.radius + share * (to.radius - from.radius);
      const distance = Math.sqrt(ex * ex + ey * ey);
      // A line thinner than its soft edge gets paler instead of vanishing between two pixels.
      const paleness = Math.min(1, (2 * radius) / softness);
      return paleness * (1 - smoothstep(radius - softness, radius + softness, distance));
    },
  };
}

/** How a line wanders. */
export interface Walk {
  readonly from: Vector;
  /** Unit vector. */
  readonly heading: Vector;
  readonly length: number;
  /** Length of one piece, scene units. */
  readonly step: number;
  /** How far the heading may turn in one step; 0 is straight. */
  readonly wander: number;
  /** A steady turn per step: the line becomes an arc. */
  readonly bend?: number;
  /** Half the width at the start and the end. */
  readonly radius: readonly [number, number];
}

/** The points of a wandering line. */
export function walk(random: Random, options: Walk): StrokePoint[] {
  const { from, length, step, wander, radius, bend = 0 } = options;
  const count = Math.max(1, Math.round(length / step));
  let { x, y } = from;
  let heading = options.heading;
  let drift = 0;
  const points: StrokePoint[] = [{ x, y, radius: radius[0] }];
  for (let index = 1; index <= count; index++) {
    drift = 0.7 * drift + wander * (2 * random.next() - 1);
    heading = turned(heading, drift + bend);
    x += heading.x * step;
    y += heading.y * step;
    points.push({ x, y, radius: radius[0] + ((radius[1] - radius[0]) * index) / count });
  }
  return points;
}

/** `heading` turned by the angle whose tangent is `slope`; stays a unit vector. */
export function turned(heading: Vector, slope: number): Vector {
  return unit({ x: heading.x - slope * heading.y, y: heading.y + slope * heading.x });
}

/** The vector's direction, of length 1 (the zero vector stays zero). */
export function unit(vector: Vector): Vector {
  const length = Math.sqrt(vector.x * vector.x + vector.y * vector.y) + 1e-12;
  return { x: vector.x / length, y: vector.y / length };
}
