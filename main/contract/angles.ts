// Free angles, as the turn test and evaluations ask for them. Depends on nothing.

/** The angles of a full turn in steps: 0, step, 2 step, ... below 360. @param step degrees, above 0 */
export function freeAngles(step: number): number[] {
  // Not one more for a step that does not divide 360 exactly in binary.
  return Array.from({ length: Math.ceil(360 / step - 1e-9) }, (_, place) => place * step);
}
