// Noise textures over the plane: gradient noise, its fractal sum and its ridges, and random cells.
// Only + - * / and sqrt, which IEEE 754 rounds the same way everywhere. May depend on random.ts.
import type { Random } from './random.ts';

/** A scalar over the plane, in scene units. */
export type Field = (x: number, y: number) => number;

const TABLE = 256;
const DIAGONAL = 0.7071067811865476;
const GRADIENT_X = Float64Array.of(1, DIAGONAL, 0, -DIAGONAL, -1, -DIAGONAL, 0, DIAGONAL);
const GRADIENT_Y = Float64Array.of(0, DIAGONAL, 1, DIAGONAL, 0, -DIAGONAL, -1, -DIAGONAL);

/** A random permutation of 0..255, written twice so that a sum of two entries needs no wrapping. */
function permutation(random: Random): Uint8Array {
  const table = new Uint8Array(2 * TABLE);
  for (let index = 0; index < TABLE; index++) table[index] = index;
  for (let index = TABLE - 1; index > 0; index--) {
    const other = random.integer(index + 1);
    const kept = table[index]!;
    table[index] = table[other]!;
    table[other] = kept;
  }
  table.copyWithin(TABLE, 0, TABLE);
  return table;
}

/** Gradient noise in about [-1, 1] with features one unit apart (K. Perlin, "Improving noise", 2002). */
export function gradientNoise(random: Random): Field {
  const table = permutation(random);
  const corner = (cell: number, dx: number, dy: number): number => {
    const gradient = table[cell]! & 7;
    return GRADIENT_X[gradient]! * dx + GRADIENT_Y[gradient]! * dy;
  };
  return (x, y) => {
    const left = Math.floor(x);
    const top = Math.floor(y);
    const dx = x - left;
    const dy = y - top;
    const sx = dx * dx * dx * (dx * (dx * 6 - 15) + 10);
    const sy = dy * dy * dy * (dy * (dy * 6 - 15) + 10);
    const column = left & 255;
    const row = top & 255;
    const west = table[column]!;
    const east = table[(column + 1) & 255]!;
    const below = (row + 1) & 255;
    const northWest = corner(west + row, dx, dy);
    const northEast = corner(east + row, dx - 1, dy);
    const southWest = corner(west + below, dx, dy - 1);
    const southEast = corner(east + below, dx - 1, dy - 1);
    const north = northWest + sx * (northEast - northWest);
    const south = southWest + sx * (southEast - southWest);
    return 1.5 * (north + sy * (south - north));
  };
}

/**
 * A sum of octaves of gradient noise, each half as wide and half as strong: about [-1, 1].
 * @param size width of the largest features, scene units.
 */
export function fractalNoise(random: Random, size: number, octaves: number): Field {
  const noise = gradientNoise(random);
  let total = 0;
  for (let octave = 0, amplitude = 1; octave < octaves; octave++, amplitude /= 2) total += amplitude;
  return (x, y) => {
    let frequency = 1 / size;
    let amplitude = 1 / total;
    let sum = 0;
    for (let octave = 0; octave < octaves; octave++) {
      sum += amplitude * noise(x * frequency + 17 * octave, y * frequency - 29 * octave);
      frequency *= 2;
      amplitude *= 0.5;
    }
    return sum;
  };
}

/** Where a point lies among random cells. */
export interface CellHit {
  /** Distance to the nearest wall between two cells, in units of the cell size. */
  wall: number;
  /** Distance to the centre of the point's own cell, in units of the cell size. */
  centre: number;
  /** A number in [0, 1) that belongs to the cell. */
  tag: number;
}

/**
 * Random cells, about `size` wide (S. Worley, "A cellular texture basis function", 1996).
 * @returns a function that fills `hit` instead of allocating: it runs once per pixel.
 */
export function cells(
  random: Random,
  size: number,
  jitter: number,
): (x: number, y: number, hit: CellHit) => void {
  const table = permutation(random);
  const offsetX = new Float64Array(TABLE);
  const offsetY = new Float64Array(TABLE);
  const tags = new Float64Array(TABLE);
  for (let index = 0; index < TABLE; index++) {
    offsetX[index] = 0.5 + jitter * (random.next() - 0.5);
    offsetY[index] = 0.5 + jitter * (random.next() - 0.5);
    tags[index] = random.next();
  }
  return (x, y, hit) => {
    const px = x / size;
    const py = y / size;
    const column = Math.floor(px);
    const row = Math.floor(py);
    let nearest = Infinity;
    let second = Infinity;
    let nearestX = 0;
    let nearestY = 0;
    let secondX = 0;
    let secondY = 0;
    let cell = 0;
    for (let down = -1; down <= 1; down++) {
      for (let right = -1; right <= 1; right++) {
        const index = table[table[(column + right) & 255]! + ((row + down) & 255)]!;
        const dx = column + right + offsetX[index]! - px;
        const dy = row + down + offsetY[index]! - py;
        const square = dx * dx + dy * dy;
        if (square < nearest) {
          second = nearest;
          secondX = nearestX;
          secondY = nearestY;
          nearest = square;
          nearestX = dx;
          nearestY = dy;
          cell = index;
        } else if (square < second) {
          second = square;
          secondX = dx;
          secondY = dy;
        }
      }
    }
    const gapX = secondX - nearestX;
    const gapY = secondY - nearestY;
    hit.wall = (second - nearest) / (2 * Math.sqrt(gapX * gapX + gapY * gapY) + 1e-9);
    hit.centre = Math.sqrt(nearest);
    hit.tag = tags[cell]!;
  };
}
