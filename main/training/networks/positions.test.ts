// What happens to the pool's positions when the size of the pictures changes.
import { describe, expect, it } from 'vitest';
import { positionsName, resizePositions, resizeState } from './positions.ts';

describe('resizePositions', () => {
  /** The mean token is -1; cell (row, column) has the values row and column, one unit being the picture's side. */
  const ramp = (size: number) => {
    const data = new Float32Array((size * size + 1) * 2).fill(-1);
    for (let cell = 0; cell < size * size; cell++) {
      data[2 * (cell + 1)] = (Math.floor(cell / size) + 0.5) / size;
      data[2 * (cell + 1) + 1] = ((cell % size) + 0.5) / size;
    }
    return { data, dims: [1, size * size + 1, 2] };
  };

  it('keeps what does not change size', () => {
    expect(resizePositions(ramp(3), 3)).toEqual(ramp(3));
  });

  it('keeps a ramp a ramp, away from the edge, and the mean token', () => {
    const { data, dims } = resizePositions(ramp(2), 4);
    expect(dims).toEqual([1, 17, 2]);
    const wanted = ramp(4).data;
    expect(data[0]).toBe(-1);
    for (const cell of [5, 6, 9, 10]) {
      expect(data[2 * (cell + 1)]).toBeCloseTo(wanted[2 * (cell + 1)]!, 6);
      expect(data[2 * (cell + 1) + 1]).toBeCloseTo(wanted[2 * (cell + 1) + 1]!, 6);
    }
  });

  it('resizes positions, their moments and their averages in a state, and nothing else', () => {
    const other = { data: Float32Array.of(1), dims: [1] };
    const state = new Map([
      ['visual.conv1.weight', other],
      [positionsName, ramp(2)],
      [`optimizer.first_moment.${positionsName}`, ramp(2)],
      [`average.${positionsName}`, ramp(2)],
    ]);
    const resized = resizeState(state, 4);
    expect([...resized.values()].map(({ dims }) => dims)).toEqual([[1], [1, 17, 2], [1, 17, 2], [1, 17, 2]]);
    expect(resized.get('visual.conv1.weight')).toBe(other);
  });
});
