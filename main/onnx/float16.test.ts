import fc from 'fast-check';
import { expect, it } from 'vitest';
import { float16ToFloat32, float32ToFloat16 } from './float16.ts';

it('keeps every half-precision number through float32 and back', () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
  const back = float32ToFloat16(float16ToFloat32(all));
  for (let bits = 0; bits < all.length; bits++) {
    const isNaN = (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
    if (isNaN) expect(back[bits]! & 0x7c00).toBe(0x7c00);
    else if (back[bits] !== bits) expect.fail(`bits ${bits} became ${back[bits]!}`);
  }
});

it.each([
  [1, 0x3c00],
  [-2, 0xc000],
  [65_504, 0x7bff],
  [65_519.99, 0x7bff],
  [65_520, 0x7c00],
  [-Infinity, 0xfc00],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [2 ** -25 * 1.0001, 0x0001],
  [6.103515625e-5, 0x0400],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
])('encodes %f as %i', (value, bits) => {
  expect(float32ToFloat16(Float32Array.of(value))[0]).toBe(bits);
});

it('rounds to within half a unit in the last place', () => {
  fc.assert(
    fc.property(fc.float({ min: -60_000, max: 60_000, noNaN: true }), (value) => {
      const back = float16ToFloat32(float32ToFloat16(Float32Array.of(value)))[0]!;
      const unit = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - 10));
      expect(Math.abs(back - value)).toBeLessThanOrEqual(unit / 2);
    }),
  );
});
