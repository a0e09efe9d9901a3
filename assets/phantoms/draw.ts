// Draws a phantom: recipe and seed in, RGB pixels out. Pure: no file, no clock, no platform-dependent number.
// May depend on every file of this folder but generate.ts.
import { expose, PLANES, type Plane } from './optics.ts';
import { createRandom } from './random.ts';
import { randomRecipe, type Recipe } from './recipes.ts';
import { scatter } from './scatter.ts';
import { lesionOf, type Layer, type Scene } from './scene.ts';
import { skin } from './skin.ts';

/** What to draw. */
export interface PhantomOptions {
  /** Any integer; its low 32 bits count. */
  readonly seed: number;
  /** Pixels; 600 by default. */
  readonly width?: number;
  /** Pixels; 450 by default. */
  readonly height?: number;
  /** By default one that the seed chooses. */
  readonly recipe?: Recipe;
}

/** Pixels row by row, 3 bytes each: red, green, blue. */
export interface PhantomImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const SHORT_SIDE = 450;
const LARGEST_SIDE = 8192;

/** How far light wanders around each kind of matter, scene units: the deeper, the further. */
const SCATTERING: readonly [Plane, number][] = [
  ['melanin', 1],
  ['blood', 1],
  ['keratin', 1],
  ['dermalMelanin', 3],
];

/**
 * Draws one synthetic dermoscopic image. Equal options give equal bytes on every machine.
 * @throws RangeError when a side is not an integer between 1 and 8192.
 */
export function drawPhantom(options: PhantomOptions): PhantomImage {
  const { seed, width = 600, height = 450 } = options;
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > LARGEST_SIDE) {
      throw new RangeError(`A phantom's side is an integer from 1 to ${LARGEST_SIDE}, not ${side}.`);
    }
  }
  const random = createRandom(seed);
  const recipe = options.recipe ?? randomRecipe(random.fork(0));
  const pixelsPerUnit = Math.min(width, height) / SHORT_SIDE;
  const scene: Scene = {
    halfWidth: width / 2 / pixelsPerUnit,
    halfHeight: height / 2 / pixelsPerUnit,
    lesion: lesionOf(recipe.outline, random.fork(1)),
  };
  const raster = new Raster(width, height, pixelsPerUnit);
  const mask = raster.sample(scene.lesion.mask);
  // One source per feature: a feature added at the end leaves those before it as they were.
  [skin(recipe.skin), ...recipe.features].forEach((feature, index) => {
    for (const layer of feature(scene, random.fork(3 + index))) raster.add(layer, mask);
  });
  for (const [plane, blur] of SCATTERING) {
    scatter(raster.planes[plane], width, height, Math.round(blur * pixelsPerUnit));
  }
  return { width, height, data: expose(raster.planes, recipe.camera, random.fork(2)) };
}

/** The planes of one picture, and the loops over its pixels. */
class Raster {
  readonly planes: Record<Plane, Float32Array>;
  readonly #width: number;
  readonly #height: number;
  readonly #pixelsPerUnit: number;
  readonly #coverage: Float32Array;

  constructor(width: number, height: number, pixelsPerUnit: number) {
    this.#width = width;
    this.#height = height;
    this.#pixelsPerUnit = pixelsPerUnit;
    this.#coverage = new Float32Array(width * height);
    const entries = PLANES.map((plane) => [plane, new Float32Array(width * height)] as const);
    this.planes = Object.fromEntries(entries) as Record<Plane, Float32Array>;
  }

  /** A field's value at the centre of every pixel. */
  sample(field: (x: number, y: number) => number): Float32Array {
    const values = new Float32Array(this.#width * this.#height);
    for (let row = 0; row < this.#height; row++) {
      const y = this.#sceneY(row);
      for (let column = 0; column < this.#width; column++) {
        values[row * this.#width + column] = field(this.#sceneX(column), y);
      }
    }
    return values;
  }

  /** Adds strength * (union of the layer's shapes) to its plane, visiting only the pixels of their boxes. */
  add(layer: Layer, mask: Float32Array): void {
    const width = this.#width;
    const coverage = this.#coverage;
    const masked = layer.within === 'lesion';
    let top = this.#height;
    let bottom = 0;
    let left = width;
    let right = 0;
    for (const { box, at } of layer.shapes) {
      const firstRow = this.#rowOf(box.top);
      const lastRow = this.#rowOf(box.bottom);
      const firstColumn = this.#columnOf(box.left);
      const lastColumn = this.#columnOf(box.right);
      if (firstRow >= lastRow || firstColumn >= lastColumn) continue;
      top = Math.min(top, firstRow);
      bottom = Math.max(bottom, lastRow);
      left = Math.min(left, firstColumn);
      right = Math.max(right, lastColumn);
      for (let row = firstRow; row < lastRow; row++) {
        const y = this.#sceneY(row);
        for (let column = firstColumn; column < lastColumn; column++) {
          const pixel = row * width + column;
          if (masked && mask[pixel] === 0) continue;
          const value = at(this.#sceneX(column), y);
          // Shapes may be negative (a lightening), so the union keeps whatever is furthest from zero.
          if (Math.abs(value) > Math.abs(coverage[pixel]!)) coverage[pixel] = value;
        }
      }
    }
    const plane = this.planes[layer.plane];
    for (let row = top; row < bottom; row++) {
      for (let pixel = row * width + left; pixel < row * width + right; pixel++) {
        const value = coverage[pixel]!;
        if (value === 0) continue;
        const matter = layer.strength * value * (masked ? mask[pixel]! : 1);
        plane[pixel] = plane[pixel]! + matter;
        coverage[pixel] = 0;
      }
    }
  }

  #sceneX(column: number): number {
    return (column + 0.5 - this.#width / 2) / this.#pixelsPerUnit;
  }

  #sceneY(row: number): number {
    return (row + 0.5 - this.#height / 2) / this.#pixelsPerUnit;
  }

  #columnOf(x: number): number {
    return Math.max(0, Math.min(this.#width, Math.round(x * this.#pixelsPerUnit + this.#width / 2)));
  }

  #rowOf(y: number): number {
    return Math.max(0, Math.min(this.#height, Math.round(y * this.#pixelsPerUnit + this.#height / 2)));
  }
}
