// Light wanders sideways in skin, so what lies deep looks blurred: a blur by two box passes per direction.
// May depend on nothing.

/**
 * Blurs a plane in place.
 * @param radius of each box, whole pixels; 0 leaves the plane as it is.
 */
export function scatter(plane: Float32Array, width: number, height: number, radius: number): void {
  if (radius <= 0) return;
  const line = new Float64Array(Math.max(width, height));
  for (let pass = 0; pass < 2; pass++) {
    for (let row = 0; row < height; row++) boxBlur(plane, row * width, 1, width, radius, line);
    for (let column = 0; column < width; column++) boxBlur(plane, column, width, height, radius, line);
  }
}

/** Replaces `count` values, `stride` apart, by their running means; the ends are repeated outwards. */
function boxBlur(
  plane: Float32Array,
  start: number,
  stride: number,
  count: number,
  radius: number,
  line: Float64Array,
): void {
  for (let index = 0; index < count; index++) line[index] = plane[start + index * stride]!;
  const last = count - 1;
  const share = 1 / (2 * radius + 1);
  let sum = 0;
  for (let index = -radius; index <= radius; index++) sum += line[Math.max(0, Math.min(last, index))]!;
  for (let index = 0; index < count; index++) {
    plane[start + index * stride] = sum * share;
    sum += line[Math.min(last, index + radius + 1)]! - line[Math.max(0, index - radius)]!;
  }
}
