// A share against the angle of the picture, with its intervals as bands. Pure.
import { line, text, type Mark, type Plot } from './plot.ts';

const [top, bottom, left, right, height] = [10, 40, 44, 14, 210];

/** Distances of the ticks, so that the axis ends soon above what is drawn. */
const steps = [0.02, 0.05, 0.1, 0.2, 0.25] as const;

export interface AnglePoint {
  /** Degrees. */
  readonly angle: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Shown under the pointer; the point has no mark without it. */
  readonly title: string | null;
}

export interface AngleSeries {
  readonly style: string;
  /** By rising angle, without 0° and 360°: there nothing differs. */
  readonly points: readonly AnglePoint[];
}

const placeX =
  (width: number) =>
  (angle: number): number =>
    left + (angle / 360) * (width - left - right);

/** The angle at a place of a plot of this width. */
export function angleAt(x: number, width: number): number {
  return ((x - left) / (width - left - right)) * 360;
}

/** The series over one another, the last one on top. @param width of the view box: its height stays */
export function anglePlot(series: readonly AngleSeries[], width: number, label: string): Plot {
  const most = Math.max(0.04, ...series.flatMap(({ points }) => points.map(({ high }) => high)));
  const step = steps.find((one) => one * 5 >= most) ?? 0.25;
  const end = Math.min(1, Math.ceil(most / step - 1e-9) * step);
  const x = placeX(width);
  const y = (value: number): number => top + (1 - value / end) * (height - top - bottom);
  const shares = Array.from({ length: Math.round(end / step) + 1 }, (_, index) => index * step);
  const angles = width < 340 ? [0, 90, 180, 270, 360] : [0, 45, 90, 135, 180, 225, 270, 315, 360];
  const axes: Mark[] = [
    ...shares.flatMap((tick) => [
      line(left, y(tick), width - right, y(tick), 'grid'),
      text(left - 7, y(tick) + 3.5, `${(100 * tick).toFixed(0)}%`, 'tick', 'end'),
    ]),
    ...angles.flatMap((tick) => [
      line(x(tick), top, x(tick), y(0), 'grid'),
      text(x(tick), y(0) + 15, `${tick}°`, 'tick', 'middle'),
    ]),
    text((left + width - right) / 2, height - 6, 'angle of the picture', 'axis', 'middle'),
  ];
  const drawn = series.flatMap(({ style, points }): Mark[] => {
    const along = (value: (point: AnglePoint) => number) =>
      points.map((point) => [x(point.angle), y(value(point))] as const);
    const [start, finish] = [[x(0), y(0)] as const, [x(360), y(0)] as const];
    const radius = points.length > 60 ? 2 : points.length > 24 ? 3 : 4;
    return [
      {
        shape: 'polygon',
        style: `band ${style}`,
        points: [start, ...along(({ high }) => high), finish, ...along(({ low }) => low).reverse()],
      },
      { shape: 'polyline', style: `curve ${style}`, points: [start, ...along(({ value }) => value), finish] },
      ...points.flatMap(({ angle, value, title }): Mark[] =>
        title === null
          ? []
          : [
              {
                shape: 'circle',
                style: `point ${style}${value === 0 ? '' : ' open'}`,
                title,
                cx: x(angle),
                cy: y(value),
                r: radius,
              },
            ],
      ),
    ];
  });
  return { width, height, label, marks: [...axes, ...drawn] };
}
