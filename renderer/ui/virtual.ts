// Which rows of a long list are in sight, and where the keyboard takes the choice. Pure.

export interface VirtualWindow {
  /** Index of the first row to draw. */
  readonly first: number;
  /** Index after the last row to draw. */
  readonly end: number;
  /** Height of the whole list in pixels. */
  readonly height: number;
}

/** The rows in sight of a list of equal rows, with `overscan` more on either side. Lengths in pixels. */
export function virtualWindow(list: {
  readonly scrollTop: number;
  readonly viewport: number;
  readonly rowHeight: number;
  readonly rows: number;
  readonly overscan: number;
}): VirtualWindow {
  const { scrollTop, viewport, rowHeight, rows, overscan } = list;
  const height = rows * rowHeight;
  // A list that became shorter while scrolled down still reports its old scrollTop for one frame.
  const top = Math.min(Math.max(0, scrollTop), Math.max(0, height - viewport));
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const end = Math.min(rows, Math.ceil((top + viewport) / rowHeight) + overscan);
  return { first, end, height };
}

/** Where to scroll so that a row is wholly in sight; the same position if it already is. */
export function scrollToRow(list: {
  readonly row: number;
  readonly scrollTop: number;
  readonly viewport: number;
  readonly rowHeight: number;
}): number {
  const { row, scrollTop, viewport, rowHeight } = list;
  if (row * rowHeight < scrollTop) return row * rowHeight;
  return Math.max(scrollTop, (row + 1) * rowHeight - viewport);
}

/**
 * The index that a key moves to in a list of `length` items, or null if the key does not move. `page` is the
 * number of rows that PageUp and PageDown jump.
 */
export function moveIndex(key: string, index: number, length: number, page: number): number | null {
  if (length === 0) return null;
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + page,
    PageUp: index - page,
    Home: 0,
    End: length - 1,
  };
  const target = moves[key];
  return target === undefined ? null : Math.min(Math.max(0, target), length - 1);
}
