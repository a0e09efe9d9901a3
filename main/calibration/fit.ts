// Temperature and class biases, fitted so that probabilities are frequencies on held-back images.
// With a = 1 / t and c = b / t the calibrated logits a z + c + log prior are linear in what is fitted, so the log loss is
// convex and Newton's method finds its minimum. Sources: Guo et al. 2017 (temperature; with biases their "vector scaling"
// with one scale); Alexandari et al. 2020 (bias-corrected temperature scaling). Pure.

/** What is fitted: softmax((z + bias) / temperature + log prior). */
export interface Fit {
  readonly temperature: number;
  /** [K]; their sum is near 0. */
  readonly bias: number[];
}

/**
 * Weights of the pull towards a = 1 and c = 0, in squared units: with few images of a class its bias stays small, and with
 * none it is 0.
 */
const pull = { scale: 0.01, shift: 1 } as const;

/** Smallest a that is left: a model whose logits say nothing is answered by the prior, not by their opposite. */
const smallestScale = 0.01;

/**
 * @param logits [N][K] of each image
 * @param labels [N] classes
 * @param prior [K] shares of the images that are fitted on; all above 0
 * @throws RangeError where there are no images, or numbers that are not finite
 */
export function fitCalibration(
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  prior: readonly number[],
): Fit {
  if (logits.length === 0 || logits.length !== labels.length) throw new RangeError('no images to fit on');
  if (!logits.every((row) => row.every(Number.isFinite))) throw new RangeError('logits must be finite');
  const classes = prior.length;
  const logPrior = prior.map((share) => Math.log(share));
  let parameters = [1, ...new Array<number>(classes).fill(0)];
  let loss = lossOf(parameters, logits, labels, logPrior);
  for (let step = 0; step < 100; step++) {
    const { gradient, hessian } = derivatives(parameters, logits, labels, logPrior);
    const direction = solve(hessian, gradient);
    // Halved until the loss falls: far from the minimum a whole step may go too far.
    let [moved, next, size] = [parameters, loss, 1];
    for (; size > 1e-6; size /= 2) {
      moved = parameters.map((value, index) => value - size * direction[index]!);
      moved[0] = Math.max(smallestScale, moved[0]!);
      next = lossOf(moved, logits, labels, logPrior);
      if (next < loss) break;
    }
    const gain = loss - next;
    if (!(gain > 0)) break;
    [parameters, loss] = [moved, next];
    if (gain < 1e-12 * Math.abs(loss)) break;
  }
  const [scale, ...shifts] = parameters as [number, ...number[]];
  return { temperature: 1 / scale, bias: shifts.map((shift) => shift / scale) };
}

/** softmax(a z + c + log prior). */
function answer(
  parameters: readonly number[],
  row: readonly number[],
  logPrior: readonly number[],
): number[] {
  const scores = row.map((z, k) => parameters[0]! * z + parameters[k + 1]! + logPrior[k]!);
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function lossOf(
  parameters: readonly number[],
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  logPrior: readonly number[],
): number {
  const [scale, ...shifts] = parameters as [number, ...number[]];
  const towards = pull.scale * (scale - 1) ** 2 + pull.shift * shifts.reduce((sum, c) => sum + c * c, 0);
  return logits.reduce(
    (sum, row, image) =>
      sum - Math.log(Math.max(answer(parameters, row, logPrior)[labels[image]!]!, Number.MIN_VALUE)),
    towards / 2,
  );
}

function derivatives(
  parameters: readonly number[],
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  logPrior: readonly number[],
): { gradient: number[]; hessian: number[][] } {
  const size = parameters.length;
  const gradient = parameters.map((value, index) =>
    index === 0 ? pull.scale * (value - 1) : pull.shift * value,
  );
  const hessian = Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_one, column) =>
      row !== column ? 0 : row === 0 ? pull.scale : pull.shift,
    ),
  );
  for (const [image, row] of logits.entries()) {
    const p = answer(parameters, row, logPrior);
    const mean = row.reduce((sum, z, k) => sum + p[k]! * z, 0);
    row.forEach((z, k) => {
      const miss = p[k]! - (k === labels[image] ? 1 : 0);
      gradient[0]! += miss * z;
      gradient[k + 1]! += miss;
      hessian[0]![0]! += p[k]! * (z - mean) ** 2;
      const mixed = p[k]! * (z - mean);
      hessian[0]![k + 1]! += mixed;
      hessian[k + 1]![0]! += mixed;
      row.forEach((_, other) => {
        hessian[k + 1]![other + 1]! += k === other ? p[k]! * (1 - p[k]!) : -p[k]! * p[other]!;
      });
    });
  }
  return { gradient, hessian };
}

/** Gauss's elimination with pivots; the pull makes the matrix positive definite. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length;
  const rows = matrix.map((row, index) => [...row, right[index]!]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let row = column + 1; row < size; row++) {
      const factor = rows[row]![column]! / rows[column]![column]!;
      for (let at = column; at <= size; at++) rows[row]![at]! -= factor * rows[column]![at]!;
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row--) {
    const known = solution.reduce((sum, value, at) => (at > row ? sum + rows[row]![at]! * value : sum), 0);
    solution[row] = (rows[row]![size]! - known) / rows[row]![row]!;
  }
  return solution;
}
