// Plots whose axes both go from 0 to 1: curves of sensitivity, reliability. Pure.
import { line, text, type Mark, type Plot } from './plot.ts';

const [left, top, size] = [40, 8, 240];
const [width, height] = [290, 286];

export const unitX = (value: number): number => left + value * size;
export const unitY = (value: number): number => top + (1 - value) * size;

/** The values at a place of the view box: the inverse of the two above. */
export function unitValues(x: number, y: number): readonly [x: number, y: number] {
  return [(x - left) / size, 1 - (y - top) / size];
}

interface Axes {
  readonly x: string;
  readonly y: string;
  readonly label: string;
}

function unitPlot({ x, y, label }: Axes, inside: readonly Mark[]): Plot {
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((tick) => [
    line(unitX(tick), unitY(0), unitX(tick), unitY(1), 'grid'),
    line(unitX(0), unitY(tick), unitX(1), unitY(tick), 'grid'),
    text(unitX(tick), unitY(0) + 14, String(tick), 'tick', 'middle'),
    text(unitX(0) - 6, unitY(tick) + 3.5, String(tick), 'tick', 'end'),
  ]);
  const names = [
    text(unitX(0.5), unitY(0) + 31, x, 'axis', 'middle'),
    { ...text(10, unitY(0.5), y, 'axis', 'middle'), turn: -90 } as Mark,
  ];
  return { width, height, label, marks: [...grid, ...names, ...inside] };
}

const diagonal = line(unitX(0), unitY(0), unitX(1), unitY(1), 'chance');

/** One curve in the unit square. */
export interface Curve {
  readonly name: string;
  readonly style: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface CurveAxes extends Axes {
  /** Whether the diagonal is drawn: what a guess gives. */
  readonly diagonal: boolean;
}

/** Curves over one another, in their order; @param point marked on the last one */
export function curvePlot(
  curves: readonly Curve[],
  axes: CurveAxes,
  point: readonly [number, number] | null = null,
): Plot {
  const lines = curves
    .filter(({ points }) => points.length > 0)
    .map(({ name, style, points }): Mark => ({
      shape: 'polyline',
      style: `curve ${style}`,
      title: name,
      points: points.map(([x, y]) => [unitX(x), unitY(y)]),
    }));
  const marked: Mark[] =
    point === null
      ? []
      : [{ shape: 'circle', style: 'point', cx: unitX(point[0]), cy: unitY(point[1]), r: 4.5 }];
  return unitPlot(axes, [...(axes.diagonal ? [diagonal] : []), ...lines, ...marked]);
}

/** A bin of answers of similar confidence; `accuracy` and `confidence` are null where it is empty. */
interface Bin {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
  readonly confidence: number | null;
  readonly accuracy: number | null;
}

/** Bars of accuracy over confidence, as wide as their bins and as opaque as they are well filled. */
export function reliabilityPlot(bins: readonly Bin[], label: string, title: (bin: Bin) => string): Plot {
  const filled = bins.filter(({ weight }) => weight > 0);
  const most = Math.max(1, ...filled.map(({ weight }) => weight));
  const bars = filled.map((bin): Mark => {
    const share = bin.accuracy ?? 0;
    return {
      shape: 'rect',
      style: 'bar open',
      title: title(bin),
      opacity: 0.3 + (0.7 * bin.weight) / most,
      x: unitX(bin.from) + 1,
      y: unitY(share),
      width: Math.max(0, unitX(bin.to) - unitX(bin.from) - 2),
      // A bin of which nothing is right stays visible.
      height: Math.max(1, unitY(0) - unitY(share)),
    };
  });
  const dots = filled.map(({ confidence, accuracy }): Mark => {
    return { shape: 'circle', style: 'dot', cx: unitX(confidence ?? 0), cy: unitY(accuracy ?? 0), r: 3 };
  });
  const axes = { x: 'largest probability', y: 'share right', label };
  return unitPlot(axes, [...bars, diagonal, ...dots]);
}
