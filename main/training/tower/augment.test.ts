// Random changes of training images: without change a picture is what inference sees, a quarter turn is the group's.
import { describe, expect, it } from 'vitest';
import { actOnGrid } from '../../groups/action.ts';
import { groups } from '../../groups/groups.ts';
import { toTensor } from '../../imaging/preprocess.ts';
import { rotateSquare } from '../../imaging/rotate.ts';
import { randomFor } from '../random.ts';
import { drawView, renderView, type DrawnView } from './augment.ts';

const size = 16;
const mean = [0.4, 0.5, 0.6];
const std = [0.2, 0.3, 0.25];
const square = Uint8Array.from({ length: 3 * size * size }, (_, index) => (index * 7919) % 256);
const still = {
  turns: 'none',
  mirrors: false,
  crop: [1, 1] as [number, number],
  ...{ shift: 0, brightness: 0, contrast: 0, saturation: 0, hue: 0, masked: 0 },
} as const;
const unchanged = drawView(randomFor(1, 'round'), still);

function render(view: DrawnView, source = square, side = size): Float32Array {
  const data = new Float32Array(3 * size * size);
  renderView(source, side, view, { data, at: 0, size, mean, std });
  return data;
}

/** Largest difference of two equally long arrays. */
const distance = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index]!)), 0);

describe('renderView', () => {
  const upright = toTensor(square, size, mean, std);

  it('without any change gives what inference sees', () => {
    expect(distance(render(unchanged), upright)).toBeLessThan(1e-5);
  });

  it.each([0, 1, 2, 3])('turned by %i quarters is what the group makes of it', (quarters) => {
    const element = groups.c4.elements.find(({ turns }) => turns === quarters)!;
    const turned = render({ ...unchanged, angle: (quarters * Math.PI) / 2 });
    expect(distance(turned, actOnGrid(element, upright, size))).toBeLessThan(1e-4);
  });

  it('mirrored is what the group makes of it', () => {
    const element = groups.d1.elements.find(({ mirror }) => mirror)!;
    expect(distance(render({ ...unchanged, mirror: true }), actOnGrid(element, upright, size))).toBeLessThan(
      1e-5,
    );
  });

  it('shows the mirrored picture beyond its edge', () => {
    const wide = render({ ...unchanged, right: 1 });
    const mirrored = actOnGrid(
      groups.d1.elements.find(({ mirror }) => mirror)!,
      upright,
      size,
    );
    expect(distance(wide, mirrored)).toBeLessThan(1e-5);
  });

  it('masked is what the turn test shows of it', () => {
    const masked = render({ ...unchanged, masked: true });
    const shown = toTensor(rotateSquare(square, size, 0), size, mean, std);
    // The turn test rounds the colour of the rim to grey levels.
    expect(distance(masked, shown)).toBeLessThan(0.01);
    expect(distance(masked, upright)).toBeGreaterThan(0.1);
  });

  it('averages blocks where the picture is much larger than the target', () => {
    const large = new Uint8Array(3 * (2 * size) ** 2);
    for (let row = 0; row < 2 * size; row++) {
      for (let column = 0; column < 2 * size; column++) {
        const from = 3 * ((row >> 1) * size + (column >> 1));
        large.set(square.subarray(from, from + 3), 3 * (row * 2 * size + column));
      }
    }
    expect(distance(render(unchanged, large, 2 * size), upright)).toBeLessThan(1e-5);
  });

  it('leaves greys grey under saturation and hue, and makes them brighter by brightness alone', () => {
    const grey = new Uint8Array(3 * size * size).fill(100);
    const jitter = { ...still, saturation: 0.9, hue: 180 };
    const view = drawView(randomFor(7, 'round'), jitter);
    expect(distance(render(view, grey), toTensor(grey, size, mean, std))).toBeLessThan(1e-4);
    const brighter = drawView(randomFor(7, 'round'), { ...still, brightness: 0.5 });
    const [red] = render(brighter, grey);
    const factor = (red! * std[0]! + mean[0]!) / (100 / 255);
    expect(factor).not.toBeCloseTo(1, 2);
    expect(factor).toBeGreaterThan(0.5);
    expect(factor).toBeLessThan(1.5);
  });

  it('turns colours about the grey axis: a third of the circle moves red to green', () => {
    const red = new Uint8Array(3 * size * size);
    for (let place = 0; place < red.length; place += 3) red[place] = 255;
    const { matrix } = drawView(() => 0x80000000, { ...still, hue: 0 }).colours;
    expect(matrix.map((value) => Math.abs(Math.round(value)))).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    const third = drawView(() => 0xffffffff, { ...still, hue: 120 }).colours.matrix;
    const column = [third[0]!, third[3]!, third[6]!].map((value) => Math.abs(Math.round(value)));
    expect(column).toEqual([0, 1, 0]);
  });
});

it('draws the same number of times whatever is asked for', () => {
  const count = (changes: object) => {
    let drawn = 0;
    const random = randomFor(3, 'round');
    drawView(
      () => {
        drawn++;
        return random();
      },
      { ...still, ...changes },
    );
    return drawn;
  };
  expect(count({ mirrors: true, shift: 0.2, hue: 20 })).toBe(count({}));
});
