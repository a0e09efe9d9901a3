// The inscribed circle of a square picture: what of it is seen at every angle, and the ring that gives its surround a
// colour. Pure.

/** Width of the ring along the circle, in pixels. */
const rimWidth = 3;

export interface Disc {
  /** Places (row-major) beyond the circle. */
  readonly outside: Int32Array;
  /** Places just inside the circle: the same set for the picture and its quarter turns, exactly. */
  readonly rim: Int32Array;
}

const known = new Map<number, Disc>();

/** @param size side of the square in pixels */
export function discOf(size: number): Disc {
  const found = known.get(size);
  if (found) return found;
  const [centre, radius] = [(size - 1) / 2, size / 2];
  const [outside, rim]: [number[], number[]] = [[], []];
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const distance = Math.hypot(row - centre, column - centre);
      if (distance > radius) outside.push(row * size + column);
      else if (distance > radius - rimWidth) rim.push(row * size + column);
    }
  }
  const disc = { outside: Int32Array.from(outside), rim: Int32Array.from(rim) };
  known.set(size, disc);
  return disc;
}
