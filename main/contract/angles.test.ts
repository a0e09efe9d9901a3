import { expect, it } from 'vitest';
import { freeAngles } from './angles.ts';

it('are those of a full turn, the last one below 360', () => {
  expect(freeAngles(90)).toEqual([0, 90, 180, 270]);
  expect(freeAngles(100)).toEqual([0, 100, 200, 300]);
  expect(freeAngles(180)).toEqual([0, 180]);
  // 360 / 2.4 is a little above 150 in binary.
  expect(freeAngles(2.4)).toHaveLength(150);
  expect(freeAngles(0.7).at(-1)).toBeLessThan(360);
});
