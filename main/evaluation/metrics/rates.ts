// Figures of a 2 x 2 table of weights: one class against the others. NaN where the denominator is 0. Pure.

/** Weights of a yes-no decision against the truth. */
export interface BinaryCounts {
  readonly truePositives: number;
  readonly trueNegatives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
}

/** Formulas by name; each is NaN where it divides by nothing. */
export const rates = {
  accuracy: ({ truePositives: tp, trueNegatives: tn, falsePositives: fp, falseNegatives: fn }) =>
    (tp + tn) / (tp + tn + fp + fn),
  sensitivity: ({ truePositives: tp, falseNegatives: fn }) => tp / (tp + fn),
  specificity: ({ trueNegatives: tn, falsePositives: fp }) => tn / (tn + fp),
  dice: ({ truePositives: tp, falsePositives: fp, falseNegatives: fn }) => (2 * tp) / (2 * tp + fp + fn),
  ppv: ({ truePositives: tp, falsePositives: fp }) => tp / (tp + fp),
  npv: ({ trueNegatives: tn, falseNegatives: fn }) => tn / (tn + fn),
} as const satisfies Record<string, (counts: BinaryCounts) => number>;

export const rateNames = Object.keys(rates) as (keyof typeof rates)[];
