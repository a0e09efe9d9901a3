// A model's calibration from what it answered on held-back images. Pure.
import {
  setLevels,
  type Calibration,
  type MethodCalibration,
  type SetLevel,
} from '../contract/calibration.ts';
import { balanced, calibratedProbabilities } from './apply.ts';
import { conformalThresholds } from './conformal.ts';
import { fitCalibration } from './fit.ts';

/** What one method answered: logits [N][K] by image. */
export type AnswersByMethod = ReadonlyMap<string, readonly (readonly number[])[]>;

/** Shares of classes, none of them 0: a class without images counts as half of one. */
export function sharesOf(labels: readonly number[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]!++;
  const weights = counts.map((count) => Math.max(count, 0.5));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * @param answers by method and level, such as "lambda/feature"
 * @param labels [N] classes of the held-back images
 * @param trainingShares [K]
 * @returns everything but the id, which is a hash
 */
export function calibrate(
  answers: AnswersByMethod,
  labels: readonly number[],
  trainingShares: readonly number[],
): Omit<Calibration, 'id'> {
  const classes = trainingShares.length;
  const prior = sharesOf(labels, classes);
  const methods = [...answers].map(([name, logits]): [string, MethodCalibration] => {
    const fit = fitCalibration(logits, labels, prior);
    const even = logits.map((row) => calibratedProbabilities(row, fit, balanced(classes)));
    const at = (level: SetLevel) => conformalThresholds(even, labels, classes, level);
    const [first, second, third] = setLevels;
    return [
      name,
      {
        temperature: fit.temperature,
        bias: fit.bias,
        thresholds: { [first]: at(first), [second]: at(second), [third]: at(third) },
      },
    ];
  });
  const images = new Array<number>(classes).fill(0);
  for (const label of labels) images[label]!++;
  return { images, trainingShares: [...trainingShares], methods: Object.fromEntries(methods) };
}
