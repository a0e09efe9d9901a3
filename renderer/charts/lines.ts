// What LineChart draws, as data: lines, axes and a named place. Pure.

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A token of styles/tokens.css. */
  readonly colour: `--${string}`;
  /** Lengths of dashes and gaps in pixels; empty for a solid line. */
  readonly dash: readonly number[];
  /** Places on the x axis whose points stand out. */
  readonly marked?: ReadonlySet<number>;
  readonly thin?: boolean;
  /** False for a line without points, e.g. one value to compare with. */
  readonly dots?: boolean;
}

export interface Axis {
  /** Put before its values where one is told by itself, e.g. `Round`. */
  readonly name?: string;
  readonly format: (value: number) => string;
  /** Ends that hold; without them the axis holds what is drawn. */
  readonly min?: number;
  readonly max?: number;
  /** Ends that the axis reaches at least. */
  readonly suggested?: readonly [low: number, high: number];
  readonly step?: number;
  /** Whether there is nothing between whole numbers. */
  readonly whole?: boolean;
  readonly grid?: boolean;
  /** Pixels that the axis takes (y) or leaves at its end (x), where something else must stand in line with it. */
  readonly room?: number;
}

export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly words: string;
}

/** The ends of an axis that spans at least so much, with the values in its middle: rounding must not look like a change. */
export function spanned(
  values: readonly number[],
  { span, floor, ceiling }: { readonly span: number; readonly floor: number; readonly ceiling: number },
): readonly [low: number, high: number] {
  const [least, most] = values.length === 0 ? [0, 0] : [Math.min(...values), Math.max(...values)];
  const add = Math.max(0, span - (most - least)) / 2;
  const low = Math.max(floor, Math.min(least - add, ceiling - span));
  return [low, Math.min(ceiling, Math.max(most + add, low + span))];
}
