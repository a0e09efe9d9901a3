import { describe, expect, it } from 'vitest';
import { actOnGrid } from '../groups/action.ts';
import { groups } from '../groups/groups.ts';
import { evidenceColours, overlayEvidence } from './evidence.ts';
import { sharp } from './sharp.ts';
import { gradient } from '../testing/images.ts';

const size = 28;
const square = gradient(size, size);
const grey = new Uint8Array(size * size * 3).fill(100);
const red = { positive: [255, 0, 0], negative: [0, 0, 255], opacity: 1 } as const;
const pixel = (image: Uint8Array, row: number, column: number): number[] => [
  ...image.subarray((row * size + column) * 3, (row * size + column) * 3 + 3),
];

/** An element of a group on interleaved RGB pixels. */
function turn(element: (typeof groups.d4.elements)[number], image: Uint8Array): Uint8Array {
  const planes = Uint8Array.from(
    image,
    (_, i) => image[(i % (size * size)) * 3 + Math.floor(i / (size * size))]!,
  );
  const acted = actOnGrid(element, planes, size);
  return Uint8Array.from(image, (_, i) => acted[(i % 3) * size * size + Math.floor(i / 3)]!);
}

describe('evidenceColours', () => {
  it('no evidence leaves the image as it is', () => {
    expect(evidenceColours(square, size, new Float32Array(16), 4)).toEqual(square);
  });

  it('has the sign, the place and the strength of the cells', () => {
    // 4 x 4 cells of 7 pixels: pixel 3 is the centre of the first.
    const cells = new Float32Array(16);
    cells[0] = 2;
    cells[15] = -1;
    const colours = evidenceColours(grey, size, cells, 4, red);
    expect(pixel(colours, 3, 3)).toEqual([255, 0, 0]);
    expect(pixel(colours, 24, 24)).toEqual([50, 50, 178]);
    expect(pixel(colours, 3, 24)).toEqual([100, 100, 100]);
  });

  it('is symmetric about 0: the opposite evidence has the same strength in the other colour', () => {
    const cells = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i * i));
    const swapped = { ...red, positive: red.negative, negative: red.positive };
    const opposite = cells.map((cell) => -cell);
    expect(evidenceColours(square, size, opposite, 4, swapped)).toEqual(
      evidenceColours(square, size, cells, 4, red),
    );
  });

  it('a common scale makes maps comparable', () => {
    const weak = evidenceColours(grey, size, [1], 1, { ...red, scale: 4 });
    expect(pixel(weak, 0, 0)).toEqual([139, 75, 75]);
    const strong = evidenceColours(grey, size, [9], 1, { ...red, scale: 4 });
    expect(pixel(strong, 0, 0)).toEqual([255, 0, 0]);
  });

  it('is smooth, and shows no sign that no cell has', () => {
    const cells = [5, 0, 0, 0, 0, 0, 0, 0, 0];
    const colours = evidenceColours(grey, size, cells, 3, red);
    for (let column = 0; column < size; column++) {
      expect(pixel(colours, 4, column)[2]).toBeLessThanOrEqual(100);
      if (column === 0) continue;
      const step = Math.abs(pixel(colours, 4, column)[0]! - pixel(colours, 4, column - 1)[0]!);
      expect(step).toBeLessThan(32);
    }
  });

  it.each(groups.d4.elements.map((element, index) => ({ element, index })))(
    'turns with the image and its cells: element $index',
    ({ element }) => {
      const cells = Float32Array.from({ length: 16 }, (_, i) => Math.cos(3 * i));
      const turned = evidenceColours(turn(element, square), size, actOnGrid(element, cells, 4), 4);
      const colours = turn(element, evidenceColours(square, size, cells, 4));
      const largest = turned.reduce((most, level, i) => Math.max(most, Math.abs(level - colours[i]!)), 0);
      // Sums in another order: a level may round the other way.
      expect(largest).toBeLessThanOrEqual(1);
    },
  );

  it('refuses cells or pixels that are no square', () => {
    expect(() => evidenceColours(square, size, [1, 2, 3], 2)).toThrow(RangeError);
    expect(() => evidenceColours(square, size + 1, [1], 1)).toThrow(RangeError);
  });
});

it('overlayEvidence encodes exactly these colours as PNG', async () => {
  const cells = Float32Array.from({ length: 16 }, (_, i) => i - 7);
  const png = Buffer.from(await overlayEvidence(square, size, cells, 4, { opacity: 0.5 }));
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: size, height: size, channels: 3 });
  expect(new Uint8Array(data)).toEqual(evidenceColours(square, size, cells, 4, { opacity: 0.5 }));
});
