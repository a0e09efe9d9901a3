// A plot as data: marks at places of a view box, each with a style name that a style sheet knows. The page draws the
// marks with Svelte (renderer/charts/Plot.svelte), the report writes them as text (main/reports/svg.ts); where each mark
// lies is decided in this room alone. Pure.

/** What every mark may have. */
interface Look {
  /** Names of styles, separated by blanks; colours and widths are the style sheet's. */
  readonly style: string;
  /** Shown under the pointer. */
  readonly title?: string;
  /** 0 to 1. */
  readonly opacity?: number;
}

type Place = readonly [x: number, y: number];

export type Mark =
  | (Look & {
      readonly shape: 'line';
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
    })
  | (Look & {
      readonly shape: 'rect';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
    })
  | (Look & { readonly shape: 'circle'; readonly cx: number; readonly cy: number; readonly r: number })
  | (Look & { readonly shape: 'polyline' | 'polygon'; readonly points: readonly Place[] })
  | (Look & {
      readonly shape: 'text';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly anchor: 'start' | 'middle' | 'end';
      /** Degrees about its place. */
      readonly turn?: number;
    });

export interface Plot {
  /** Of the view box. */
  readonly width: number;
  readonly height: number;
  /** What the drawing shows, for those who do not see it. */
  readonly label: string;
  readonly marks: readonly Mark[];
}

export function line(x1: number, y1: number, x2: number, y2: number, style: string): Mark {
  return { shape: 'line', x1, y1, x2, y2, style };
}

export function text(
  x: number,
  y: number,
  content: string,
  style: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
): Mark {
  return { shape: 'text', x, y, text: content, style, anchor };
}

/** Coordinates with one decimal: finer than any screen shows at these sizes. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The `points` attribute of a line. */
export function pointsText(points: readonly Place[]): string {
  return points.map(([x, y]) => `${rounded(x)},${rounded(y)}`).join(' ');
}
