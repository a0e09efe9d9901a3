import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { angleAt, anglePlot } from './angle-plot.ts';
import { histogramPlot } from './histogram-plot.ts';
import type { Mark, Plot } from './plot.ts';
import { intervalPlot, stackedPlot } from './share-plots.ts';
import { curvePlot, reliabilityPlot, unitValues, unitX, unitY } from './unit-square.ts';
import { weightBarAt, weightPlot } from './weight-plot.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });

/** Every number of every mark. */
function numbers({ marks }: Plot): number[] {
  return marks.flatMap((mark) =>
    Object.values(mark).flatMap((value): number[] => {
      if (typeof value === 'number') return [value];
      return Array.isArray(value) ? (value as number[][]).flat() : [];
    }),
  );
}

const rects = (plot: Plot, style: string) =>
  plot.marks.filter(
    (mark): mark is Mark & { shape: 'rect' } => mark.shape === 'rect' && mark.style.startsWith(style),
  );

describe('the unit square', () => {
  it('gives back the values of the place that it gave them', () => {
    fc.assert(
      fc.property(share, share, (x, y) => {
        const [backX, backY] = unitValues(unitX(x), unitY(y));
        expect(backX).toBeCloseTo(x, 9);
        expect(backY).toBeCloseTo(y, 9);
      }),
    );
  });

  it('draws bars as high as the share that is right, and leaves empty bins out', () => {
    const bins = [
      { from: 0, to: 0.5, weight: 0, confidence: null, accuracy: null },
      { from: 0.5, to: 1, weight: 3, confidence: 0.8, accuracy: 0.5 },
    ];
    const [bar, ...others] = rects(
      reliabilityPlot(bins, 'r', () => 'title'),
      'bar',
    );
    expect(others).toEqual([]);
    expect(bar?.y).toBeCloseTo(unitY(0.5));
    expect(bar?.height).toBeCloseTo(unitY(0) - unitY(0.5));
  });

  it('leaves out a curve without points and marks one place', () => {
    const axes = { x: 'x', y: 'y', label: 'curves', diagonal: false };
    const curves = [
      { name: 'none', style: 'a', points: [] },
      { name: 'one', style: 'b', points: [[0, 0] as const, [1, 1] as const] },
    ];
    const { marks } = curvePlot(curves, axes, [0.5, 0.25]);
    expect(marks.filter(({ shape }) => shape === 'polyline')).toHaveLength(1);
    expect(marks.at(-1)).toMatchObject({ shape: 'circle', cx: unitX(0.5), cy: unitY(0.25) });
  });
});

describe('the plot of free angles', () => {
  const point = (angle: number, value: number) => ({ angle, value, low: value, high: value, title: 't' });

  it('finds the angle of a place at every width', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 359 }), fc.integer({ min: 200, max: 1200 }), (angle, width) => {
        const plot = anglePlot([{ style: 's', points: [point(angle, 0.1)] }], width, 'l');
        const mark = plot.marks.find((one) => one.shape === 'circle');
        expect(mark?.shape === 'circle' && angleAt(mark.cx, width)).toBeCloseTo(angle, 6);
      }),
    );
  });

  it('has an axis that holds everything drawn', () => {
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 9 }), (values) => {
        const points = values.map((value, index) => point(30 * (index + 1), value));
        const { marks, height } = anglePlot([{ style: 's', points }], 400, 'l');
        for (const mark of marks) {
          if (mark.shape === 'circle') {
            expect(mark.cy).toBeGreaterThanOrEqual(0);
            expect(mark.cy).toBeLessThanOrEqual(height);
          }
        }
      }),
    );
  });
});

describe('the plot of weights', () => {
  const box = (name: string, histogram: number[]) => ({
    ...{ name, histogram, mean: 0.5, lowerQuartile: 0.4, median: 0.5, upperQuartile: 0.6, title: name },
    ...{ lowerWhisker: 0.1, upperWhisker: 0.9 },
  });
  const boxes = [box('0°', [0, 2, 5]), box('90°', [1, 0, 0])];

  it('has a bar per bin with images, each found again at its place', () => {
    const plot = weightPlot(
      boxes,
      { low: 0, high: 1 },
      'w',
      ({ name, histogram }, bin) => `${name} ${String(histogram[bin])}`,
    );
    const bars = rects(plot, 'bar');
    expect(bars.map(({ title }) => title)).toEqual(['0° 2', '0° 5', '90° 1']);
    const at = bars.map(({ x, y, height }) => weightBarAt(boxes, x + 1, y + height / 2));
    expect(at).toEqual([
      { box: 0, bin: 1 },
      { box: 0, bin: 2 },
      { box: 1, bin: 0 },
    ]);
  });

  it('finds no bar beside the histograms', () => {
    expect(weightBarAt(boxes, 0, 50)).toBeNull();
    expect(weightBarAt(boxes, 5000, 50)).toBeNull();
    expect(weightBarAt(boxes, 80, -50)).toBeNull();
  });
});

it('gives finite places whatever the shares are', () => {
  fc.assert(
    fc.property(share, share, fc.array(share, { maxLength: 6 }), (one, two, shares) => {
      const [low, high] = [Math.min(one, two), Math.max(one, two)];
      const bins = { low: 0, width: 0.25, count: 6 };
      const plots = [
        intervalPlot(low, low, high, 'flip', 'i'),
        stackedPlot(
          shares.map((value) => ({ name: 'n', share: value, style: 's' })),
          's',
        ),
        histogramPlot({ bins, decimals: 2, marked: one, above: shares, below: [] }, 'h'),
      ];
      for (const plot of plots) {
        for (const number of numbers(plot)) expect(Number.isFinite(number)).toBe(true);
      }
    }),
  );
});
