import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centreSquare, fitted, panned, zoomed } from './zoom.ts';

const side = fc.integer({ min: 1, max: 6000 });
const size = fc.record({ width: side, height: side });
const room = fc.integer({ min: 100, max: 2000 });
const frame = fc.record({ width: room, height: room });

describe('the lens', () => {
  it('fits the whole picture and touches the frame on one axis', () => {
    fc.assert(
      fc.property(size, frame, (picture, window) => {
        const { scale, x, y } = fitted(picture, window);
        expect(x).toBeGreaterThanOrEqual(-1e-9);
        expect(y).toBeGreaterThanOrEqual(-1e-9);
        const touching =
          Math.abs(picture.width * scale - window.width) < 1e-6 ||
          Math.abs(picture.height * scale - window.height) < 1e-6;
        expect(touching).toBe(true);
      }),
    );
  });

  it('keeps the place under the pointer where it is while the picture fills the frame', () => {
    const [picture, window] = [
      { width: 600, height: 450 },
      { width: 300, height: 300 },
    ];
    const before = zoomed(fitted(picture, window), 2, { x: 150, y: 150 }, picture, window);
    const at = { x: 100, y: 120 };
    const place = (at.x - before.x) / before.scale;
    const after = zoomed(before, 3, at, picture, window);
    expect((at.x - after.x) / after.scale).toBeCloseTo(place);
  });

  it('never shows an empty edge of a picture that is larger than the frame', () => {
    const offset = fc.integer({ min: -9000, max: 9000 });
    fc.assert(
      fc.property(
        size,
        frame,
        fc.double({ min: 0.01, max: 40, noNaN: true }),
        offset,
        offset,
        (picture, window, scale, dx, dy) => {
          const lens = zoomed(fitted(picture, window), scale, { x: 0, y: 0 }, picture, window);
          const { x, y, scale: at } = panned(lens, dx, dy, picture, window);
          expect(at).toBeGreaterThanOrEqual(fitted(picture, window).scale - 1e-9);
          if (picture.width * at > window.width) {
            expect(x).toBeLessThanOrEqual(0);
            expect(x + picture.width * at).toBeGreaterThanOrEqual(window.width - 1e-6);
          }
          if (picture.height * at > window.height) {
            expect(y).toBeLessThanOrEqual(0);
            expect(y + picture.height * at).toBeGreaterThanOrEqual(window.height - 1e-6);
          }
        },
      ),
    );
  });
});

it('the square that the model sees is the middle of the picture', () => {
  expect(centreSquare({ width: 600, height: 450 })).toEqual({ x: 75, y: 0, side: 450 });
  expect(centreSquare({ width: 300, height: 500 })).toEqual({ x: 0, y: 100, side: 300 });
});
