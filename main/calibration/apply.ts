// From logits to probabilities and prediction sets, by a model's calibration. Functions of the logits alone, so nothing of
// the invariance is lost. METHODS.md, "Probabilities that mean something". Pure.
import { DermOrbitError } from '../contract/errors.ts';
import type {
  Calibration,
  MethodCalibration,
  PredictionSet,
  PriorChoice,
  SetLevel,
} from '../contract/calibration.ts';
import type { Settings } from '../contract/settings.ts';
import { softmax } from '../equivariance/logits.ts';

/** The calibration of a method; null where the model brings none for it, as on its own logits before. */
export function calibrationOf(
  calibration: Calibration | null,
  { method, level }: Pick<Settings, 'method' | 'level'>,
): MethodCalibration | null {
  return calibration?.methods[`${method}/${level}`] ?? null;
}

/** Logits of probabilities that were averaged: their logarithms, which have the same softmax. */
export function logitsOf(probabilities: readonly number[]): number[] {
  return probabilities.map((value) => Math.log(Math.max(value, Number.MIN_VALUE)));
}

/**
 * (z + b) / t + log prior, whose softmax are the probabilities.
 * @param prior [K] shares; a class of share 0 gets probability 0
 */
export function calibratedLogits(
  logits: readonly number[],
  { temperature, bias }: { readonly temperature: number; readonly bias: readonly number[] },
  prior: readonly number[],
): number[] {
  return logits.map((z, k) => (z + bias[k]!) / temperature + Math.log(Math.max(prior[k]!, 1e-300)));
}

/** {@link calibratedLogits} as probabilities. */
export function calibratedProbabilities(...of: Parameters<typeof calibratedLogits>): number[] {
  return softmax(calibratedLogits(...of));
}

/** Shares of 1 that are not quite 1 when they are added up are meant as 1. */
const tolerance = 1e-3;

/**
 * The shares of a prior, [K] in the order of the classes.
 * @param chosen a name, or shares by class code that a person gave
 * @throws DermOrbitError PRIOR_INVALID: no share for a class, one for no class, negative, or not 1 together;
 *   PRIOR_UNKNOWN: `training` of a model whose training shares nobody knows
 */
export function priorShares(
  chosen: PriorChoice,
  classes: readonly string[],
  calibration: Calibration | null,
): readonly number[] {
  if (chosen === 'balanced') return balanced(classes.length);
  if (chosen === 'training') {
    if (calibration) return calibration.trainingShares;
    throw new DermOrbitError(
      'PRIOR_UNKNOWN',
      'The model does not say how common its classes were in training.',
    );
  }
  const stranger = Object.keys(chosen).find((code) => !classes.includes(code));
  if (stranger !== undefined) throw invalid(`The model has no class ${stranger}.`);
  const shares = classes.map((code) => {
    const share = chosen[code];
    if (share === undefined) throw invalid(`There is no share for ${code}.`);
    if (!(share >= 0 && share <= 1))
      throw invalid(`The share of ${code} is ${share}, not a number from 0 to 1.`);
    return share;
  });
  const sum = shares.reduce((total, share) => total + share, 0);
  if (Math.abs(sum - 1) > tolerance) throw invalid(`The shares are ${sum.toFixed(3)} together, not 1.`);
  return shares.map((share) => share / sum);
}

const invalid = (message: string) => new DermOrbitError('PRIOR_INVALID', message);

/**
 * The classes whose probability reaches their threshold, by falling probability. Always by the balanced prior: coverage is
 * promised class by class, whatever is common.
 */
export function predictionSet(
  logits: readonly number[],
  method: MethodCalibration,
  classes: readonly string[],
  level: SetLevel,
): PredictionSet {
  const probabilities = calibratedProbabilities(logits, method, balanced(classes.length));
  const thresholds = method.thresholds[level];
  return {
    level,
    classes: classes
      .map((code, k) => ({ code, probability: probabilities[k]!, least: thresholds[k]! }))
      .filter(({ probability, least }) => probability >= least)
      .sort((a, b) => b.probability - a.probability)
      .map(({ code }) => code),
  };
}

/** Shares of classes that are all alike. */
export const balanced = (classes: number): number[] => new Array<number>(classes).fill(1 / classes);
