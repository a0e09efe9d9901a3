import { describe, expect, it } from 'vitest';
import { rotateSquare } from './rotate.ts';
import { gradient } from '../testing/images.ts';

/** Mean colour of the pixels that lie within the circle, at most 3 from it. */
function rimColour(square: Uint8Array, size: number): number[] {
  const centre = (size - 1) / 2;
  const rim = Array.from({ length: size * size }, (_, pixel) => pixel).filter((pixel) => {
    const distance = Math.hypot(Math.floor(pixel / size) - centre, (pixel % size) - centre);
    return distance <= size / 2 && distance > size / 2 - 3;
  });
  return [0, 1, 2].map((channel) =>
    Math.round(rim.reduce((sum, pixel) => sum + square[3 * pixel + channel]!, 0) / rim.length),
  );
}
const inCircle = (row: number, column: number, size: number): boolean =>
  Math.hypot(row - (size - 1) / 2, column - (size - 1) / 2) <= size / 2;

/** The square turned counter-clockwise by quarters, by index: what interpolation must agree with. */
function quarterTurn(square: Uint8Array, size: number): Uint8Array {
  const turned = new Uint8Array(square.length);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      // The first row of the turned picture is the last column of the original.
      const from = (column * size + (size - 1 - row)) * 3;
      turned.set(square.subarray(from, from + 3), (row * size + column) * 3);
    }
  }
  return turned;
}

describe.each([31, 32])('a square of side %i', (size) => {
  const square = gradient(size, size);

  it('0 degrees only masks, in the colour of the rim', () => {
    const surround = rimColour(square, size);
    const masked = rotateSquare(square, size, 0);
    for (let pixel = 0; pixel < size * size; pixel++) {
      const kept = inCircle(Math.floor(pixel / size), pixel % size, size);
      const expected = kept ? square.subarray(pixel * 3, pixel * 3 + 3) : surround;
      expect([...masked.subarray(pixel * 3, pixel * 3 + 3)]).toEqual([...expected]);
    }
    expect(rotateSquare(square, size, 360)).toEqual(masked);
  });

  it.each([1, 2, 3])('%i quarters move pixels exactly, counter-clockwise', (quarters) => {
    let expected = square;
    for (let k = 0; k < quarters; k++) expected = quarterTurn(expected, size);
    const masked = rotateSquare(expected, size, 0);
    expect(rotateSquare(square, size, 90 * quarters)).toEqual(masked);
    expect(rotateSquare(square, size, 90 * quarters - 360)).toEqual(masked);
  });

  it('a turn and its opposite come back, up to interpolation', () => {
    const back = rotateSquare(rotateSquare(square, size, 37), size, -37);
    const radius = size / 2 - 3;
    for (let pixel = 0; pixel < size * size; pixel++) {
      const [row, column] = [Math.floor(pixel / size) - size / 2, (pixel % size) - size / 2];
      if (Math.hypot(row, column) > radius) continue;
      for (const at of [3 * pixel, 3 * pixel + 1, 3 * pixel + 2]) {
        expect(Math.abs(back[at]! - square[at]!)).toBeLessThanOrEqual(2);
      }
    }
  });
});

it('takes the surround that it is given, and refuses what is no square', () => {
  expect([...rotateSquare(gradient(8, 8), 8, 10, [1, 2, 3]).subarray(0, 3)]).toEqual([1, 2, 3]);
  expect(() => rotateSquare(gradient(8, 7), 8, 10)).toThrow(RangeError);
});
