// Smaller pictures first: which rounds see which size.
import { describe, expect, it } from 'vitest';
import { stagesOf } from './stages.ts';

describe('stagesOf', () => {
  it("puts smaller sizes first and the model's own size last", () => {
    expect(
      stagesOf(
        [
          { size: 64, rounds: 3 },
          { size: 96, rounds: 2 },
        ],
        128,
        9,
      ),
    ).toEqual([
      { size: 64, from: 1, to: 3 },
      { size: 96, from: 4, to: 5 },
      { size: 128, from: 6, to: 9 },
    ]);
    expect(stagesOf([], 128, 4)).toEqual([{ size: 128, from: 1, to: 4 }]);
  });

  it("wants a round at the model's own size", () => {
    expect(() => stagesOf([{ size: 64, rounds: 4 }], 128, 4)).toThrow('leave none at 128');
  });
});
