// The weights of the orientations: a box plot each with its histogram beside it, on one scale. Pure.
import { line, text, type Mark, type Plot } from './plot.ts';

const [left, top, height] = [44, 8, 190];

/** One orientation: the numbers that its box and its bars are drawn from. */
export interface WeightBox {
  readonly name: string;
  readonly mean: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  readonly lowerWhisker: number;
  readonly upperWhisker: number;
  /** Images per bin of equal width from `low` to `high`. */
  readonly histogram: readonly number[];
  /** Shown under the pointer. */
  readonly title: string;
}

interface Scale {
  readonly low: number;
  readonly high: number;
}

const stepOf = (boxes: number): number => (boxes > 4 ? 62 : 92);
const barLeft = 14;

/** @param barTitle what a bar of so many images is said to be */
export function weightPlot(
  boxes: readonly WeightBox[],
  { low, high }: Scale,
  label: string,
  barTitle: (box: WeightBox, bin: number) => string,
): Plot {
  const step = stepOf(boxes.length);
  const width = left + boxes.length * step;
  const y = (value: number): number => top + (1 - (value - low) / (high - low)) * height;
  const most = Math.max(1, ...boxes.flatMap(({ histogram }) => histogram));
  const axes = [0, 0.25, 0.5, 0.75, 1].flatMap((part) => {
    const value = low + part * (high - low);
    return [
      line(left - 4, y(value), width, y(value), 'grid'),
      text(left - 9, y(value) + 3.5, value.toFixed(2), 'tick', 'end'),
    ];
  });
  // The equal share: where every orientation would be without any preference.
  const even = 1 / boxes.length;
  const alike = even > low && even < high ? [line(left - 4, y(even), width, y(even), 'chance')] : [];
  const drawn = boxes.flatMap((box, index): Mark[] => {
    const x = left + index * step + 16;
    const tall = height / box.histogram.length;
    const bars = box.histogram.flatMap((images, bin): Mark[] =>
      images === 0
        ? []
        : [
            {
              shape: 'rect',
              style: 'bar open',
              opacity: 0.45,
              title: barTitle(box, bin),
              x: x + barLeft,
              y: top + height - (bin + 1) * tall + 0.5,
              width: Math.max(1.5, (images / most) * (step - 40)),
              height: Math.max(0.5, tall - 1),
            },
          ],
    );
    return [
      ...bars,
      line(x, y(box.upperWhisker), x, y(box.lowerWhisker), 'whisker'),
      {
        shape: 'rect',
        style: 'box',
        title: box.title,
        x: x - 8,
        y: y(box.upperQuartile),
        width: 16,
        height: Math.max(1.5, y(box.lowerQuartile) - y(box.upperQuartile)),
      },
      line(x - 8, y(box.median), x + 8, y(box.median), 'median'),
      { shape: 'circle', style: 'dot', cx: x, cy: y(box.mean), r: 2.8 },
      text(x + 8, top + height + 16, box.name, 'tick', 'middle'),
    ];
  });
  return { width, height: top + height + 24, label, marks: [...axes, ...alike, ...drawn] };
}

/**
 * The bar at a place of the view box. A bar of one image is thinner than any pointer, so the whole width of the
 * histogram belongs to it. Null where there is none.
 */
export function weightBarAt(
  boxes: readonly WeightBox[],
  x: number,
  y: number,
): { readonly box: number; readonly bin: number } | null {
  const step = stepOf(boxes.length);
  const box = Math.floor((x - left) / step);
  const within = x - left - box * step;
  const histogram = boxes[box]?.histogram ?? [];
  const bin = Math.floor(((top + height - y) / height) * histogram.length);
  if (within < 16 + barLeft - 2 || (histogram[bin] ?? 0) === 0) return null;
  return { box, bin };
}
