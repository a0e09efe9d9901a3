// Thresholds of prediction sets: class-conditional conformal prediction. Of the held-back images of a class at most a
// share of 1 - level lies below its threshold, so a new image of the class is covered with probability at least `level`,
// as far as it is drawn like them. Source: Vovk 2012, "Conditional validity of inductive conformal predictors"
// (label-conditional). Pure.

/**
 * @param probabilities [N][K] calibrated, with the balanced prior
 * @param labels [N]
 * @param level in percent
 * @returns [K]; 0 where a class has too few images to leave any out, so that it stands in every set
 */
export function conformalThresholds(
  probabilities: readonly (readonly number[])[],
  labels: readonly number[],
  classes: number,
  level: number,
): number[] {
  return Array.from({ length: classes }, (_, k) => {
    const own = probabilities
      .flatMap((row, image) => (labels[image] === k ? [row[k]!] : []))
      .sort((a, b) => a - b);
    // The new image is one more: of n + 1 it is among the lowest m with probability m / (n + 1).
    const lowest = Math.floor(((100 - level) * (own.length + 1)) / 100 + 1e-9);
    return lowest === 0 ? 0 : own[lowest - 1]!;
  });
}
